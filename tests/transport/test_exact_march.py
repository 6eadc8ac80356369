"""The solver of eq. 1 against its closed-form solutions."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from transport.constants import LIGHT_SPEED
from transport.errors import CrtuneError
from transport.exact.laws import Threshold, diffusion, nonlinear_landau, pure_streaming
from transport.exact.march import march
from transport.exact.medium import (
    Medium,
    clustered_heights,
    rigidity_grid,
    streaming_medium,
)

H = 3e22  # cm
V_A = 4e6  # cm/s
ALPHA = 4.2


def power_law(rigidity, slope=ALPHA):
    return 1e-3 * rigidity**-slope


def streaming_error(heights, per_decade, slope=3.7):
    """Largest relative error of pure streaming through a rising v_A at 1-100 GV."""
    z = np.linspace(0.0, H, heights)
    speed = V_A * np.exp(2.0 * z / H)
    r = rigidity_grid(1.0, 5e4, per_decade)
    q = power_law(r, slope)
    f = march(streaming_medium(z, speed), r, q, lambda j: pure_streaming(heights), q / V_A).f
    expected = (V_A / speed) ** (slope / 3.0) * np.multiply.outer(3.0 * q / (slope * V_A), z**0)
    return np.max(np.abs(f / expected - 1.0)[r < 100.0])


def test_eq_3_pure_streaming_with_a_rising_alfven_speed():
    assert streaming_error(200, 64, slope=4.2) < 1e-4


def test_second_order_in_height_and_in_rigidity():
    # the other direction is fine enough (or, for slope 4.5, exact) not to matter
    by_height = [streaming_error(n, 16, slope=4.5) for n in (26, 51, 101)]
    by_rigidity = [streaming_error(1601, n, slope=3.0) for n in (8, 16, 32)]
    for errors in (by_height, by_rigidity):
        order = np.log2(np.array(errors[:-1]) / errors[1:])
        np.testing.assert_allclose(order, 2.0, atol=0.25)


def test_footnote_2_constant_alfven_speed():
    z = np.linspace(0.0, H, 11)
    r = rigidity_grid(1.0, 5e4, 32)
    q = power_law(r)
    medium = streaming_medium(z, np.full(11, V_A))
    solution = march(medium, r, q, lambda j: pure_streaming(11), q / V_A)
    low = r < 1e4
    f = solution.f[low]
    np.testing.assert_allclose(f / (3.0 * q / (ALPHA * V_A))[low, None], 1.0, rtol=2e-4)
    conserved = q[low, None] - V_A * f * (ALPHA - 3.0) / 3.0
    np.testing.assert_allclose(solution.flux[low] / conserved, 1.0, rtol=2e-4)


def test_eq_15_diffusion_in_turbulence():
    z = np.linspace(0.0, H, 7)
    r = rigidity_grid(1.0, 5e4, 4)
    q = power_law(r)
    kappa, outer = 1e28, 5e-11
    medium = Medium(z, np.zeros(7), np.zeros(7))
    f = march(medium, r, q, lambda j: diffusion(np.full(7, kappa), outer * q[j]), q * H / kappa).f
    expected = q[:, None] * ((H - z) / kappa + outer)
    np.testing.assert_allclose(f[:, :-1] / expected[:, :-1], 1.0, rtol=1e-10)


@pytest.mark.parametrize("ratio", [1e-4, 1e-2, 1.0, 1e3])
def test_eq_13_nonlinear_landau_damping_without_losses(ratio):
    """ratio: X^2 / (Q v_A h), small where streaming wins, large where damping does."""
    z = clustered_heights(0.0, H, 1e-6, 0.01, 1.05)
    r = rigidity_grid(1.0, 1.0, 2)
    q = power_law(r)
    x = np.sqrt(ratio * q * V_A * H)
    medium = streaming_medium(z, np.full(len(z), V_A), jump=False)
    f = march(medium, r, q, lambda j: nonlinear_landau(np.full(len(z), x[j])), q / V_A).f
    a = (x**2 / (q * V_A))[:, None]
    expected = (q / V_A)[:, None] * (1.0 - a / (H - z + a))
    np.testing.assert_allclose(f[:, :-1] / expected[:, :-1], 1.0, rtol=2e-2)
    np.testing.assert_allclose(f[:, 0] / expected[:, 0], 1.0, rtol=1e-4)


def test_nonlinear_landau_damping_with_losses_at_the_disk():
    """At constant v_A the flux jumps at the disk only, which leaves an ODE in momentum alone:
    (v_A/3) df/dlnp = F(f) - v_A f - Q, F the flux of eq. 13 solved for its Q."""
    z = clustered_heights(0.0, H, 1e-6, 0.01, 1.05)
    r = rigidity_grid(1.0, 5e4, 48)
    q = power_law(r)
    x = np.sqrt(q * V_A * H * (r / 300.0) ** 1.2)
    medium = streaming_medium(z, np.full(len(z), V_A))
    scale = q / V_A / (1.0 + (r / 300.0) ** 1.2)
    solution = march(
        medium, r, q, lambda j: nonlinear_landau(np.full(len(z), x[j])), scale, ALPHA + 1.2
    )

    def rate(log_r, log_f):
        rigidity, f = np.exp(log_r), np.exp(log_f)
        x2_over_h = power_law(rigidity) * V_A * (rigidity / 300.0) ** 1.2
        # (root - v_A f) / 2 without its cancellation
        diffusive = 2.0 * x2_over_h * f / (np.sqrt((V_A * f) ** 2 + 4.0 * x2_over_h * f) + V_A * f)
        return 3.0 / V_A * (diffusive - power_law(rigidity)) / f

    ode = solve_ivp(
        rate,
        np.log([r[-1], 1.0]),
        np.log(solution.f[-1:, 0]),
        method="Radau",
        rtol=1e-8,
        atol=1e-8,
        dense_output=True,
    )
    low = r < 1e5
    np.testing.assert_allclose(solution.f[low, 0], np.exp(ode.sol(np.log(r[low]))[0]), rtol=5e-4)


def test_eq_19_linear_damping_without_losses():
    z = np.geomspace(1.5e21, 6e22, 160)
    r = rigidity_grid(1.0, 5e4, 8)
    q = power_law(r, 4.3)
    threshold = 1e-5 * np.multiply.outer(r**-3.5, z[0] / z)
    medium = streaming_medium(z, np.full(len(z), V_A), jump=False)
    f = march(medium, r, q, lambda j: Threshold(threshold[j]), q / V_A).f
    confined = (q[:, None] - threshold) / V_A
    floor = q / LIGHT_SPEED  # of particles that nothing confines, at the outer boundary
    largest_above = np.maximum.accumulate(confined[:, ::-1], axis=1)[:, ::-1]
    expected = np.maximum(largest_above, floor[:, None])
    np.testing.assert_allclose(f, expected, rtol=1e-9)
    assert np.any(expected[:, 0] == floor)
    assert np.any((threshold[:, 0] > q) & (expected[:, 0] > floor))


def test_particle_number_is_conserved():
    """All that is injected above p_min leaves at the top or cools through p_min:
    int p^2 (Q - F_top) dp = (p_min^3 / 3) int f dV."""
    z = clustered_heights(0.0, H, 1e-5, 0.01, 1.05)
    speed = V_A * np.exp(z / H)
    r = rigidity_grid(1.0, 5e4, 64)
    q = power_law(r)
    x = np.sqrt(0.1 * q * V_A * H * (r / 10.0) ** 1.2)
    medium = streaming_medium(z, speed)
    s = march(medium, r, q, lambda j: nonlinear_landau(np.full(len(z), x[j])), q / V_A, 5.0)
    lost = np.trapezoid(r**3 * (q - s.flux[:, -1]), np.log(r))
    cooled = r[0] ** 3 / 3.0 * (V_A * s.f[0, 0] + np.trapezoid(s.f[0], speed))
    assert lost == pytest.approx(cooled, rel=2e-3)


def test_the_jump_inside_the_domain_takes_its_share():
    """Diffusion below, streaming above: footnote 2 holds at the interface, the flux below is Q."""
    z = np.linspace(0.0, H, 21)
    below = np.where(z > 0.5 * H, V_A, 0.0)
    above = np.where(z >= 0.5 * H, V_A, 0.0)
    kappa = np.where(z < 0.5 * H, 1e28, 0.0)
    r = rigidity_grid(1.0, 5e4, 32)
    q = power_law(r)
    law = diffusion(kappa, None)
    s = march(Medium(z, below, above), r, q, lambda j: law, q * (1 / V_A + H / 1e28))
    low = r < 1e4
    f_interface = 3.0 * q / (ALPHA * V_A)
    np.testing.assert_allclose(s.flux[:, 0], q)
    np.testing.assert_allclose(s.f[low, 10] / f_interface[low], 1.0, rtol=3e-4)
    expected = f_interface + 0.5 * H * q / 1e28
    np.testing.assert_allclose(s.f[low, 0] / expected[low], 1.0, rtol=3e-4)


def test_passive_species_follows_the_protons_at_equal_speed():
    z = clustered_heights(0.0, H, 1e-5, 0.02, 1.1)
    medium = streaming_medium(z, V_A * np.exp(z / H))
    r = rigidity_grid(1.0, 5e4, 16)
    q = power_law(r)
    x = np.full(len(z), 1.0)
    level = np.sqrt(0.3 * q * V_A * H)
    protons = march(medium, r, q, lambda j: nonlinear_landau(level[j] * x), q / V_A)

    def passive(j):
        law = nonlinear_landau(level[j] * x)
        return law.passive(protons.gradient[j], protons.diffusive[j], 1.0)

    other = march(medium, r, 7.0 * q, passive, q / V_A)
    np.testing.assert_allclose(other.f[:, :-1], 7.0 * protons.f[:, :-1], rtol=1e-7)


def test_a_falling_speed_is_refused():
    z = np.linspace(0.0, H, 5)
    r = rigidity_grid(1.0, 5e4, 4)
    q = power_law(r)
    with pytest.raises(CrtuneError, match="falls with height"):
        march(streaming_medium(z, V_A * (2.0 - z / H)), r, q, lambda j: pure_streaming(5), q / V_A)
