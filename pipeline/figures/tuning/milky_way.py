"""The Milky Way's own proton slope, by the recipe that the scenarios' slopes follow."""

from __future__ import annotations

from functools import cache

import numpy as np

from likelihoods.measurement import read_measurement
from transport.kinematics import PROTON
from transport.modulation import interstellar_rigidity, suppression
from transport.observables import POINTS_PER_SLOPE

DEMODULATION = 0.8
"""GV, high for the years in which the spectrum was taken."""


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
    nodes = np.linspace(np.log(low), np.log(high), POINTS_PER_SLOPE)
    slopes = []
    for potential in (DEMODULATION, 0.0):
        outside = interstellar_rigidity(table.rigidity_centre, potential, PROTON)
        flux = table.value / suppression(table.rigidity_centre, outside, PROTON)
        points = np.interp(nodes, np.log(outside), np.log(flux))
        slopes.append(float(np.polyfit(nodes, points, 1)[0]))
    return slopes[0], slopes[1]
