"""What draws of chains are worth: autocorrelation, effective numbers, R-hat.

The autocorrelation time averages over walkers and flatters where a few of them stay long in a
corner. Ranked, and with every walker as a chain of its own (Vehtari et al. 2021), these walkers
count: the bulk ESS says how well the middle of a distribution is known, the tail ESS its 5% and 95%
quantiles. The lesser of the two is what a posterior is worth.
"""

from __future__ import annotations

import numpy as np
from emcee.autocorr import auto_window
from scipy import fft

TAILS = (0.05, 0.95)
_LEAST = 4
"""Draws of a chain below which nothing is said."""
_MAX_SERIES = 4096
"""Points per walker used for the autocorrelation."""


def integrated_time(series: np.ndarray, window: float = 5.0) -> float:
    """Integrated autocorrelation time of walkers that share one law, in units of a row.

    The estimate of emcee (autocorrelation averaged over walkers, Sokal's window), with real
    transforms for all walkers at once; long series are thinned to a few thousand points, which
    can only make a short time look longer.

    Parameters
    ----------
    series : (n, n_walkers)

    Returns
    -------
    float, NaN if a value is not finite, or a walker never moves, or so little that its variance
    underflows
    """
    every = max(1, len(series) // _MAX_SERIES)
    x = np.asarray(series[::every], dtype=float)
    if len(x) < 2 or not np.all(np.isfinite(x)) or np.any(np.ptp(x, axis=0) == 0):
        return float("nan")
    n = len(x)
    transform = fft.rfft(x - x.mean(axis=0), n=fft.next_fast_len(2 * n, real=True), axis=0)
    power = transform.real**2 + transform.imag**2
    correlation = fft.irfft(power, n=fft.next_fast_len(2 * n, real=True), axis=0)[:n]
    if not np.all(correlation[0] >= np.finfo(float).tiny):
        return float("nan")
    mean_correlation = np.mean(correlation / correlation[0], axis=1)
    taus = 2.0 * np.cumsum(mean_correlation) - 1.0
    return float(every * taus[auto_window(taus, window)])


def bulk_and_tail(series: np.ndarray) -> tuple[float, float]:
    """ESS of one coordinate, no more than there are draws; NaN where it cannot be told.

    Parameters
    ----------
    series : (n_ensembles, n, nwalkers)
    """
    from arviz_stats.base import array_stats  # takes a second to import: not in every worker

    n = series.shape[1]
    chains = series.swapaxes(1, 2).reshape(-1, n)
    if n < _LEAST or not np.all(np.isfinite(chains)) or np.ptp(chains) == 0:
        return float("nan"), float("nan")
    axes = {"chain_axis": 0, "draw_axis": 1}
    bulk = array_stats.ess(chains, method="bulk", **axes)
    tail = array_stats.ess(chains, method="tail", prob=TAILS, **axes)
    return float(min(bulk, chains.size)), float(min(tail, chains.size))


def split_rhat(draws: np.ndarray) -> float:
    """Rank-normalised split R-hat of (n_chains, n_draws); NaN where a chain does not move."""
    if draws.shape[1] < 4 or not np.all(np.isfinite(draws)) or np.any(np.ptp(draws, axis=1) == 0):
        return float("nan")
    from arviz_stats.base import array_stats  # takes a second to import: not in every worker

    return float(array_stats.rhat(draws, chain_axis=0, draw_axis=1, method="rank"))
