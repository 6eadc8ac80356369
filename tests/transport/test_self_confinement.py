"""Self-confinement against its own differential equations and limits."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from transport.constants import KPC, LIGHT_SPEED, PC, PROTON_MASS
from transport.injection import GEV_PER_C, proton_source
from transport.kinematics import PROTON, beta
from transport.plasma import alfven_speed, gyroradius, proton_gyrofrequency
from transport.secondaries import spallation_speed
from transport.self_confinement import (
    linear_damping_coefficient,
    nonlinear_landau_coefficient,
    residence_streaming,
    turbulent_damping_rate,
)

B, N, T = np.array([1e-6]), np.array([0.003]), np.array([3e6])


def fiducial(rigidity):
    q = proton_source(rigidity, np.array([1e50]), np.array([4.3]), np.array([10 * KPC]))
    return q, nonlinear_landau_coefficient(rigidity, B, N, T), alfven_speed(B, N)


@pytest.mark.parametrize("rigidity", [0.3, 10.0, 300.0, 1e4])
def test_streaming_halo_solves_equation_11(rigidity):
    q, x, v_a = (np.squeeze(a) for a in fiducial(np.array([rigidity])))
    height = 9.5 * KPC
    # v_A f + X sqrt(-f') = Q from f(height) = 0, in units of Q / v_A and of the height
    a = x**2 / (q * v_a * height)
    solution = solve_ivp(
        lambda _, g: -((1.0 - g) ** 2) / a, (1.0, 0.0), [0.0], rtol=1e-9, atol=1e-13, method="Radau"
    )
    expected = solution.y[0, -1] / v_a
    got = residence_streaming(q[None, None], x[None, None], v_a[None], np.array([height]))
    assert got[0, 0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("rigidity", [0.3, 1.0, 10.0])
def test_boron_in_the_protons_waves_solves_its_equation(rigidity):
    """v_A f + kappa_p (v_B/v_p) (-f') = Q_B with the protons' kappa gives eq. 25."""
    q, x, v_a = (np.squeeze(a) for a in fiducial(np.array([rigidity])))
    height, ratio = 9.5 * KPC, 1.25
    a = x**2 / (q * v_a)

    def slope(zeta, g):  # g in units of Q_B / v_A, zeta = z / height
        # protons: f = (Q / v_A) [1 - a / (h - z + a)], kappa = X / sqrt(-f')
        minus_gradient = q / v_a * a / (height * (1.0 - zeta) + a) ** 2
        kappa = x / np.sqrt(minus_gradient) / ratio
        return -(1.0 - g) * v_a * height / kappa

    solution = solve_ivp(slope, (1.0, 0.0), [0.0], rtol=1e-9, atol=1e-13, method="Radau")
    got = residence_streaming(q[None, None], x[None, None], v_a[None], np.array([height]), ratio)
    assert got[0, 0] * v_a == pytest.approx(solution.y[0, -1], rel=1e-6)


def test_limits_of_the_streaming_halo():
    rigidity = np.array([1e-3, 1e9])
    q, x, v_a = fiducial(rigidity)
    height = np.array([10 * KPC])
    residence = residence_streaming(q, x, v_a, height)
    assert residence[0, 0] == pytest.approx(1.0 / v_a[0], rel=1e-3)  # eq. 12: Alfvenic escape
    assert residence[0, 1] == pytest.approx(height[0] * q[0, 1] / x[0, 1] ** 2, rel=1e-4)


def test_x_of_equation_10_term_by_term():
    rigidity = np.array([2.0])
    omega, v_a = proton_gyrofrequency(B)[0], alfven_speed(B, N)[0]
    v_th = np.sqrt(2 * 1.380649e-16 * T[0] / PROTON_MASS)
    v, p = LIGHT_SPEED * beta(rigidity, PROTON)[0], GEV_PER_C * 2.0
    inside = 8 * v_th * omega * B[0] ** 2 / (PROTON_MASS * v_a * v**3 * p**3)
    expected = v**2 / (2 * np.pi**2 * omega) * np.sqrt(inside)
    assert nonlinear_landau_coefficient(rigidity, B, N, T)[0, 0] == pytest.approx(
        expected, rel=1e-7
    )


def test_linear_damping_by_turbulence_is_equation_23():
    """S = p^-3.5 L^-0.5 B_tot B_z / (4 pi^3 (m Omega_0)^0.5), relativistic Omega_0 = eB/(m c)."""
    rigidity, scale = np.array([1.0, 30.0]), np.array([500 * PC])
    rate = turbulent_damping_rate(rigidity, B, N, scale)
    got = linear_damping_coefficient(rigidity, rate, B, N)[0]
    p = GEV_PER_C * rigidity
    m_omega = PROTON_MASS * proton_gyrofrequency(B)[0]
    expected = p**-3.5 * scale**-0.5 * B**2 / (4 * np.pi**3 * m_omega**0.5)
    assert got == pytest.approx(expected, rel=1e-7)
    assert rate[0] == pytest.approx(
        alfven_speed(B, N) / np.sqrt(scale * gyroradius(rigidity, B)), rel=1e-12
    )


def test_spallation_of_carbon_in_the_disk():
    column = np.array([200 * PC * 1.25])
    # v = c at high rigidity: 61 mb through 7.7e20 cm^-2
    assert spallation_speed(np.array([1e6]), column)[0, 0] == pytest.approx(
        61e-27 * 200 * PC * 1.25 * LIGHT_SPEED, rel=1e-6
    )
