"""A set of priors, and how a problem takes its prior from it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from priors.constraints import Constraint
from priors.distributions import Distribution, Fixed
from priors.potentials import PotentialOfPeriod
from priors.prior import Prior
from transport.errors import CrtuneError, CrtuneWarning
from transport.full.production import only_with_production
from transport.parameters import Parameter
from transport.scenario import Scenario, get_scenario, scenario_names
from transport.scenario_sources import broken_scenarios
from transport.suggest import suggest

NUISANCE_FAMILIES = ("phi", "discrepancy", "nuclei_normalisation")


def is_nuisance(name: str) -> bool:
    """Whether a nuisance parameter, or all of a kind, may be called so."""
    return name in NUISANCE_FAMILIES or name.startswith(("phi_", "discrepancy_"))


@dataclass(frozen=True)
class PriorSet:
    """A parsed prior file: sections of tables, each entry already known to be well-formed.

    Attributes
    ----------
    path : the file
    parameters, nuisance : distributions or fixed values by name, of this file alone
    scenario : the same by scenario
    constraints : by scenario, then by quantity; None takes one of `base` away
    base : the set that this one extends, or None
    shipped : whether it comes with the project: then entries for data of other runs are no mistake
    """

    path: Path
    parameters: Mapping[str, Distribution | Fixed]
    scenario: Mapping[str, Mapping[str, Distribution | Fixed]]
    constraints: Mapping[str, Mapping[str, Constraint | None]]
    nuisance: Mapping[str, Distribution | Fixed | PotentialOfPeriod]
    base: PriorSet | None = None
    shipped: bool = False

    def prior(self, scenario: Scenario, nuisances: Sequence[Parameter] = ()) -> Prior:
        """The prior of a scenario's parameters followed by `nuisances`.

        Raises
        ------
        CrtuneError: parameters without a prior, a prior for a parameter nobody has, a constraint
            on an unknown quantity, a log10 coordinate that may be 0 or below
        """
        self.check_names(scenario)
        self.warn_of_unused(nuisances)
        entries = self.entries(scenario.name)
        found = {p.name: entries.get(p.name) for p in scenario.parameters}
        found |= {p.name: self._nuisance(p.name) for p in nuisances}
        self._refuse_missing(found, scenario, entries)
        parameters = (*scenario.parameters, *nuisances)
        free = [p for p in parameters if not isinstance(found[p.name], Fixed)]
        return Prior(
            free,
            [found[p.name] for p in free],
            [c for c in self.walls(scenario.name).values() if c is not None],
            (scenario.derived, *_costly(scenario)),
            str(self.path),
            {p: found[p.name].value for p in parameters if p not in free},
        )

    def entries(self, scenario: str) -> dict[str, Distribution | Fixed]:
        """Priors for the parameters of a scenario: the nearest file decides, and in a file the
        section of the scenario."""
        inherited = self.base.entries(scenario) if self.base else {}
        return inherited | dict(self.parameters) | dict(self.scenario.get(scenario, {}))

    def walls(self, scenario: str) -> dict[str, Constraint | None]:
        """Constraints of a scenario by quantity; None where one was taken away."""
        inherited = self.base.walls(scenario) if self.base else {}
        return inherited | dict(self.constraints.get(scenario, {}))

    def nuisance_names(self) -> set[str]:
        """Of all entries, inherited ones too."""
        return set(self.nuisance) | (self.base.nuisance_names() if self.base else set())

    def check_names(self, scenario: Scenario) -> None:
        """Refuse priors for parameters that no scenario has: a typo would silently do nothing.

        Raises
        ------
        CrtuneError: naming the file, the entry and the nearest name
        """
        if self.base:
            self.base.check_names(scenario)
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
            remedy = only_with_production(name)
            if remedy and name not in {p.name for p in scenario.parameters}:
                raise CrtuneError(
                    f"{self.path}: scenario.{scenario.name}.{name}: transport "
                    f"{scenario.transport_label!r} has no such parameter{remedy}"
                )

    def warn_of_unused(self, nuisances: Sequence[Parameter]) -> None:
        """Say which entries for single nuisance parameters the data of a run do not have."""
        if self.base:
            self.base.warn_of_unused(nuisances)
        present = {p.name for p in nuisances}
        for name in () if self.shipped else self.nuisance.keys() - present - set(NUISANCE_FAMILIES):
            warnings.warn(
                f"{self.path}: nuisance.{name} is not used: the data of this run have "
                f"{', '.join(sorted(present)) or 'no nuisance parameters'}",
                CrtuneWarning,
                stacklevel=3,
            )

    def _nuisance(self, name: str) -> Distribution | Fixed | None:
        """The nearest file that has an entry decides, and in a file the more specific entry."""
        family = next((f for f in NUISANCE_FAMILIES if name.startswith(f"{f}_")), name)
        for key in (name, family):
            if key in self.nuisance:
                entry = self.nuisance[key]
                if isinstance(entry, PotentialOfPeriod):
                    return entry.of(name.removeprefix("phi_"), str(self.path))
                return entry
        return self.base._nuisance(name) if self.base else None

    def _refuse_missing(self, found, scenario, entries) -> None:
        own = {p.name for p in scenario.parameters}
        lines = []
        for name in (name for name, entry in found.items() if entry is None):
            if name in own:
                where, kind = f"[parameters] or [scenario.{scenario.name}]", "parameter"
                near = suggest(name, entries)
                lines.append(f"{kind} {name} of {scenario.name}{near}; add {name} under {where}")
            else:
                near = suggest(name, self.nuisance_names())
                family = next((f for f in NUISANCE_FAMILIES if name.startswith(f"{f}_")), name)
                lines.append(f"nuisance parameter {name}{near}; add {family} under [nuisance]")
        if self.shipped:
            remedy = (
                f'; or write a file that begins with extends = "{self.path.stem}", give it what is '
                "missing, and its path as the priors of the config"
            )
        else:
            begin = 'begin the file with extends = "plausible", and give what differs from that set'
            remedy = "" if self.base else f"; or {begin}"
        if len(lines) == 1:
            raise CrtuneError(f"{self.path}: no prior for {lines[0]}{remedy}")
        if lines:
            listed = "".join(f"\n  {line}" for line in lines)
            raise CrtuneError(f"{self.path}: {len(lines)} priors are missing{remedy}{listed}")


def _costly(scenario):
    """What takes whole spectra: asked only by constraints on what it alone gives."""
    diagnostics = getattr(scenario, "diagnostics", None)
    return () if diagnostics is None else (diagnostics,)


def _optional(scenario):
    return {p.name for p in getattr(scenario, "optional_parameters", ())}


def _parameters_of_all_scenarios():
    broken = broken_scenarios()
    scenarios = [get_scenario(name) for name in scenario_names() if name not in broken]
    return {p.name for s in scenarios for p in s.parameters} | {
        name for s in scenarios for name in _optional(s)
    }
