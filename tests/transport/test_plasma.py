"""Plasma quantities against PlasmaPy and the values the paper quotes."""

import astropy.units as u
import numpy as np
import pytest
from plasmapy.formulary import Alfven_speed, gyrofrequency, inertial_length, thermal_speed

from transport import plasma
from transport.constants import LIGHT_SPEED
from transport.kinematics import PROTON, beta

PHASES = [(6e-6, 0.2, 1e4), (1e-6, 0.003, 3e6), (6e-6, 0.1, 2e4)]


@pytest.mark.parametrize(("b", "n", "t"), PHASES)
def test_speeds_match_plasmapy(b, n, t):
    v_a = Alfven_speed(b * u.G, density=n * u.cm**-3, ion="p+")
    # PlasmaPy counts the electrons' mass in the density of a neutral plasma
    assert plasma.alfven_speed(b, n) == pytest.approx(v_a.to_value("cm/s"), rel=6e-4)
    v_th = thermal_speed(t * u.K, particle="p+", method="most_probable")
    assert plasma.thermal_speed(t) == pytest.approx(v_th.to_value("cm/s"), rel=1e-8)
    omega = gyrofrequency(b * u.G, particle="p+")
    assert plasma.proton_gyrofrequency(b) == pytest.approx(omega.to_value("rad/s"), rel=1e-8)


def test_alfven_speed_is_inertial_length_times_gyrofrequency():
    b, n = 3e-6, 0.02
    d_i = inertial_length(n * u.cm**-3, particle="p+").to_value("cm")
    assert plasma.alfven_speed(b, n) == pytest.approx(
        d_i * plasma.proton_gyrofrequency(b), rel=1e-6
    )


@pytest.mark.parametrize(
    ("n", "t", "expected"), [(0.1, 2e4, 3.430e13), (0.001, 2e6, 2.506e19), (0.2, 1e4, 4.540e12)]
)
def test_mean_free_path_reference_values(n, t, expected):
    assert plasma.ion_mean_free_path(n, t) == pytest.approx(expected, rel=3e-4)


def test_betas_of_section_5():
    assert plasma.plasma_beta(6e-6, 0.2, 1e4) == pytest.approx(0.2, rel=0.05)
    assert plasma.plasma_beta(1e-6, 0.003, 3e6) == pytest.approx(30.0, rel=0.05)


def test_gyroradius_is_speed_over_relativistic_gyrofrequency():
    rigidity, b = np.array([0.3, 1.0, 100.0]), 6e-6
    v = beta(rigidity, PROTON)
    omega = plasma.proton_gyrofrequency(b) * np.sqrt(1.0 - v**2)
    assert plasma.gyroradius(rigidity, b) == pytest.approx(v * LIGHT_SPEED / omega, rel=1e-7)
