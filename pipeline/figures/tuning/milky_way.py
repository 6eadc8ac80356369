"""The Milky Way's own slopes, by the recipe that the scenarios' slopes follow."""

from __future__ import annotations

from functools import cache

import numpy as np

from likelihoods.reading import read_measurement
from transport.kinematics import PROTON
from transport.modulation import interstellar_rigidity, suppression
from transport.observables import DELTAS, POINTS_PER_SLOPE

DEMODULATION = 0.8
"""GV, high for the years in which the spectrum was taken."""
_DRAWS = 500


@cache
def observed_proton_slope(low: float = 10.0, high: float = 1000.0) -> tuple[float, float]:
    """d ln J / d ln R of AMS-02's protons of 2015, demodulated by `DEMODULATION` and as measured.

    A straight line through equally spaced points, as in `transport.observables`, of the table
    interpolated in ln-ln.

    Parameters
    ----------
    low, high : GV
    """
    table = read_measurement("ams02_proton_2015")
    slopes = []
    for potential in (DEMODULATION, 0.0):
        outside = interstellar_rigidity(table.rigidity_centre, potential, PROTON)
        flux = table.value / suppression(table.rigidity_centre, outside, PROTON)
        slopes.append(_slope(outside, flux, low, high))
    return slopes[0], slopes[1]


@cache
def observed_delta() -> tuple[float, float]:
    """Minus the slope of AMS-02's B/C of 2016 over the first of `DELTAS`, and its error.

    As measured; the error is that of the points, taken as independent. Modulation moves the slope
    by less than that: above 20 GV it shifts boron and carbon of one rigidity alike.
    """
    table = read_measurement("ams02_bc_2016")
    error = 0.5 * (table.error_minus + table.error_plus)
    noise = error * np.random.default_rng(0).standard_normal((_DRAWS, error.size))
    slopes = [_slope(table.rigidity_centre, table.value + n, *DELTAS[0]) for n in (0.0, *noise)]
    return -slopes[0], float(np.std(slopes[1:]))


def _slope(rigidity, value, low, high) -> float:
    """d ln(value) / d ln R of a table, interpolated in ln-ln."""
    nodes = np.linspace(np.log(low), np.log(high), POINTS_PER_SLOPE)
    points = np.interp(nodes, np.log(rigidity), np.log(value))
    return float(np.polyfit(nodes, points, 1)[0])
