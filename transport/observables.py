"""What an observer would call the result: a few named numbers of a scenario's spectra.

All are interstellar, before solar modulation, so that they are properties of the theory.

*Slopes* are least-squares fits of a straight line in ln-ln with equal weight per ln R. Of protons:
d ln J / d ln R of dJ/dR, negative, about -2.7 as measured, where f ~ p^(slope - 2) and the paper
says -4.7. Of diffusion: delta = -d ln (B/C) / d ln R, what kappa ~ R^delta gives where cosmic rays
diffuse and are lost by escape, positive.

The paper quotes kappa ~ E^(0.3-0.6) and no range. 20 to 500 GV is where the errors of AMS-02's B/C
stay below 8% (its 2016 table has 0.34 there by this recipe), and it spans the scenarios'
transitions; 65 GV to 2.6 TV is where AMS-02 itself fits a power law, 0.333 +- 0.015 (Aguilar et
al. 2016). One table, two recipes: a theory whose B/C is no power law answers them differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

PROTON_SLOPES = ((10.0, 100.0), (200.0, 2000.0), (10.0, 1000.0))
"""GV, ends of the fits."""
DELTAS = ((20.0, 500.0), (65.0, 2600.0))
"""GV, ends of the fits; the first is *the* delta."""
RATIOS = (1.0, 10.0, 100.0, 1000.0)
"""GV, where B/C is given."""
POINTS_PER_SLOPE = 12

PROTON_SLOPE, DELTA = "proton_slope_10_1000", "delta_20_500"
"""Names of the two slopes that stand for the others."""

TRANSITIONS = {
    "R_nlld": r"R_\mathrm{NLLD}",
    "R_warm": r"R_\mathrm{warm}",
    "R_cutoff": r"R_\mathrm{cut}",
    "R_star": r"R_\ast",
    "R_lin": r"R_\mathrm{lin}",
}
"""Transition rigidities of `transport.diagnostics.diagnostics`, with their LaTeX."""


@dataclass(frozen=True)
class Observed:
    """Observables of n walkers.

    Attributes
    ----------
    names, labels : with LaTeX in dollar signs
    is_slope : (n_observables,) bool; the others are positive quantities, compared by their log
    values : (n, n_observables); B/C as a ratio, rigidities in GV (infinite or 0 where the
        transition lies above 1e5 or below 0.05 GV)
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    is_slope: np.ndarray
    values: np.ndarray

    def __getitem__(self, name: str) -> np.ndarray:
        """(n,) one of them."""
        return self.values[:, self.names.index(name)]

    @property
    def comparable(self) -> np.ndarray:
        """(n, n_observables): slopes as they are, the logarithm of the rest, NaN where undefined.

        Differences of it are what sensitivities are made of.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            result = np.where(self.is_slope, self.values, np.log(self.values))
        return np.where(np.isfinite(result), result, np.nan)


def observables(scenario, values: Mapping[str, np.ndarray], transitions: bool = True) -> Observed:
    """Observables of a scenario, a batch at a time.

    Parameters
    ----------
    scenario : a `transport.scenario.Scenario`
    values : of its parameters, (n,) each, in their units
    transitions : whether to add the transition rigidities, where the scenario has any; they need
        the spectra from 0.05 to 1e5 GV, four times the work
    """
    ranges = PROTON_SLOPES + DELTAS
    nodes = [np.geomspace(*ends, POINTS_PER_SLOPE) for ends in ranges]
    rigidity = np.unique(np.concatenate([np.round(n, 9) for n in nodes] + [np.array(RATIOS)]))
    spectra = scenario.spectra(values, rigidity)
    ratio = spectra.boron_to_carbon
    named: dict[str, tuple[str, bool, np.ndarray]] = {}
    for low, high in PROTON_SLOPES:
        label = rf"$\mathrm{{d}}\ln J_p/\mathrm{{d}}\ln R\ ({_range(low, high)})$"
        named[f"proton_slope_{low:g}_{high:g}"] = (
            label, True, _slope(rigidity, spectra.proton, low, high)
        )  # fmt: skip
    for low, high in DELTAS:
        label = rf"$\delta_\mathrm{{B/C}}\ ({_range(low, high)})$"
        named[f"delta_{low:g}_{high:g}"] = (label, True, -_slope(rigidity, ratio, low, high))
    for r in RATIOS:
        label = rf"$\mathrm{{B/C}}\ ({r:g}\ \mathrm{{GV}})$"
        named[f"bc_{r:g}GV"] = (label, False, ratio[:, np.searchsorted(rigidity, r)])
    if transitions and hasattr(scenario, "diagnostics"):
        found = scenario.diagnostics(values)
        named |= {k: (f"${v}$", False, found[k]) for k, v in TRANSITIONS.items() if k in found}
    labels, is_slope, columns = zip(*named.values(), strict=True)
    return Observed(tuple(named), labels, np.array(is_slope), np.stack(columns, axis=1))


def _slope(rigidity, array, low, high):
    """(n,) least-squares slope of ln(array) (n, n_R) against ln R on the nodes of one fit."""
    nodes = np.round(np.geomspace(low, high, POINTS_PER_SLOPE), 9)
    chosen = np.searchsorted(rigidity, nodes)
    x = np.log(rigidity[chosen])
    x -= x.mean()
    return np.log(array[:, chosen]) @ x / (x @ x)


def _range(low, high):
    return rf"{low:g}\mathrm{{-}}{high:g}\ \mathrm{{GV}}"
