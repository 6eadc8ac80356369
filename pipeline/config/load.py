"""The config of a run: a TOML file, checked whole before anything is computed."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import ValidationError

from likelihoods.reading import find_table, measurement_names
from pipeline.config.errors import Complaint, complaints_of, raise_complaints
from pipeline.config.models import (
    RESOLVED_FROM,
    Config,
    Convergence,
    Covariance,
    DataSet,
    Discrepancy,
    Modulation,
    Sampling,
)
from priors.sets import prior_set_names, prior_set_path
from transport.checkout import ROOT
from transport.errors import CrtuneError
from transport.scenario import scenario_class, scenario_names
from transport.scenario_sources import is_path
from transport.suggest import suggest
from transport.user_files import parse_toml, read_text, user_path

__all__ = [
    "Config",
    "Convergence",
    "Covariance",
    "DataSet",
    "Discrepancy",
    "Modulation",
    "Sampling",
    "config_from_mapping",
    "config_from_toml",
    "config_path",
    "load_config",
    "with_overrides",
    "with_sections",
]

RUNS = ROOT / "runs"


def config_path(folder: Path) -> Path:
    """The config of a run's folder: beside it, its name and ``.toml``, dots in the name kept."""
    return folder.with_name(f"{folder.name}.toml")


def how_to_start(folder: Path) -> str:
    """The remedy where a folder holds no chains."""
    config = config_path(folder if folder.name else Path(os.path.abspath(folder)))
    if config.is_file():
        return f"run scripts/run_mcmc.py {config} first"
    return f"is it the folder of a run? A run's config stands beside it, and {config} is not there"


def run_name(folder: str | Path) -> str:
    """What a run is called: its folder as it was given, also where that is a link."""
    return os.path.basename(os.path.abspath(folder))


def load_config(path: str | Path) -> Config:
    """Read and check a config.

    Raises
    ------
    CrtuneError: listing every problem with file, key, value and what would be right
    """
    path = user_path(path)
    if path.is_dir():
        beside = config_path(path if path.name else Path(os.path.abspath(path)))
        absent = f"name a config; there is no {beside}"
        remedy = f"give {beside}" if beside.is_file() else absent
        raise CrtuneError(f"config {path} is a folder, not a TOML file; {remedy}")
    try:
        text = read_text(path, "config")
    except FileNotFoundError:
        folder = path.parent if path.parent.is_dir() else RUNS
        known = [str(p) for p in sorted(folder.glob("*.toml"))]
        raise CrtuneError(f"config {path} does not exist{suggest(str(path), known)}") from None
    return config_from_toml(text, path)


def config_from_toml(text: str, path: str | Path | None = None, where: str | None = None) -> Config:
    """Check the text of a config, for example the one stored with a chain.

    Parameters
    ----------
    path : file that it is or was read from: it names the run, and paths in it are relative to it
    where : what to call it in messages, by default the path

    Raises
    ------
    CrtuneError: as `load_config`
    """
    where = where or str(path or "config")
    content = parse_toml(text, where)
    if text.startswith(RESOLVED_FROM) and path:
        before = Path(text.partition("\n")[0].removeprefix(RESOLVED_FROM)).parent
        _take_along(content, before, Path(path).parent.resolve())
    return _validate(content, Path(path) if path else None, where)


def _take_along(content: dict, before: Path, now: Path) -> None:
    """Files beside the config or below, where they are after config and run have been moved."""

    def moved(text):
        old = Path(text) if isinstance(text, str) else Path()
        new = now / old.relative_to(before) if old.is_relative_to(before) else old
        return str(new) if new.is_absolute() and new.is_file() else text

    data = content.get("data")
    tables = [t for t in data.values() if isinstance(t, dict)] if isinstance(data, dict) else []
    for table, keys in ((content, ("scenario", "priors")), *((t, ("table",)) for t in tables)):
        table.update({key: moved(table[key]) for key in keys if key in table})


def config_from_mapping(content: Mapping, path: str | Path | None = None) -> Config:
    """Check a config that is given as a dictionary with the keys of a file.

    Parameters
    ----------
    path : file that stands for it: it names the run, and paths in the config are relative to it

    Raises
    ------
    CrtuneError: as `load_config`
    """
    return _validate(content, Path(path) if path else None, str(path or "config"))


def with_overrides(config: Config, assignments: Iterable[str]) -> Config:
    """The config with ``section.key=value`` assignments applied and checked again.

    Values are TOML (``32``, ``true``, ``[1, 2]``); anything else is taken as a string.

    Raises
    ------
    CrtuneError: as `load_config`, or an assignment that is not of this form
    """
    assignments = list(assignments)
    content = config.model_dump(exclude_none=True)
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        parts = [part.strip() for part in key.split(".")]
        if not equals or not all(parts):
            raise CrtuneError(
                f"--set {assignment}: should be section.key=value, e.g. sampling.walkers=32"
            )
        table = content
        for part in parts[:-1]:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise CrtuneError(f"--set {assignment}: {part} is a value, not a section")
        table[parts[-1]] = _parse_value(value.strip())
    if not assignments:
        return config
    where = f"{config.path or 'config'} with " + " ".join(f"--set {a}" for a in assignments)
    return _validate(content, config.path, where)


