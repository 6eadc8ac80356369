"""The paper's claims as measurements, shared by the tests and by docs/paper_claims.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from transport.scenario import Spectra, get_scenario


@dataclass(frozen=True)
class Found:
    """What the calculation gives: a sentence with numbers, and whether it meets the tolerance."""

    number: str
    holds: bool


@dataclass(frozen=True)
class Claim:
    """One claim of the paper.

    Attributes
    ----------
    name : of the test
    where : equation, figure or section
    says : the claim, quoted or in short
    tolerance : what counts as coming out, set before looking
    measure : makes the measurement
    fails : why it does not come out, in words; empty where it does
    partly : whether what fails is a part of it only
    """

    name: str
    where: str
    says: str
    tolerance: str
    measure: Callable[[], Found]
    fails: str = ""
    partly: bool = False

    @property
    def verdict(self) -> str:
        """As in the table of docs/paper_claims.md."""
        if not self.fails:
            return "comes out"
        return "comes out in part" if self.partly else "does not come out"


CLAIMS: list[Claim] = []


def claim(where: str, says: str, tolerance: str, fails: str = "", partly: bool = False):
    """Decorator that lists a measurement as a claim, in the order of the paper."""

    def register(measure: Callable[[], Found]):
        CLAIMS.append(Claim(measure.__name__, where, says, tolerance, measure, fails, partly))
        return measure

    return register


def spectra(name: str, rigidity, options=None, **changes) -> Spectra:
    """Spectra of a scenario at its fiducials with changes, at rigidities in GV."""
    scenario = get_scenario(name, **(options or {}))
    return scenario.spectra(scenario.fiducial(**changes), np.asarray(rigidity, dtype=float))


def diagnostics(name: str, options=None, **changes) -> dict[str, float]:
    """Diagnostics of a scenario at its fiducials with changes."""
    scenario = get_scenario(name, **(options or {}))
    found = scenario.diagnostics(scenario.fiducial(**changes))
    return {key: float(value[0]) for key, value in found.items()}


def slope(rigidity, values) -> float:
    """Least-squares slope d ln(values) / d ln(rigidity)."""
    return float(np.polyfit(np.log(rigidity), np.log(np.ravel(values)), 1)[0])


def distribution_slope(name, low, high, **kwargs) -> float:
    """Slope of f(p) ~ p^slope of a scenario between two rigidities where v = c."""
    rigidity = np.geomspace(low, high, 30)
    return slope(rigidity, spectra(name, rigidity, **kwargs).proton) - 2.0


def ratio_slope(name, low, high, **kwargs) -> float:
    """Slope of B/C of a scenario between two rigidities."""
    rigidity = np.geomspace(low, high, 30)
    return slope(rigidity, spectra(name, rigidity, **kwargs).boron_to_carbon)


def within(value: float, expected: float, tolerance: float) -> bool:
    """Whether value = expected +- tolerance."""
    return abs(value - expected) <= tolerance


def within_factor(value: float, expected: float, factor: float) -> bool:
    """Whether value / expected lies between 1/factor and factor."""
    return bool(1.0 / factor <= value / expected <= factor)
