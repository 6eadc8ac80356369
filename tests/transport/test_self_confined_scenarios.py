"""Self-confinement under each damping, stratified and in two phases: closed forms and numerics."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import minimize_scalar

from tests.transport.fiducial_spectra import R, one, spectra
from transport.constants import LIGHT_SPEED
from transport.diagnostics import GRID
from transport.injection import flux_per_rigidity
from transport.kinematics import PROTON, beta
from transport.plasma import gyroradius, ion_mean_free_path
from transport.scenario import get_scenario
from transport.secondaries import spallation_speed
from transport.self_confinement import (
    residence_both_dampings,
    residence_linear,
    residence_streaming,
)
from transport.stratified import confinement_height, residence_stratified


@pytest.mark.parametrize("sigma", [1e-4, 0.03, 0.5, 0.95])
@pytest.mark.parametrize("a", [0.05, 1.0, 30.0])
def test_both_dampings_solve_their_equation(sigma, a):
    """v_A f + F = Q with F^2 - S F = X^2 |f'|, in units of Q / v_A and h (h = v_A = Q = 1)."""
    v_a = 1e6  # far below c, so that the free-streaming floor stays out

    def slope(_, f):
        flux = 1.0 - f  # F / Q
        return -(flux**2 - sigma * flux) / a

    f = solve_ivp(slope, (1.0, 0.0), [0.0], rtol=1e-10, atol=1e-13).y[0, -1]
    got = residence_both_dampings(one(1), one(np.sqrt(a * v_a)), one(sigma), np.array([v_a]),
                                  np.array([1.0]))  # fmt: skip
    assert got[0, 0] * v_a == pytest.approx(f, rel=1e-7)


@pytest.mark.parametrize("ratio", [1.0, 1.3])
def test_a_passive_species_under_both_dampings(ratio):
    """v_A f_B + kappa_p (v_B/v_p) |f_B'| = Q_B with kappa_p = F / |f_p'|."""
    sigma, a, v_a = 0.2, 0.7, 1e6

    def slope(_, y):
        flux, boron = y
        kappa = a / (flux - sigma)  # F / |f_p'|
        return [flux * (flux - sigma) / a, -(1.0 - boron) / (kappa / ratio)]

    solution = solve_ivp(slope, (1.0, 0.0), [1.0, 0.0], rtol=1e-10, atol=1e-13)
    got = residence_both_dampings(one(1), one(np.sqrt(a * v_a)), one(sigma), np.array([v_a]),
                                  np.array([1.0]), ratio)  # fmt: skip
    assert got[0, 0] * v_a == pytest.approx(solution.y[1, -1], rel=1e-7)


def test_both_dampings_have_each_alone_as_a_limit():
    q, x = np.full((1, 5), 2.0), np.geomspace(1e2, 1e5, 5)[None]
    v_a, height = np.array([3e6]), np.array([4.0])
    nonlinear = residence_both_dampings(q, x, np.full_like(q, 1e-14), v_a, height, 1.2)
    np.testing.assert_allclose(nonlinear, residence_streaming(q, x, v_a, height, 1.2), rtol=1e-9)
    s = np.linspace(0.1, 4.0, 5)[None]
    linear = residence_both_dampings(q, np.full_like(q, 1e-3), s, v_a, height)
    np.testing.assert_allclose(linear, residence_linear(q, s, v_a), rtol=1e-9)


def test_linear_damping_cuts_the_two_phase_halo_off():
    damped = get_scenario("two_phase", halo_damping="nonlinear_and_linear")
    cutoff = damped.diagnostics(damped.fiducial())["R_cutoff"][0]
    rigidity = np.array([0.5 * cutoff, 1.02 * cutoff])
    halo = damped.spectra(damped.fiducial(), rigidity).terms["hot halo"][0][0]
    plain = spectra("two_phase", rigidity).terms["hot halo"][0][0]
    assert 0.3 < halo[0] / plain[0] < 1.0
    assert halo[1] / plain[1] < 0.05
    # with damping that hardly cuts within the data nothing changes (the paper's remark)
    weak = damped.spectra(damped.fiducial(Gamma_1GV=1e-14), R).proton
    np.testing.assert_allclose(weak, spectra("two_phase").proton, rtol=0.01)


def test_linear_self_confinement_is_equation_5_then_free_streaming():
    scenario = get_scenario("self_confinement_linear")
    values = scenario.fiducial()
    v = scenario.to_cgs(values)
    q, s = scenario.source(v, GRID), scenario.linear_coefficient(v, GRID)
    found = scenario.diagnostics(values)
    f = np.maximum((q - s) / found["v_A_hot"][0], q / LIGHT_SPEED)
    expected = flux_per_rigidity(f, GRID, LIGHT_SPEED * beta(GRID))
    got = scenario.spectra(values, GRID).proton
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    cutoff = found["R_cutoff"]
    at_cutoff = scenario.linear_coefficient(v, cutoff) / scenario.source(v, cutoff)
    assert at_cutoff == pytest.approx(1.0, rel=0.01)
    assert found["v_esc_1GV"][0] == pytest.approx(found["v_A_hot"][0], rel=0.02)
    assert found["v_esc_1000GV"][0] == pytest.approx(LIGHT_SPEED, rel=1e-6)


