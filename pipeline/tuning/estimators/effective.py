"""How many independent draws a set of correlated or weighted ones is worth."""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2

from pipeline.posterior.effective import integrated_time

SURPRISE = 1e-3
"""Probability below which a scatter is taken for a disagreement and not for chance."""

UNCONVERGED = "the chains are NOT CONVERGED"

_LOWEST_POWER = np.log(1e-8)
"""ln of the lowest power of L that is tried."""

LEAST_WALKERS = 20
"""Walkers whose means tell the autocorrelation time, to 30%."""


def weighted_size(log_weight: np.ndarray) -> float:
    """Kish's effective number of weighted points, (sum w)^2 / sum w^2."""
    w = np.exp(log_weight - np.max(log_weight))
    return float(w.sum() ** 2 / (w**2).sum())


def tempered(log_l: np.ndarray, beta: float, log_weight: np.ndarray | float = 0.0) -> np.ndarray:
    """ln of weights times L^beta, (n,); -inf where L is 0 or unknown."""
    possible = np.isfinite(log_l)
    return np.where(possible, log_weight + beta * np.where(possible, log_l, 0.0), -np.inf)


def power(log_l: np.ndarray, wanted: float, log_weight: np.ndarray | float = 0.0) -> float:
    """The highest power of L, up to 1, that leaves so many effective points.

    Parameters
    ----------
    log_l : (n,) ln L of the points
    wanted : effective points (`weighted_size`)
    log_weight : (n,) ln of what they weigh without L, equal by default
    """

    def enough(beta):
        return weighted_size(tempered(log_l, beta, log_weight)) >= wanted

    if enough(1.0):
        return 1.0
    low, high = _LOWEST_POWER, 0.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if enough(np.exp(middle)) else (low, middle)
    return float(np.exp(low))


def chain_size(series: np.ndarray) -> float:
    """Effective number of draws of one quantity in the chains of an ensemble sampler.

    Number of draws over the autocorrelation time; NaN where a walker is frozen. The time is the
    larger of the integrated autocorrelation and, where there are `LEAST_WALKERS` walkers, of
    n Var(means of walkers) / Var: the first is too short in chains of less than some 50 times,
    the second is not, and it notices walkers that stay in different modes.

    Parameters
    ----------
    series : (n_ensembles, n_steps, n_walkers)
    """
    columns = np.swapaxes(series, 0, 1).reshape(series.shape[1], -1)
    tau = integrated_time(columns)
    if not np.isfinite(tau):
        return float("nan")
    n, walkers = columns.shape
    if walkers >= LEAST_WALKERS:
        tau = max(tau, n * columns.mean(axis=0).var(ddof=1) / columns.var())
    return float(series.size / max(tau, 1.0))


def chain_mean(series: np.ndarray) -> tuple[float, float]:
    """Mean of one quantity over chains and its standard error.

    The error is the larger of what the autocorrelation within ensembles and what the scatter of
    the ensembles' means tells; the second also knows of modes between which no ensemble moves.

    Parameters
    ----------
    series : (n_ensembles, n_steps, n_walkers)
    """
    within = series.std() / np.sqrt(chain_size(series))
    if len(series) == 1:
        return float(series.mean()), float(within)
    between = series.mean(axis=(1, 2)).std(ddof=1) / np.sqrt(len(series))
    return float(series.mean()), float(np.fmax(within, between))


def ensembles_differ(series: np.ndarray) -> float:
    """p-value of the hypothesis that all ensembles have the same mean, by chi2.

    1 for a single ensemble. A frozen walker, whose autocorrelation is undefined, gives 0.

    Parameters
    ----------
    series : (n_ensembles, n_steps, n_walkers)
    """
    n = len(series)
    if n == 1:
        return 1.0
    sizes = np.array([chain_size(one[None]) for one in series])
    if not np.isfinite(sizes).all():
        return 0.0
    errors = series.std(axis=(1, 2)) / np.sqrt(sizes)
    return scatter_probability(series.mean(axis=(1, 2)), errors)


def scatter_probability(values: np.ndarray, errors: np.ndarray) -> float:
    """p-value, by chi2, of values with Gaussian errors being estimates of one number."""
    values, errors = np.asarray(values, dtype=float), np.asarray(errors, dtype=float)
    weight = 1.0 / np.maximum(errors, 1e-300) ** 2
    mean = np.average(values, weights=weight / weight.max())
    return float(chi2.sf(np.sum(((values - mean) / errors) ** 2), len(values) - 1))


def weighted_quantiles(values: np.ndarray, weight: np.ndarray, probabilities) -> np.ndarray:
    """Quantiles of weighted points (n,), interpolated between the middles of their weights."""
    order = np.argsort(values)
    weight = weight[order]
    middle = np.cumsum(weight) - 0.5 * weight
    return np.interp(probabilities, middle / weight.sum(), values[order])
