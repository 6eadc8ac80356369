"""How well a predictive distribution foretold data: chi2, ln predictive density, PIT, coverage.

The predictive distribution is a mixture of Gaussians, one for each posterior draw
(`likelihoods.conditional.Gaussians`). Every score is compared with what it would be if the
data came from that very distribution: replicated data are drawn from the mixture and scored by the
other components (a component would flatter its own draw). So p-values are right whatever the
correlation of bins and however far from Gaussian the mixture is; only the number of replicates
limits them.

PIT: the predictive probability of a smaller value, uniform if the model is true (Dawid 1984;
Gneiting, Balabdaoui & Raftery 2007). Bins are correlated, so their PIT are, and a handful of bins
outside the bands may be a single fluctuation: the range given with coverage tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, ndtr

from likelihoods.conditional import Gaussians

BANDS = (0.68, 0.95)
_REPLICATES = 400
_BLOCK = 64  # components evaluated at a time


@dataclass(frozen=True)
class Score:
    """Scores of one data set; p-values are the share of replicated data that do worse.

    Attributes
    ----------
    n_bins : data points
    chi2, chi2_p : squared distance from the predictive mean in units of the predictive covariance
    log_density : ln predictive density of all points together, of ln d (or of d / d_observed where
        the model has no discrepancy)
    log_density_expected, log_density_sd : its mean and sd over replicated data: what it would be
        on average if the model were true
    log_density_p : small where the data are less likely than replicated ones
    pit : (n_bins,) predictive probability of a smaller value
    pit_p : of the largest distance between the distribution of `pit` and the uniform one
    coverage : share of bins in the central 68% and 95% of the predictive distribution
    coverage_range : ends of the central 95% of each `coverage` over replicated data, (2, 2)
    bands : (5, n_bins) quantiles 0.025, 0.16, 0.5, 0.84, 0.975 of d / d_observed
    effective_draws : posterior draws that the density at the data rests on (Kish)
    """

    n_bins: int
    chi2: float
    chi2_p: float
    log_density: float
    log_density_expected: float
    log_density_sd: float
    log_density_p: float
    pit: np.ndarray
    pit_p: float
    coverage: tuple[float, float]
    coverage_range: tuple[tuple[float, float], tuple[float, float]]
    bands: np.ndarray
    effective_draws: float


def score(predicted: Gaussians, rng: np.random.Generator, replicates: int = _REPLICATES) -> Score:
    """Score the data, which are at y = 0, against a predictive distribution.

    Parameters
    ----------
    predicted : one Gaussian for each draw, at least two of them
    replicates : data sets to compare with
    """
    n, n_bins = predicted.mean.shape
    lower = np.linalg.cholesky(predicted.covariance)
    source = rng.integers(n, size=replicates)
    noise = rng.standard_normal((replicates, n_bins))
    drawn = predicted.mean[source] + np.einsum("mij,mj->mi", lower[source], noise)
    points = np.concatenate([np.zeros((1, n_bins)), drawn])

    by_component = _log_densities(predicted.mean, lower, points)
    by_component[np.arange(1, replicates + 1), source] = -np.inf
    others = np.where(np.arange(replicates + 1) == 0, n, n - 1)
    log_density = logsumexp(by_component, axis=1) - np.log(others)
    weight = np.exp(by_component[0] - by_component[0].max())

    chi2 = _chi2(predicted, points)
    sd = np.sqrt(np.einsum("nii->ni", predicted.covariance))
    pit = _pit(predicted.mean, sd, points)
    distance = _distance_from_uniform(pit)
    coverage = np.array([np.mean(np.abs(pit - 0.5) <= 0.5 * band, axis=1) for band in BANDS])
    ends = np.quantile(coverage[:, 1:], [0.025, 0.975], axis=1)
    return Score(
        n_bins=n_bins,
        chi2=float(chi2[0]),
        chi2_p=_share(chi2[1:] >= chi2[0]),
        log_density=float(log_density[0]),
        log_density_expected=float(log_density[1:].mean()),
        log_density_sd=float(log_density[1:].std()),
        log_density_p=_share(log_density[1:] <= log_density[0]),
        pit=pit[0],
        pit_p=_share(distance[1:] >= distance[0]),
        coverage=tuple(coverage[:, 0].tolist()),
        coverage_range=tuple(map(tuple, ends.T.tolist())),
        bands=_bands(predicted, lower, rng),
        effective_draws=float(weight.sum() ** 2 / np.sum(weight**2)),
    )


def _share(worse: np.ndarray) -> float:
    """p-value that counts the data among its replicates, so that it is never 0."""
    return float((1 + worse.sum()) / (1 + worse.size))


def _log_densities(mean, lower, points):
    """ln N (n_points, n) of points (n_points, n_bins) under every component."""
    n, n_bins = mean.shape
    result = np.empty((len(points), n))
    log_norm = np.log(np.einsum("nii->ni", lower)).sum(axis=1) + 0.5 * n_bins * np.log(2 * np.pi)
    for first in range(0, n, _BLOCK):
        part = slice(first, first + _BLOCK)
        inverse = np.linalg.inv(lower[part])
        white = (points[None] - mean[part, None]) @ inverse.swapaxes(1, 2)
        result[:, part] = -0.5 * np.sum(white**2, axis=2).T - log_norm[part]
    return result


def _chi2(predicted, points):
    """(n_points,): by mean and covariance of the whole mixture."""
    mean = predicted.mean.mean(axis=0)
    covariance = predicted.covariance.mean(axis=0) + np.cov(
        predicted.mean, rowvar=False, ddof=0
    ).reshape(2 * mean.shape)
    white = np.linalg.solve(np.linalg.cholesky(covariance), (points - mean).T)
    return np.sum(white**2, axis=0)


def _pit(mean, sd, points):
    """(n_points, n_bins): CDF of the mixture's marginals."""
    result = np.zeros(points.shape)
    for centre, width in zip(mean, sd, strict=True):
        result += ndtr((points - centre) / width)
    return result / len(mean)


def _distance_from_uniform(pit):
    """Kolmogorov-Smirnov distance of each row from the uniform distribution."""
    ordered = np.sort(pit, axis=1)
    n = pit.shape[1]
    above = np.arange(1, n + 1) / n - ordered
    below = ordered - np.arange(n) / n
    return np.maximum(above, below).max(axis=1)


def _bands(predicted, lower, rng):
    """Quantiles of d / d_observed, from four draws of each component."""
    noise = rng.standard_normal((4, *predicted.mean.shape))
    y = predicted.mean + np.einsum("nij,knj->kni", lower, noise)
    flat = predicted.relative(y).reshape(-1, y.shape[-1])
    return np.quantile(flat, [0.025, 0.16, 0.5, 0.84, 0.975], axis=0)
