"""Universality: would other galaxies, with another medium, show the spectra of the Milky Way?

The paper (Sec. 6): fine-tuning "carries a message of non-universality". Here the medium scatters
and the theory stays: plasma, turbulence and geometry differ from galaxy to galaxy, injection, the
laws of transport (`Parameter.is_law`) and the Sun's modulation do not, and remain at the best fit.
Two scatters:

- the prior's, what one believes about the medium before looking at cosmic rays;
- a factor of two (uniform within +-0.3 dex) about the best fit in every parameter of the medium, by
  itself, so that scenarios with vague priors are not blamed for them. Whatever the coordinate, the
  value is multiplied.

Score: the share of galaxies whose delta, as an observer infers it from B/C, lies in 0.3-0.6, the
range that the paper quotes for phenomenological models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transport.errors import CrtuneError
from transport.observables import DELTA, PROTON_SLOPE, observables
from transport.parameters import Parameter

WINDOW = (0.3, 0.6)
"""delta of kappa ~ R^delta (Amato & Blasi 2018, as the paper quotes them)."""
DEX = 0.3
"""Half-width of the scatter about the best fit."""
DRAWS = 4000

MEDIA = ("warm layer", "halo", "gas disk")
"""Whose parameters scatter."""
GEOMETRY = frozenset({"r"})
"""Belongs to the injection elsewhere (it sets Q), but is a size of the galaxy."""

_BATCH = 2000
_MOST_TRIES = 500


@dataclass(frozen=True)
class Universality:
    """Slopes of n imaginary galaxies.

    Attributes
    ----------
    scatter : ``prior`` or ``factor``
    varied : names of the parameters that scatter
    proton_slope : (n,) d ln J / d ln R from 10 to 1000 GV; delta : (n,) from B/C, 20 to 500 GV
    proton_slope_best, delta_best : at the best fit
    proton_slope_interval, delta_interval : (3,) 16%, 50%, 84% quantiles
    window : (2,) what delta is asked to be
    score, score_error : share of delta inside the window, and its binomial standard error
    inside : share of the scatter that keeps the scenario's constraints; only that counts
    failed : galaxies without a finite slope, left out
    """

    scatter: str
    varied: tuple[str, ...]
    proton_slope: np.ndarray
    delta: np.ndarray
    proton_slope_best: float
    delta_best: float
    proton_slope_interval: np.ndarray
    delta_interval: np.ndarray
    window: np.ndarray
    score: float
    score_error: float
    inside: float
    failed: int


def environment(parameters: Sequence[Parameter]) -> np.ndarray:
    """(ndim,) bool: which parameters describe a galaxy's medium and geometry, not the theory."""
    return np.array(
        [(p.medium in MEDIA or p.name in GEOMETRY) and not p.is_law for p in parameters]
    )


def universality(
    problem, best: np.ndarray, rng: np.random.Generator, scatter: str = "prior", n: int = DRAWS
) -> Universality:
    """Slopes under scatter of the medium.

    Parameters
    ----------
    problem : a `pipeline.problem.Problem`
    best : (ndim,) coordinates of the best fit
    rng : source of all randomness
    scatter : ``prior``, or ``factor`` for 0.3 dex about the best fit
    n : galaxies

    Raises
    ------
    ValueError: an unknown scatter
    CrtuneError: (almost) all of the scatter is outside the prior's constraints
    """
    best = np.asarray(best, dtype=float)
    varied = environment(problem.parameters)
    draws, inside = _scatter(problem, best, varied, rng, scatter, n)
    slopes = np.concatenate(
        [_slopes(problem, draws[start : start + _BATCH]) for start in range(0, n, _BATCH)]
    )
    at_best = _slopes(problem, best[None])[0]
    good = np.isfinite(slopes).all(axis=1)
    proton, delta = slopes[good].T
    hits = int(np.sum((delta >= WINDOW[0]) & (delta <= WINDOW[1])))
    # the error of Jeffreys' posterior does not vanish at 0 and 1
    a, b = hits + 0.5, len(delta) - hits + 0.5
    return Universality(
        scatter=scatter,
        varied=tuple(p.name for p, v in zip(problem.parameters, varied, strict=True) if v),
        proton_slope=proton,
        delta=delta,
        proton_slope_best=float(at_best[0]),
        delta_best=float(at_best[1]),
        proton_slope_interval=np.quantile(proton, [0.16, 0.5, 0.84]),
        delta_interval=np.quantile(delta, [0.16, 0.5, 0.84]),
        window=np.array(WINDOW),
        score=hits / len(delta),
        score_error=float(np.sqrt(a * b / ((a + b) ** 2 * (a + b + 1.0)))),
        inside=inside,
        failed=int(np.sum(~good)),
    )


def _scatter(problem, best, varied, rng, scatter, n):
    """Coordinates (n, ndim) inside the constraints, and the share of tries that was."""
    kept, tries = [], 0
    while sum(map(len, kept)) < n:
        if tries >= _MOST_TRIES * n:
            walls = ", ".join(str(c) for c in problem.prior.constraints)
            raise CrtuneError(
                f"universality: with injection at the best fit, {walls} keep almost nothing of the "
                f"medium's scatter ({scatter}); loosen them"
            )
        theta = np.tile(best, (n, 1))
        if scatter == "prior":
            theta[:, varied] = problem.prior_transform(rng.random(theta.shape))[:, varied]
        elif scatter == "factor":
            factor = 10.0 ** rng.uniform(-DEX, DEX, theta.shape)
            for i in np.flatnonzero(varied):
                p = problem.parameters[i]
                theta[:, i] = p.to_coordinate(p.from_coordinate(best[i]) * factor[:, i])
        else:
            raise ValueError(f"scatter {scatter!r} is neither 'prior' nor 'factor'")
        tries += n
        kept.append(theta[problem.prior.satisfied(problem.values(theta))])
    found = np.concatenate(kept)
    return found[:n], len(found) / tries


def _slopes(problem, theta):
    """(n, 2): proton slope and delta."""
    observed = observables(problem.scenario, problem.values(theta), transitions=False)
    return np.stack([observed[PROTON_SLOPE], observed[DELTA]], axis=1)