@pytest.mark.parametrize(
    ("damping", "a"), [("turbulence", 0.5), ("dust", 0.75), ("ion_neutral", 0.0)]
)
def test_slope_of_s_is_three_plus_a(damping, a):
    for name in ("self_confinement_linear", "stratified_halo"):
        scenario = get_scenario(name, damping=damping)
        s = scenario.linear_coefficient(scenario.to_cgs(scenario.fiducial()), R)[0]
        np.testing.assert_allclose(np.diff(np.log(s)) / np.diff(np.log(R)), -3.0 - a, rtol=1e-9)


@pytest.mark.parametrize("lambda1", [-0.3, 0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("lambda2", [0.2, 1.0, 2.5])
@pytest.mark.parametrize("sigma", [1e-3, 0.9, 5.0, 300.0])
def test_closed_maximum_against_a_search(lambda1, lambda2, sigma):
    v_a, extent = 1e6, 40.0

    def minus(log_zeta):
        return -(1.0 - sigma * np.exp(-lambda2 * log_zeta)) * np.exp(-lambda1 * log_zeta) / v_a

    inner = minimize_scalar(minus, bounds=(0, np.log(extent)), method="bounded",
                            options={"xatol": 1e-12})  # fmt: skip
    best = max(-inner.fun, -minus(0.0), -minus(np.log(extent)), 1.0 / LIGHT_SPEED)
    got = residence_stratified(one(1), one(sigma), *map(np.atleast_1d, (v_a, lambda1, lambda2)),
                               np.array([extent]))  # fmt: skip
    assert got[0, 0] == pytest.approx(best, rel=1e-9)


def test_confinement_height_is_equation_21():
    q, s = R[None] ** -4.3, 1e-3 * R[None] ** -3.5
    height = confinement_height(q, s, np.array([1.6]))
    inside = height > 1.0
    slope = np.diff(np.log(height[inside])) / np.diff(np.log(R[inside[0]]))
    np.testing.assert_allclose(slope, (4.3 - 3.5) / 1.6, rtol=1e-9)
    np.testing.assert_allclose((s * height**-1.6 / q)[inside], 1.0, rtol=1e-9)


def test_two_phase_stratified_is_the_sum_of_its_parts():
    both = spectra("two_phase_stratified", n_base=0.005, B_base=1.0)
    warm = spectra("two_phase").terms["warm layer"]
    halo = spectra("stratified_halo", z_0=500.0)
    np.testing.assert_allclose(both.terms["warm layer"][0], warm[0], rtol=1e-12)
    np.testing.assert_allclose(both.terms["stratified halo"][0], halo.proton, rtol=1e-12)
    np.testing.assert_allclose(both.terms["stratified halo"][1], halo.boron_to_carbon, rtol=1e-12)


def test_extra_power_of_k_gives_x_as_p_to_minus_two():
    scenario = get_scenario("pressure_anisotropy")
    v = scenario.to_cgs(scenario.fiducial())
    rigidity = np.geomspace(1e2, 1e4, 9)
    x = scenario.nonlinear_coefficient(v, rigidity)[0]
    np.testing.assert_allclose(np.diff(np.log(x)) / np.diff(np.log(rigidity)), -2.0, atol=1e-4)
    # at k l_mfp A_nl = 1 it is Landau damping
    landau = get_scenario("self_confinement_nonlinear")
    pivot = 3e-6 * ion_mean_free_path(v["n_hot"], v["T_hot"]) * v["B_hot"] / gyroradius(1.0, 1.0)
    same = landau.nonlinear_coefficient(landau.to_cgs(landau.fiducial()), pivot)
    assert scenario.nonlinear_coefficient(v, pivot) == pytest.approx(same, rel=1e-6)


def test_species_differ_only_through_their_speed():
    """Boron residence is the protons' at equal speed: B/C / (h/tau) = f_p / Q above 100 GV."""
    rigidity = np.array([300.0, 3000.0])
    for name in ("self_confinement_nonlinear", "stratified_halo", "fast_modes"):
        scenario = get_scenario(name)
        values = scenario.fiducial()
        v = scenario.to_cgs(values)
        got = scenario.spectra(values, rigidity)
        _, residence = scenario.transport(v, rigidity)
        terms = residence(PROTON, scenario.source(v, rigidity))
        per = spallation_speed(rigidity, v["column"])
        np.testing.assert_allclose(got.boron_to_carbon / per, sum(terms.values()), rtol=1e-3)
