"""The slope of diffusion that the data want: delta of kappa ~ R^delta under the posterior.

Of scenarios that leave it free. Kolmogorov turbulence has 1/3. It is a parameter, so it knows what
destruction and production do to B/C; the slope that an observer reads off B/C does not
(`transport.observables.DELTA`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.tuning.measures.columns import interval_of
from pipeline.tuning.measures.evidence import GROUP, THEME
from pipeline.tuning.measures.measure import Measure, Measured, register

PARAMETER = "delta"
KOLMOGOROV = 1.0 / 3.0
_DRAWS = 2000


@dataclass(frozen=True)
class DiffusionSlope:
    """delta under the posterior.

    Attributes
    ----------
    quantiles : (3,) 16%, 50%, 84%
    below : share of the posterior below Kolmogorov's
    """

    quantiles: np.ndarray
    below: float


def diffusion_slope(problem, draws: np.ndarray) -> DiffusionSlope:
    """Quantiles of delta of posterior draws (n, ndim)."""
    delta = problem.values(draws)[PARAMETER]
    quantiles = np.quantile(delta, [0.16, 0.5, 0.84])
    return DiffusionSlope(quantiles, float(np.mean(delta < KOLMOGOROV)))


def _rows(found, results):
    for suffix, value in zip(("16", "50", "84"), found.quantiles, strict=True):
        yield Measured(f"diffusion_slope_{suffix}", value)
    yield Measured("diffusion_slope_below_kolmogorov", found.below)


register(
    Measure(
        "diffusion_slope",
        DiffusionSlope,
        GROUP,
        lambda study: diffusion_slope(study.problem, study.draws("diffusion_slope", _DRAWS)),
        applies=lambda study: any(p.name == PARAMETER for p in study.problem.parameters),
        settings=lambda study: {"draws": _DRAWS},
        rows=_rows,
        columns=(interval_of(THEME, "slope of diffusion", "diffusion_slope"),),
    )
)
