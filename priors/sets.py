"""Named sets of priors, as TOML files.

A file has five kinds of entries::

    extends = "plausible"         # everything that is not here is as there: a name or a path
    [parameters]                  # any scenario's parameter of this name
    [scenario.two_phase]          # instead, for one scenario
    [constraints.two_phase]       # quantity = { below = 1.0 } | { above = .. } | { between = .. }
    [nuisance]                    # families phi, discrepancy; or one, such as discrepancy_bc;
                                  # nuclei_normalisation for absolute boron and carbon fluxes
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from priors.constraints import constraint_from_table
from priors.distributions import distribution_from_table
from priors.potentials import FAMILY, potential_from_table
from priors.prior_set import NUISANCE_FAMILIES, PriorSet, is_nuisance
from transport.errors import CrtuneError
from transport.suggest import suggest
from transport.user_files import parse_toml, read_text, user_path

FOLDER = Path(__file__).parent
SECTIONS = ("parameters", "scenario", "constraints", "nuisance")
REMOVED = "none"
"""What takes a constraint of the extended set away."""


def prior_set_names() -> list[str]:
    """Names of the sets that come with the project."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def prior_set_path(name_or_path: str | Path, folder: Path | None = None) -> Path:
    """File of a set: a name from `prior_set_names`, or a path relative to `folder`.

    Raises
    ------
    CrtuneError: no such set or file
    """
    text = str(name_or_path)
    if text in prior_set_names():
        return FOLDER / f"{text}.toml"
    path = user_path(text, folder)
    if path.is_file():
        return path
    if text.endswith(".toml") or "/" in text:
        raise CrtuneError(f"prior file {path} does not exist")
    raise CrtuneError(
        f"unknown prior set {text!r}{suggest(text, prior_set_names())}; "
        f"known: {', '.join(prior_set_names())}, or the path of a TOML file"
    )


def load_prior_set(name_or_path: str | Path) -> PriorSet:
    """Read and check a prior file, and those that it extends.

    Raises
    ------
    CrtuneError: naming the file, the key, what is wrong and what would be right
    """
    return _load(prior_set_path(name_or_path), ())


def _load(path: Path, extended_by: tuple[Path, ...]) -> PriorSet:
    if path.resolve() in extended_by:
        raise CrtuneError(f"{path}: extends: it is extended by itself; leave one of them out")
    content = _read(path)
    base = _base(path, content.pop("extends", None), (*extended_by, path.resolve()))
    for section, table in content.items():
        if section not in SECTIONS:
            known = ("extends", *SECTIONS)
            raise CrtuneError(
                f"{path}: unknown section [{section}]{suggest(section, known)}; "
                f"known: {', '.join(known)}"
            )
        _check_table(path, section, table)
    by_scenario = {section: content.get(section, {}) for section in ("scenario", "constraints")}
    for section, tables in by_scenario.items():
        for name, table in tables.items():
            _check_table(path, f"{section}.{name}", table)
    nuisance = content.get("nuisance", {})
    _check_nuisance_names(path, nuisance)
    return PriorSet(
        path,
        _parse(path, "parameters", content.get("parameters", {})),
        {n: _parse(path, f"scenario.{n}", t) for n, t in by_scenario["scenario"].items()},
        {n: _constraints(path, n, t, base) for n, t in by_scenario["constraints"].items()},
        {
            key: _within(path, f"nuisance.{key}", _nuisance_from_table, key, entry)
            for key, entry in nuisance.items()
        },
        base,
        shipped=path.parent == FOLDER,
    )


def _read(path: Path) -> dict:
    try:
        return parse_toml(read_text(path), path)
    except FileNotFoundError:
        raise CrtuneError(f"prior file {path} does not exist") from None


def _base(path: Path, extends: object, extended_by) -> PriorSet | None:
    if extends is None:
        return None
    if not isinstance(extends, str):
        raise CrtuneError(
            f"{path}: extends = {extends!r} should be the name of a set "
            f"({', '.join(prior_set_names())}) or the path of a prior file"
        )
    base = _within(path, "extends", prior_set_path, extends, path.parent)
    return _load(base, extended_by)


def _parse(path, section, table):
    return {
        key: _within(path, f"{section}.{key}", distribution_from_table, entry)
        for key, entry in table.items()
    }


def _constraints(path, scenario, table, base):
    """By quantity; None for one of the extended set that is taken away."""
    inherited = base.walls(scenario) if base else {}
    found = {}
    for key, entry in table.items():
        where = f"constraints.{scenario}.{key}"
        if entry == REMOVED and inherited.get(key) is None:
            raise CrtuneError(
                f'{path}: {where} = "{REMOVED}": there is no such constraint to take away'
                f"{suggest(key, inherited)}"
            )
        found[key] = (
            None if entry == REMOVED else _within(path, where, constraint_from_table, key, entry)
        )
    return found


def _nuisance_from_table(key, entry):
    if not isinstance(entry, Mapping) or entry.get("distribution") != FAMILY:
        return distribution_from_table(entry)
    if not key.startswith("phi"):
        raise CrtuneError(f"{FAMILY} is the prior of a modulation potential, phi")
    return potential_from_table(entry)


def _within(path, key, function, *arguments):
    try:
        return function(*arguments)
    except CrtuneError as error:
        raise CrtuneError(f"{path}: {key}: {error}") from None


def _check_table(path, key, table):
    if not isinstance(table, Mapping):
        raise CrtuneError(f"{path}: {key} = {table!r} should be a section, [{key}]")


def _check_nuisance_names(path, names: Iterable[str]):
    for name in names:
        if not is_nuisance(name):
            raise CrtuneError(
                f"{path}: nuisance.{name}: unknown nuisance parameter"
                f"{suggest(name, NUISANCE_FAMILIES)}; known: phi, discrepancy (all of a kind), "
                "phi_PERIOD, discrepancy_GROUP (one), nuclei_normalisation"
            )
