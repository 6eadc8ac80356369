"""The supernova source: its energy adds up, and fluxes follow from it."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from transport.constants import CENTURY, ERG_PER_GEV, KPC, LIGHT_SPEED, PROTON_MASS_GEV
from transport.injection import (
    GEV_PER_C,
    MAXIMUM_MOMENTUM,
    energy_integral,
    flux_per_rigidity,
    proton_source,
)


def kinetic(p):
    return p * p / (np.hypot(p, PROTON_MASS_GEV) + PROTON_MASS_GEV)


@given(st.floats(4.0, 4.8))
def test_energy_integral_matches_quadrature(gamma):
    def integrand(log_p):
        p = np.exp(log_p)
        return 4.0 * np.pi * p ** (3.0 - gamma) * kinetic(p)

    # substituting p = e^x reaches p = 0 where the remainder, ~ p^(5 - gamma), is below 1e-9
    ends = [-110.0, -20.0, -3.0, 2.0, np.log(MAXIMUM_MOMENTUM)]
    expected = sum(
        quad(integrand, a, b, epsrel=1e-10, limit=200)[0] for a, b in itertools.pairwise(ends)
    )
    assert energy_integral(gamma) == pytest.approx(expected, rel=1e-8)


def test_source_carries_the_supernova_energy():
    gamma, energy, radius = 4.3, 2e50, 8.0 * KPC
    p = np.geomspace(1e-8, MAXIMUM_MOMENTUM, 40001)
    q = proton_source(p, np.array([energy]), np.array([gamma]), np.array([radius]))[0]
    power = (
        4.0 * np.pi * np.trapezoid(q * (p * GEV_PER_C) ** 3 * kinetic(p) * ERG_PER_GEV, np.log(p))
    )
    assert 2.0 * np.pi * radius**2 * power == pytest.approx(energy / CENTURY, rel=1e-4)


def test_flux_is_intensity_per_rigidity():
    # number density of a shell in momentum space: n = int 4 pi p^2 f dp = int (4 pi / v) J dR
    rigidity = np.geomspace(1.0, 10.0, 20001)
    f = (rigidity * GEV_PER_C) ** -4.3
    flux = flux_per_rigidity(f, rigidity, LIGHT_SPEED)
    density = np.trapezoid(4 * np.pi * (rigidity * GEV_PER_C) ** 2 * f * GEV_PER_C, rigidity)
    assert np.trapezoid(4 * np.pi / LIGHT_SPEED * flux * 1e-4, rigidity) == pytest.approx(density)
