"""Effective numbers of draws, with every walker as a chain.

The autocorrelation time averages over walkers and flatters where a few of them stay long in a
corner. Ranked, and with every walker as a chain of its own (Vehtari et al. 2021), these walkers
count: the bulk ESS says how well the middle of a distribution is known, the tail ESS its 5% and 95%
quantiles. The lesser of the two is what a posterior is worth.
"""

from __future__ import annotations

import numpy as np

TAILS = (0.05, 0.95)
_LEAST = 4
"""Draws of a chain below which nothing is said."""


def bulk_and_tail(series: np.ndarray) -> tuple[float, float]:
    """ESS of one coordinate; NaN where it cannot be told.

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
    return float(bulk), float(tail)
