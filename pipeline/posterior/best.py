"""The best point of a run as a small TOML file, and a scenario made of it again."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.config.load import config_from_toml, config_path
from pipeline.config.toml import to_toml
from pipeline.files import replacing
from pipeline.posterior.load import Posterior
from pipeline.problem import Problem
from transport.errors import CrtuneError
from transport.scenario import Scenario, get_scenario
from transport.suggest import suggest

_HEAD = "# The draw of highest log-posterior"
_KEYS = ("scenario", "transport", "scenario_options", "values", "nuisances", "log_posterior",
         "log_prior", "log_likelihood", "verdict", "run")  # fmt: skip


@dataclass(frozen=True)
class Best:
    """What `write_best` keeps of a run.

    Attributes
    ----------
    scenario : with its options
    values : of its parameters, fixed ones too, in the units they declare
    nuisances : the same of what the data add: potentials in GV, amplitudes of the discrepancy
    """

    scenario: Scenario
    values: dict[str, float]
    nuisances: dict[str, float]

    @property
    def assignments(self) -> list[str]:
        """``name=value`` of every parameter of the scenario."""
        return [f"{name}={value!r}" for name, value in self.values.items()]


def best_values(posterior: Posterior, problem: Problem) -> dict[str, float]:
    """Values at the draw of highest log-posterior, those that are fixed too, in their units."""
    return {name: float(v[0]) for name, v in problem.values(posterior.best()).items()}


def write_best(posterior: Posterior, problem: Problem, path: str | Path, run: str = "") -> Path:
    """Write the best point; `read_best` and ``predict.py --from`` read it.

    Parameters
    ----------
    run : name to note in the file

    Raises
    ------
    CrtuneError: the file cannot be written, or is another one, such as the run's config
    """
    path, scenario = Path(path), problem.scenario
    values = best_values(posterior, problem)
    columns = problem.log_prob(posterior.best())[0]
    own = [p.name for p in scenario.parameters]
    folder = Path(posterior.provenance["files"][0]).parent
    config = config_from_toml(posterior.provenance["config"], config_path(folder))
    options = dict(config.scenario_options)
    transport = getattr(scenario, "transport_label", None)
    content = {
        "run": run,
        "verdict": posterior.verdict.label,
        "scenario": config.scenario,
        **({"transport": transport} if transport else {}),
        "log_posterior": float(columns[0]),
        "log_prior": float(columns[1]),
        "log_likelihood": float(columns[2:].sum()),
        **({"scenario_options": options} if options else {}),
        "values": {name: values[name] for name in own},
        "nuisances": {name: value for name, value in values.items() if name not in own},
    }
    head = (
        f"{_HEAD}, in the units of scripts/predict.py --list; no\n"
        "# estimate of anything by itself. scripts/predict.py --from reads it.\n"
    )
    with replacing(path, head=_HEAD) as draft:
        draft.write_text(head + to_toml(content), encoding="utf-8")
    return path


def read_best(path: str | Path) -> Best:
    """The scenario and the values of a file of `write_best`.

    Raises
    ------
    CrtuneError: unreadable, a key is missing or unknown, values that are not those of the scenario
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CrtuneError(
            f"{path}: cannot be read: {error.strerror}; scripts/summarize.py RUN --best FILE "
            "writes such a file"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CrtuneError(f"{path}: not valid TOML: {error}") from None
    for key in content:
        if key not in _KEYS:
            raise CrtuneError(
                f"{path}: unknown key {key!r}{suggest(key, _KEYS)}; known: {', '.join(_KEYS)}"
            )
    if not isinstance(content.get("scenario"), str):
        raise CrtuneError(f'{path}: scenario is missing; write scenario = "NAME"')
    try:
        scenario = get_scenario(content["scenario"], **_table(path, content, "scenario_options"))
    except (TypeError, ValueError) as error:
        raise CrtuneError(f"{path}: scenario: {error}") from None
    if content.get("transport"):
        scenario = scenario.with_transport(content["transport"])
    values = _numbers(path, content, "values")
    known = [p.name for p in scenario.parameters]
    for name in known:
        if name not in values:
            raise CrtuneError(f"{path}: values.{name} is missing: {scenario.name} has it")
    for name in values:
        if name not in known:
            raise CrtuneError(
                f"{path}: values.{name}: {scenario.name} has no parameter {name!r}"
                f"{suggest(name, known)}"
            )
    return Best(scenario, values, _numbers(path, content, "nuisances"))


def _table(path, content, key) -> dict:
    table = content.get(key, {})
    if not isinstance(table, dict):
        raise CrtuneError(f"{path}: {key} = {table!r} should be a section, [{key}]")
    return table


def _numbers(path, content, key) -> dict[str, float]:
    table = _table(path, content, key)
    for name, value in table.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and np.isfinite(value)):
            raise CrtuneError(f"{path}: {key}.{name} = {value!r} should be a finite number")
    return {name: float(value) for name, value in table.items()}
