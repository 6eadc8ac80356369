"""The closest state that any case of a theory came upon counts for every case of it.

A search of the floor may end beside the lowest point. What the cases of one run found can mend it:
a state that is close with Voyager is as close at Earth, one that meets a premise is in the prior
without it. So every such state is tried in every case of its run, with the case's own model, prior
and data, and the lowest distance is the floor. Between it and the floor of before, a fraction that
was taken for zero becomes one too small to measure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from pipeline.tuning.estimators.acceptable import AcceptableFraction
from pipeline.tuning.estimators.criteria import CRITERIA, distances

_LEAST_GAIN = 1e-6  # of a distance, relative: less is rounding

Candidate = tuple[tuple[str, ...], np.ndarray]
"""Names of coordinates, and a state (ndim,)."""


def candidates(made: Iterable[Mapping[str, object]]) -> list[Candidate]:
    """Closest states of all acceptable fractions among results by name."""
    return [
        (fraction.names, fraction.floor_theta)
        for results in made
        for fraction in _fractions(results).values()
        if np.isfinite(fraction.floor_theta).all()
    ]


def with_lowest_floors(
    made: Mapping[str, object], case, states: Sequence[Candidate]
) -> dict[str, object]:
    """Results of one case, the floors of its acceptable fractions lowered to the closest state.

    Parameters
    ----------
    made : results by name of their measure
    case : with the ``bare_problem`` of `pipeline.tuning.study.cases.Case`
    states : that are tried; those that lack a coordinate of the case are left out
    """
    fractions, found = _fractions(made), dict(made)
    names = next((fraction.names for fraction in fractions.values()), ())
    thetas = [
        [theta[list(known).index(name)] for name in names]
        for known, theta in states
        if set(names) <= set(known)
    ]
    if not (fractions and thetas):
        return found
    thetas = np.unique(np.array(thetas), axis=0)
    criteria = [CRITERIA[fraction.criterion] for fraction in fractions.values()]
    tried = distances(case.bare_problem, thetas, criteria)
    for (name, fraction), g in zip(fractions.items(), tried, strict=True):
        best = int(np.argmin(g))
        if g[best] < np.log1p(fraction.floor) * (1.0 - _LEAST_GAIN):
            found[name] = lowered(fraction, float(np.expm1(g[best])), thetas[best])
    return found


def lowered(fraction: AcceptableFraction, floor: float, theta: np.ndarray) -> AcceptableFraction:
    """An acceptable fraction with a lower floor, at the state `theta` (ndim,)."""
    possible = np.isinf(fraction.bits) & (fraction.epsilon >= floor)
    return replace(
        fraction,
        floor=floor,
        floor_theta=theta,
        floor_spread=fraction.floor_spread + fraction.floor - floor,
        bits=np.where(possible, np.nan, fraction.bits),
        bits_error=np.where(possible, np.nan, fraction.bits_error),
    )


def _fractions(made: Mapping[str, object]) -> dict[str, AcceptableFraction]:
    return {name: r for name, r in made.items() if isinstance(r, AcceptableFraction)}
