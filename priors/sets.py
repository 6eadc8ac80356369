"""Named sets of priors, as TOML files, and how a problem takes its prior from one.

A file has five kinds of sections::

    [parameters]                  # any scenario's parameter of this name
    [scenario.two_phase]          # instead, for one scenario
    [constraints.two_phase]       # quantity = { below = 1.0 } | { above = .. } | { between = .. }
    [nuisance]                    # families phi, discrepancy; or one, such as discrepancy_bc;
                                  # nuclei_normalisation for absolute boron and carbon fluxes
"""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from priors.constraints import constraint_from_table
from priors.distributions import Distribution, distribution_from_table
from priors.prior import Prior
from transport.errors import CrtuneError, CrtuneWarning
from transport.parameters import Parameter
from transport.scenario import Scenario, get_scenario, scenario_names
from transport.scenario_sources import broken_scenarios
from transport.suggest import suggest

FOLDER = Path(__file__).parent
SECTIONS = ("parameters", "scenario", "constraints", "nuisance")
NUISANCE_FAMILIES = ("phi", "discrepancy", "nuclei_normalisation")


@dataclass(frozen=True)
class PriorSet:
    """A parsed prior file: sections of tables, each entry already known to be well-formed.

    Attributes
    ----------
    path : the file
    parameters, nuisance : distributions by name
    scenario : distributions by name, by scenario
    constraints : by scenario
    """

    path: Path
    parameters: Mapping[str, Distribution]
    scenario: Mapping[str, Mapping[str, Distribution]]
    constraints: Mapping[str, tuple]
    nuisance: Mapping[str, Distribution]

    def prior(self, scenario: Scenario, nuisances: Sequence[Parameter] = ()) -> Prior:
        """The prior of a scenario's parameters followed by `nuisances`.

        Raises
        ------
        CrtuneError: a parameter without a prior, a prior for a parameter nobody has, a constraint
            on an unknown quantity, a log10 coordinate that may be 0 or below
        """
        self._check_names(scenario)
        self._warn_of_unused(nuisances)
        own = self.scenario.get(scenario.name, {})
        distributions = []
        for parameter in scenario.parameters:
            name = parameter.name
            if name not in own and name not in self.parameters:
                raise self._missing(name, scenario, own)
            distributions.append(own[name] if name in own else self.parameters[name])
        distributions += [self._nuisance(parameter.name) for parameter in nuisances]
        return Prior(
            (*scenario.parameters, *nuisances),
            distributions,
            self.constraints.get(scenario.name, ()),
            scenario.derived,
            str(self.path),
        )

    def _nuisance(self, name):
        family = next((f for f in NUISANCE_FAMILIES if name.startswith(f"{f}_")), name)
        for key in (name, family):
            if key in self.nuisance:
                return self.nuisance[key]
        raise CrtuneError(
            f"{self.path}: no prior for the nuisance parameter {name}"
            f"{suggest(name, self.nuisance)}; add {family} under [nuisance]"
        )

    def _missing(self, name, scenario, own):
        near = suggest(name, [*own, *self.parameters])
        return CrtuneError(
            f"{self.path}: no prior for parameter {name} of {scenario.name}{near}; "
            f"add {name} under [parameters] or [scenario.{scenario.name}]"
        )

    def _check_names(self, scenario):
        """Refuse priors for parameters that no scenario has: a typo would silently do nothing."""
        broken = broken_scenarios()
        names = {*scenario_names(), *broken, scenario.name}
        for section in ("scenario", "constraints"):
            for name in getattr(self, section):
                if name not in names:
                    raise CrtuneError(
                        f"{self.path}: [{section}.{name}]: unknown scenario {name!r}"
                        f"{suggest(name, names)}; known: {', '.join(sorted(names))}"
                    )
        everyone = {p.name for p in scenario.parameters}
        if not self.parameters.keys() <= everyone:
            everyone |= _parameters_of_all_scenarios() | _optional(scenario)
        for name in self.parameters:
            # One that nobody has now may belong to a scenario that cannot be read now.
            if name not in everyone and not broken:
                raise CrtuneError(
                    f"{self.path}: parameters.{name}: no scenario has a parameter {name!r}"
                    f"{suggest(name, everyone)}"
                )
        known = {p.name for p in scenario.parameters} | _optional(scenario)
        for name in self.scenario.get(scenario.name, {}):
            if name not in known:
                raise CrtuneError(
                    f"{self.path}: scenario.{scenario.name}.{name}: {scenario.name} has no "
                    f"parameter {name!r}{suggest(name, known)}; it has {', '.join(sorted(known))}"
                )

    def _warn_of_unused(self, nuisances):
        present = {p.name for p in nuisances}
        for name in self.nuisance.keys() - present - set(NUISANCE_FAMILIES):
            warnings.warn(
                f"{self.path}: nuisance.{name} is not used: the data of this run have "
                f"{', '.join(sorted(present)) or 'no nuisance parameters'}",
                CrtuneWarning,
                stacklevel=3,
            )


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
    path = (folder or Path()) / Path(text).expanduser()
    if path.is_file():
        return path
    if text.endswith(".toml") or "/" in text:
        raise CrtuneError(f"prior file {path} does not exist")
    raise CrtuneError(
        f"unknown prior set {text!r}{suggest(text, prior_set_names())}; "
        f"known: {', '.join(prior_set_names())}, or the path of a TOML file"
    )


def load_prior_set(name_or_path: str | Path) -> PriorSet:
    """Read and check a prior file.

    Raises
    ------
    CrtuneError: naming the file, the key, what is wrong and what would be right
    """
    path = prior_set_path(name_or_path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CrtuneError(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise CrtuneError(f"{path}: cannot be read: {error.strerror}") from None
    for section, table in content.items():
        if section not in SECTIONS:
            raise CrtuneError(
                f"{path}: unknown section [{section}]{suggest(section, SECTIONS)}; "
                f"known: {', '.join(SECTIONS)}"
            )
        _check_table(path, section, table)
    by_scenario = {section: content.get(section, {}) for section in ("scenario", "constraints")}
    for section, tables in by_scenario.items():
        for name, table in tables.items():
            _check_table(path, f"{section}.{name}", table)
    _check_nuisance_names(path, content.get("nuisance", {}))
    return PriorSet(
        path,
        _parse(path, "parameters", content.get("parameters", {})),
        {n: _parse(path, f"scenario.{n}", t) for n, t in by_scenario["scenario"].items()},
        {
            scenario: tuple(
                _within(path, f"constraints.{scenario}.{key}", constraint_from_table, key, entry)
                for key, entry in table.items()
            )
            for scenario, table in by_scenario["constraints"].items()
        },
        _parse(path, "nuisance", content.get("nuisance", {})),
    )


def _parse(path, section, table):
    return {
        key: _within(path, f"{section}.{key}", distribution_from_table, entry)
        for key, entry in table.items()
    }


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
        if name not in NUISANCE_FAMILIES and not name.startswith(("phi_", "discrepancy_")):
            raise CrtuneError(
                f"{path}: nuisance.{name}: unknown nuisance parameter"
                f"{suggest(name, NUISANCE_FAMILIES)}; known: phi, discrepancy (all of a kind), "
                "phi_PERIOD, discrepancy_GROUP (one), nuclei_normalisation"
            )


def _optional(scenario):
    return {p.name for p in getattr(scenario, "optional_parameters", ())}


def _parameters_of_all_scenarios():
    broken = broken_scenarios()
    scenarios = [get_scenario(name) for name in scenario_names() if name not in broken]
    return {p.name for s in scenarios for p in s.parameters} | {
        name for s in scenarios for name in _optional(s)
    }
