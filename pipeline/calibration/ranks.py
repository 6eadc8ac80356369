"""Simulation-based calibration: are the ranks of the truths uniform?

(Cook, Gelman & Rubin 2006; Talts et al. 2018, 1804.06788.) If truths come from the prior, data from
the likelihood and draws from the posterior, the number of posterior draws below the truth is
uniform on 0 ... L, for every parameter and every function of parameters and data. ln L is one
that many mistakes show up in which parameters by themselves do not (Modrak et al. 2023,
2211.02383).

Uniformity is judged by simultaneous bands for the empirical CDF (Saeilynoja, Buerkner & Vehtari
2022, 2103.10522; as ArviZ computes them): a correct sampler stays inside its band *everywhere* with
the probability of the band, here for each quantity by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

LEVELS = (0.5, 0.68, 0.9, 0.95)
BAND = 0.95
_SIMULATIONS = 2000


@dataclass(frozen=True)
class Uniformity:
    """Whether one quantity's ranks are uniform.

    Attributes
    ----------
    name : coordinate, or ``log_likelihood``
    n_sets : ranks there are
    at, ecdf, low, high : (n_sets - 1,) where the CDF is evaluated, the CDF, and its 95% band
    inside : whether the CDF is inside its band everywhere
    ks_p, bins_p : p-values of Kolmogorov-Smirnov, and of chi2 of the histogram of ranks
    mean : of the scaled ranks; 0.5 is unbiased, below it truths lie low in their posteriors
    coverage : share of sets whose central interval of each of `LEVELS` holds the truth
    coverage_sd : standard error of each, if the level is right
    """

    name: str
    n_sets: int
    at: np.ndarray
    ecdf: np.ndarray
    low: np.ndarray
    high: np.ndarray
    inside: bool
    ks_p: float
    bins_p: float
    mean: float
    coverage: tuple[float, ...]
    coverage_sd: tuple[float, ...]


def rank(draws: np.ndarray, truth: float) -> int:
    """Number of draws (L,) below the truth, 0 to L."""
    return int(np.sum(draws < truth))


def scaled(ranks: np.ndarray, draws: int, seed: int = 1) -> np.ndarray:
    """Ranks 0 ... L as points of the unit interval: each spread evenly over its 1 / (L + 1), so
    that uniform ranks are uniform points exactly."""
    spread = np.random.default_rng(seed).random(np.shape(ranks))
    return (np.asarray(ranks) + spread) / (draws + 1)


def uniformity(name: str, points: np.ndarray, bins: int) -> Uniformity:
    """Test the scaled ranks (n_sets,) of one quantity.

    Parameters
    ----------
    bins : of the histogram, at most as many as sets
    """
    from arviz_stats.ecdf_utils import compute_ecdf

    n = len(points)
    at, low, high = _band(n)
    ecdf = compute_ecdf(points, at)
    counts = np.histogram(points, bins, (0.0, 1.0))[0]
    coverage = [float(np.mean(np.abs(points - 0.5) <= 0.5 * level)) for level in LEVELS]
    return Uniformity(
        name=name,
        n_sets=n,
        at=at,
        ecdf=ecdf,
        low=low,
        high=high,
        inside=bool(np.all((ecdf >= low) & (ecdf <= high))),
        ks_p=float(stats.kstest(points, "uniform").pvalue),
        bins_p=float(stats.chisquare(counts).pvalue),
        mean=float(points.mean()),
        coverage=tuple(coverage),
        coverage_sd=tuple(float(np.sqrt(level * (1 - level) / n)) for level in LEVELS),
    )


def mean_without_draw(
    points: np.ndarray, places: np.ndarray, expected: float
) -> tuple[float, float]:
    """Mean of scaled ranks with what the draw of the truths adds to it taken out, and its standard
    error: truths that happen to lie high in the prior lie high in wide posteriors, too.

    A control variate: the mean of the points less its regression on the places'.

    Parameters
    ----------
    points : (n,) scaled ranks
    places : (n,) share of the prior below each truth
    expected : their mean over the prior
    """
    off = places - places.mean()
    slope = np.sum(off * points) / np.sum(off**2)
    left = points - points.mean() - slope * off
    error = np.sqrt(np.sum(left**2) / (len(points) - 2) / len(points))
    return float(points.mean() - slope * (places.mean() - expected)), float(error)


@cache
def _band(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the CDF of n points is evaluated, and the ends of its simultaneous band there."""
    from arviz_stats.ecdf_utils import get_pointwise_confidence_band, simulate_confidence_bands

    at = np.arange(1, n) / n
    rng = np.random.default_rng(20220101)
    pointwise = simulate_confidence_bands(n, 1, at, BAND, _SIMULATIONS, rng)
    return (at, *get_pointwise_confidence_band(pointwise, n, at))
