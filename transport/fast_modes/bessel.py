"""Bessel-function pieces of A1 and A2: J_1'(w)^2 and the universal x-integral of A2."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import gamma, gammaln, j0, j1

from transport.fast_modes.panels import NODES, panel_integrals

W_AVERAGE = 100.0
"""Beyond this argument J_1'^2 is replaced by its mean over a period, 1 / (pi w)."""


def bessel_derivative_squared(w):
    """J_1'(w)^2 = (J_0 - J_1 / w)^2, replaced by its mean 1 / (pi w) beyond w = 100."""
    w = np.maximum(w, 1e-8)
    exact = (j0(w) - j1(w) / w) ** 2
    return np.where(w > W_AVERAGE, 1.0 / (np.pi * w), exact)


_SERIES_ORDER = np.arange(40)
_SERIES = (-1.0) ** _SERIES_ORDER * np.exp(
    gammaln(2 * _SERIES_ORDER + 3)
    - gammaln(_SERIES_ORDER + 1)
    - 2 * gammaln(_SERIES_ORDER + 2)
    - gammaln(_SERIES_ORDER + 3)
    - (2 * _SERIES_ORDER + 2) * np.log(2.0)
)
_SERIES /= 2 * _SERIES_ORDER + 0.5
_SERIES_END, _TABLE_STEP, _TABLE_END = 5.0, 0.5, 200.0
TRANSIT_TOTAL = gamma(2.5) * gamma(0.25) / (2.0**2.5 * gamma(1.75) ** 2 * gamma(2.75))
"""P(infinity), the Weber-Schafheitlin integral of w^(-5/2) J_1(w)^2 (DLMF 10.22.57)."""


@cache
def _transit_table():
    """P on a grid of step 0.5 from 5 to 200."""
    edges = np.arange(_SERIES_END, _TABLE_END + _TABLE_STEP / 2, _TABLE_STEP)
    half = _TABLE_STEP / 2.0
    w = (edges[:-1] + half)[:, None] + half * NODES
    steps, _ = panel_integrals(w**-2.5 * j1(w) ** 2, np.full(len(edges) - 1, half))
    return edges, _series(edges[0]) + np.concatenate([[0.0], np.cumsum(steps)])


def _series(w):
    return np.sqrt(w) * np.polynomial.polynomial.polyval(np.square(w), _SERIES)


def transit_primitive(w):
    """P(w), the integral of t^(-5/2) J_1(t)^2 from 0 to w; H(w) = TRANSIT_TOTAL - P(w).

    Taken from below, because A2 needs differences of it at small w. Power series to w = 5, panels
    to 200, from there the mean of the oscillation (error 1e-9).
    """
    w = np.asarray(w, dtype=float)
    result = TRANSIT_TOTAL - np.maximum(w, _TABLE_END) ** -2.5 / (2.5 * np.pi)
    small = w <= _SERIES_END
    result[small] = _series(w[small])
    middle = ~small & (w < _TABLE_END)
    if middle.any():
        edges, values = _transit_table()
        index = ((w[middle] - _SERIES_END) / _TABLE_STEP).astype(int)
        half = (w[middle] - edges[index]) / 2.0
        x = (edges[index] + half)[:, None] + half[:, None] * NODES
        steps, _ = panel_integrals(x**-2.5 * j1(x) ** 2, half)
        result[middle] = values[index] + steps
    return result