def with_sections(config: Config, **sections) -> Config:
    """The config with whole top-level keys replaced and everything checked again.

    Raises
    ------
    CrtuneError: as `load_config`
    """
    content = config.model_dump(exclude_none=True) | sections
    return _validate(content, config.path, str(config.path or "config"))


def _parse_value(text):
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except (ValueError, RecursionError):
        return text


def _validate(content: Mapping, path: Path | None, where: str) -> Config:
    try:
        config = Config.model_validate(content)
    except ValidationError as error:
        # Names are checked too: people want to hear of all mistakes at once.
        raise_complaints(where, [*complaints_of(error, Config), *_unknown_names(content, path)])
    raise_complaints(where, _unknown_names(content, path))
    folder = path.parent if path else None
    config = _with_absolute_paths(config, folder)
    config._path = path
    return config


def _unknown_names(content: Mapping, path: Path | None) -> list[Complaint]:
    """Scenarios, prior sets, tables and members of groups that do not exist."""
    problems = []
    scenario, data = content.get("scenario"), content.get("data")
    folder = path.parent if path else None
    if isinstance(scenario, str):
        problems += _bad_scenario(scenario, folder)
    priors = content.get("priors", "plausible")
    if isinstance(priors, str):
        try:
            prior_set_path(priors, folder)
        except CrtuneError as error:
            problems.append(Complaint("priors", priors, str(error)))
    if not isinstance(data, Mapping):
        return problems
    for name, entry in data.items():
        table = entry.get("table") if isinstance(entry, Mapping) else None
        table = table if isinstance(table, str) else None
        try:
            find_table(user_path(table, folder) if _is_path(table) else table or name)
        except CrtuneError as error:
            near = suggest(name, measurement_names())
            remedy = f"unknown data set{near}; see data/, or give its table = PATH"
            key = f"data.{name}"
            problems.append(
                Complaint(f"{key}.table", table, str(error))
                if table
                else Complaint(key, None, remedy)
            )
    if data and all(isinstance(e, Mapping) and e.get("holdout") is True for e in data.values()):
        remedy = "every data set is held out, nothing is fitted; drop holdout = true of one"
        problems.append(Complaint("data", None, remedy))
    groups = [_bad_groups(content, section, data) for section in ("discrepancy", "modulation")]
    return [*problems, *(complaint for found in groups for complaint in found)]


def _bad_scenario(scenario: str, folder: Path | None) -> list[Complaint]:
    try:
        scenario_class(_scenario_reference(scenario, folder))
    except CrtuneError as error:
        return [Complaint("scenario", scenario, str(error))]
    except ValueError:
        known = scenario_names()
        remedy = f"unknown scenario{suggest(scenario, known)}; known: {', '.join(known)}"
        return [Complaint("scenario", scenario, f"{remedy}, or the path of a Python file")]
    return []


def _bad_groups(content, section, data) -> list[Complaint]:
    table = content.get(section)
    groups = table.get("groups") if isinstance(table, Mapping) else None
    if not isinstance(groups, Mapping):
        return []
    problems, owner = [], {}
    for group, members in groups.items():
        for name in members if isinstance(members, list) else []:
            if not isinstance(name, str):
                continue
            key = f"{section}.groups.{group}"
            if name not in data:
                near = suggest(name, data)
                problems.append(Complaint(key, name, f"is no data set of this run{near}"))
            elif owner.setdefault(name, group) != group:
                problems.append(Complaint(key, name, f"is already in the group {owner[name]}"))
    return problems


def _scenario_reference(scenario: str, folder: Path | None) -> str:
    if not is_path(scenario):
        return scenario
    return str(user_path(scenario, folder).resolve())


def _is_path(table: str | None) -> bool:
    return table is not None and (table.endswith(".ecsv") or "/" in table)


def _with_absolute_paths(config: Config, folder: Path | None) -> Config:
    """Paths are relative to the file; the resolved config must work from anywhere."""
    priors, data = config.priors, dict(config.data)
    if priors not in prior_set_names():
        priors = str(prior_set_path(priors, folder).resolve())
    for name, entry in data.items():
        if entry.table and _is_path(entry.table):
            table = str(user_path(entry.table, folder).resolve())
            data[name] = entry.model_copy(update={"table": table})
    scenario = _scenario_reference(config.scenario, folder)
    return config.model_copy(update={"scenario": scenario, "priors": priors, "data": data})
