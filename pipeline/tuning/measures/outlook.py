"""What to measure next: where theories that fit the same data part.

Predictions of posterior draws at points that are not measured, or not measured well enough. Two
theories are apart by

    |difference of the medians| / sqrt(sum of the variances)

of an observable, the standard deviations being half the central 68%; positive quantities are
compared by their logarithm. A measurement with error e tells them apart at 3 sigma if

    e <= sqrt((difference / 3)^2 - sum of the variances),

and no measurement of it does where that is not real. Theories are predictions here without the
model's discrepancy, which would widen all alike. Each fits as well as it can: a theory that the
data of today reject is not in question any more, wherever its predictions are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.tuning.measures.columns import interval_of, with_note
from pipeline.tuning.measures.measure import Group, Measure, Measured, register
from pipeline.tuning.measures.saved import THEME

POINTS = 9
SIGMA = 3.0
_SLOPES = {
    "proton_slope_1TV": ("proton", 500.0, 2000.0),
    "proton_slope_10TV": ("proton", 5000.0, 20_000.0),
    "boron_slope_1TV": ("boron", 500.0, 2000.0),
}
"""Of d ln J / d ln R: species and ends in GV."""
_FLUXES = {"proton_interstellar_0.3GV": ("proton", 0.3)}
_RATIOS = {
    "bc_interstellar_0.5GV": 0.5,
    "bc_1TV": 1000.0,
    "bc_3TV": 3000.0,
    "bc_10TV": 10_000.0,
}
"""B/C at a rigidity in GV."""
OBSERVABLES = {
    "proton_interstellar_0.3GV": "interstellar protons at 0.3 GV",
    "bc_interstellar_0.5GV": "interstellar B/C at 0.5 GV",
    "proton_slope_1TV": "slope of protons, 0.5-2 TV",
    "proton_slope_10TV": "slope of protons, 5-20 TV",
    "boron_slope_1TV": "slope of boron, 0.5-2 TV",
    "bc_1TV": "B/C at 1 TV",
    "bc_3TV": "B/C at 3 TV",
    "bc_10TV": "B/C at 10 TV",
}
"""Name of each, in words."""
GROUP = Group("outlook", "predictions of posterior draws where theories part")


@dataclass(frozen=True)
class Outlook:
    """Predictions of posterior draws.

    Attributes
    ----------
    names : (n_observables,) keys of `OBSERVABLES`
    quantiles : (3, n_observables) 16%, 50%, 84%; slopes as they are, the rest as a logarithm
    draws : how many
    """

    names: tuple[str, ...]
    quantiles: np.ndarray
    draws: int

    @property
    def sd(self) -> np.ndarray:
        """(n_observables,) half the central 68%."""
        return 0.5 * (self.quantiles[2] - self.quantiles[0])


def is_slope(name: str) -> bool:
    """Whether an observable is a slope and not a positive quantity."""
    return name in _SLOPES


def predicted(scenario, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """(n, n_observables): slopes as they are, the logarithm of the rest.

    Parameters
    ----------
    scenario : a `transport.scenario.Scenario`
    values : of its parameters, (n,) each, in their units
    """
    nodes = {name: np.geomspace(low, high, POINTS) for name, (_, low, high) in _SLOPES.items()}
    single = [r for _, r in _FLUXES.values()] + list(_RATIOS.values())
    rigidity = np.unique(np.round(np.concatenate([*nodes.values(), single]), 6))
    spectra = scenario.spectra(values, rigidity)

    def at(points):
        return np.searchsorted(rigidity, np.round(points, 6))

    found = {}
    for name, (species, *_) in _SLOPES.items():
        x = np.log(nodes[name])
        x -= x.mean()
        found[name] = np.log(getattr(spectra, species)[:, at(nodes[name])]) @ x / (x @ x)
    for name, (species, r) in _FLUXES.items():
        found[name] = np.log(getattr(spectra, species)[:, at(r)])
    for name, r in _RATIOS.items():
        found[name] = np.log(spectra.boron_to_carbon[:, at(r)])
    return np.stack([found[name] for name in OBSERVABLES], axis=1)


def outlook(scenario, values: Mapping[str, np.ndarray]) -> Outlook:
    """Quantiles of the predictions of posterior draws, `values` being (n,) by parameter."""
    found = predicted(scenario, values)
    return Outlook(tuple(OBSERVABLES), np.quantile(found, [0.16, 0.5, 0.84], axis=0), len(found))


@dataclass(frozen=True)
class Separation:
    """How far two theories are apart in an observable.

    Attributes
    ----------
    name : of the observable
    sigma, sigma_error : difference of the medians in units of both widths together, and its error,
        the draws being finite
    precision : error of a measurement that tells them apart at `SIGMA`, relative or of a slope; NaN
        where none does
    """

    name: str
    sigma: float
    sigma_error: float
    precision: float


def separation(one: Outlook, other: Outlook) -> list[Separation]:
    """Of every observable that both predict, the one that separates most first."""
    found = []
    for i, name in enumerate(one.names):
        if name not in other.names:
            continue
        j = other.names.index(name)
        difference = abs(one.quantiles[1, i] - other.quantiles[1, j])
        variance = one.sd[i] ** 2 + other.sd[j] ** 2
        sigma = difference / math.sqrt(variance) if variance > 0.0 else math.inf
        # of n Gaussian draws a median is off by sqrt(pi / 2n) sd, half the central 68% by 0.84
        # sd / sqrt(n)
        n = min(one.draws, other.draws)
        error = math.sqrt((0.5 * math.pi + 0.5 * (0.84 * sigma) ** 2) / n)
        left = (difference / SIGMA) ** 2 - variance
        precision = math.sqrt(left) if left > 0.0 else math.nan
        found.append(Separation(name, sigma, error, precision))
    return sorted(found, key=lambda s: -s.sigma)


@dataclass(frozen=True)
class Separations:
    """Separations of a case from others of the same data, priors and transport, by run."""

    of: Mapping[str, Sequence[Separation]]


def _make(study):
    draws = study.draws("outlook", 2 * study.settings.derivative_draws)
    return outlook(study.problem.scenario, study.problem.values(draws))


def _separations(result, results):
    mine = result.made.get("outlook")
    if mine is None:
        return None
    return Separations(
        {
            other.case.run.name: separation(mine, theirs)
            for other in results
            if other.case.run.name != result.case.run.name
            and _place(other.case) == _place(result.case)
            and (theirs := other.made.get("outlook")) is not None
        }
    )


def _place(case):
    """Everything that tells cases of a study apart but the run."""
    names = ("range", "selection", "priors", "transport", "variant")
    return tuple(getattr(case, name) for name in names)


def _rows(found, results):
    for i, name in enumerate(found.names):
        for suffix, value in zip(("16", "50", "84"), found.quantiles[:, i], strict=True):
            value = value if is_slope(name) else math.exp(value)
            yield Measured(f"outlook_{name}_{suffix}", value)


def _separation_rows(found, results):
    for run, separations in found.of.items():
        best = separations[0]
        unit = "in the slope" if is_slope(best.name) else "relative"
        yield Measured(
            f"separation_{run}", best.sigma, best.sigma_error, "sigma", OBSERVABLES[best.name]
        )
        yield Measured(f"separation_{run}_precision", best.precision, math.nan, unit, best.name)
    if found.of:
        run, separations = min(found.of.items(), key=lambda item: item[1][0].sigma)
        best = separations[0]
        note = f"{run}: {OBSERVABLES[best.name]}"
        yield Measured("nearest_theory", best.sigma, best.sigma_error, "sigma", note)


register(
    Measure(
        "outlook",
        Outlook,
        GROUP,
        _make,
        settings=lambda study: {"draws": 2 * study.settings.derivative_draws},
        rows=_rows,
        columns=tuple(
            interval_of(THEME, words, f"outlook_{name}") for name, words in OBSERVABLES.items()
        ),
    )
)
register(
    Measure(
        "separation",
        Separations,
        GROUP,
        _separations,
        source="cases",
        rows=_separation_rows,
        columns=(with_note(THEME, "hardest to tell from, and by [sigma]", "nearest_theory"),),
    )
)
