"""Each scenario against its own equations, limits and independent numerics."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import minimize_scalar

from transport.constants import KPC, LIGHT_SPEED, PC
from transport.diagnostics import GRID, last_crossing, number_density
from transport.diffusion import residence_advective, residence_diffusive
from transport.fast_modes.kernel import kappa_turb
from transport.fast_modes.reference import kappa_reference
from transport.fast_modes.undamped import kappa_undamped
from transport.injection import flux_per_rigidity
from transport.kinematics import BORON, CARBON, PROTON, beta
from transport.plasma import alfven_speed, gyroradius, ion_mean_free_path, thermal_speed
from transport.scenario import get_scenario
from transport.secondaries import spallation_speed
from transport.self_confinement import (
    residence_both_dampings,
    residence_linear,
    residence_streaming,
)
from transport.stratified import confinement_height, residence_stratified

R = np.geomspace(0.3, 1e4, 40)


def spectra(name, rigidity=R, options=None, **changes):
    scenario = get_scenario(name, **(options or {}))
    return scenario.spectra(scenario.fiducial(**changes), rigidity)


def one(x):
    return np.array([[float(x)]])


# -- nonlinear and linear damping together


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


# -- linear damping and the stratified halo


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


# -- diffusion


@pytest.mark.parametrize(
    ("rigidity", "ma", "scale"), [(30.0, 1.0, 100.0), (3e3, 0.3, 20.0), (3e4, 0.6, 50.0)]
)
def test_undamped_cascade_against_the_reference(rigidity, ma, scale):
    b, n, t = 1e-6, 0.003, 1e4
    got = kappa_undamped(np.array([rigidity]), b, n, ma, scale * PC)[0, 0]
    # a viscosity that ends the cascade three decades beyond resonance
    end = 1e3 / gyroradius(rigidity, b)
    viscosity = 6 * ma**2 * alfven_speed(b, n) / np.sqrt(scale * PC) / end**1.5
    path = float(3 * viscosity / thermal_speed(t))
    expected = kappa_reference(rigidity, b, n, t, ma, scale * PC, mean_free_path=path)
    assert got == pytest.approx(expected, rel=5e-4)


def test_undamped_cascade_scales_as_the_root_of_rigidity():
    rigidity = np.geomspace(30, 1e4, 16)
    kappa = spectra("undamped_cascade", rigidity).kappa_turb[0]
    slope = np.diff(np.log(kappa)) / np.diff(np.log(rigidity))
    np.testing.assert_allclose(slope, 0.5, atol=0.005)
    damped = kappa_turb(rigidity, 1e-6, 0.003, 3e6, 1.0, 100 * PC)[0]
    assert np.all(damped > kappa)


def test_weak_shocks_have_one_mean_free_path():
    got = spectra("weak_shocks")
    np.testing.assert_allclose(got.kappa_turb[0], beta(R) * LIGHT_SPEED * 5 * PC / 3, rtol=1e-12)
    # f = Q H / kappa, and boron sees a source proportional to the speed of carbon
    expected = (
        spallation_speed(R, np.array([250 * PC]))[0]
        * (5 * KPC)
        / (LIGHT_SPEED * beta(R, CARBON) * 5 * PC / 3)
    )
    np.testing.assert_allclose(got.boron_to_carbon[0], expected, rtol=1e-12)


def test_fast_modes_are_equation_15_in_two_layers():
    both, halo = spectra("fast_modes"), spectra("fast_modes", options={"layers": "halo"})
    upper = both.terms["halo"][0]
    np.testing.assert_allclose(upper / halo.proton, (5.0 - 0.5) / 5.0, rtol=1e-12)
    # a warm layer that fills the halo leaves no upper one
    full = spectra("fast_modes", H=0.4)
    assert np.all(full.terms["halo"][0] == 0)
    assert np.all(full.proton > 0)


@pytest.mark.parametrize("delta", [0.2, 1 / 3, 0.6])
def test_power_law_diffusion(delta):
    got = spectra("power_law_diffusion", delta=delta, kappa_0=3.0)
    np.testing.assert_allclose(got.kappa_turb[0], 3e28 * beta(R) * R**delta, rtol=1e-12)
    expected = spallation_speed(R, np.array([250 * PC])) * 5 * KPC / (3e28 * R**delta)
    expected /= beta(R, CARBON)
    np.testing.assert_allclose(got.boron_to_carbon, expected, rtol=1e-12)


def test_kolmogorov_is_the_slope_of_a_third():
    other = spectra("power_law_diffusion", delta=1 / 3)
    np.testing.assert_allclose(spectra("kolmogorov").proton, other.proton, rtol=1e-12)


def test_low_energy_freedom():
    plain = spectra("kolmogorov")
    eta = spectra("kolmogorov", options={"low_energy": "eta"}, eta=-1.0)
    np.testing.assert_allclose(eta.proton / plain.proton, beta(R)[None] ** 2, rtol=1e-9)
    # B/C with its own speeds: B/C ~ v_C residence_B v_B / v_C
    np.testing.assert_allclose(
        eta.boron_to_carbon / plain.boron_to_carbon, beta(R, BORON)[None] ** 2, rtol=1e-9
    )
    bent = spectra("kolmogorov", options={"low_energy": "break"}, delta_low=-0.5, R_low=4.0)
    slope = np.gradient(np.log(bent.kappa_turb[0] / beta(R)), np.log(R))
    assert slope[1] == pytest.approx(-0.5, abs=0.01)
    assert slope[-2] == pytest.approx(1 / 3, abs=0.01)
    np.testing.assert_allclose(bent.proton[:, R > 40], plain.proton[:, R > 40], rtol=1e-6)
    slow = spectra("kolmogorov", options={"low_energy": "advection"}, V_wind=1e-4)
    np.testing.assert_allclose(slow.proton, plain.proton, rtol=1e-4)


def test_advection_solves_its_equation_and_has_its_limits():
    kappa, height, speed = 3e28, 5 * KPC, 3e6
    f = solve_ivp(lambda z, f: (speed * f - 1.0) / kappa, (height, 0.0), [0.0],
                  rtol=1e-10, atol=1e-20).y[0, -1]  # fmt: skip
    got = residence_advective(one(kappa), np.array([height]), np.array([speed]))
    assert got[0, 0] == pytest.approx(f, rel=1e-7)
    still = residence_advective(one(kappa), np.array([height]), np.array([0.0]))
    assert still == pytest.approx(residence_diffusive(one(kappa), np.array([height])))
    fast = residence_advective(one(kappa), np.array([height]), np.array([1e9]))
    assert fast[0, 0] == pytest.approx(1e-9)


def test_free_injection_is_another_name_for_the_slope():
    free = spectra("kolmogorov", options={"injection": "free"}, gamma_free=4.25)
    np.testing.assert_allclose(free.proton, spectra("kolmogorov", gamma_inj=4.25).proton)


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


# -- diagnostics


def test_transitions_of_two_phase_are_where_they_say():
    scenario = get_scenario("two_phase")
    found = scenario.diagnostics(scenario.fiducial())
    at = np.array([found["R_warm"][0]])
    terms = spectra("two_phase", at).terms
    assert terms["warm layer"][0] == pytest.approx(terms["hot halo"][0], rel=0.01)  # eq. 27
    v = scenario.to_cgs(scenario.fiducial())
    at = np.array([found["R_nlld"][0]])
    x = scenario.nonlinear_coefficient(v, at)
    balance = x**2 / (scenario.source(v, at) * found["v_A_hot"] * (v["r"] - v["z_W"]))
    assert balance == pytest.approx(1.0, rel=0.01)
    assert found["v_D_10GV"][0] == pytest.approx(
        spectra("two_phase", np.array([10.0])).kappa_turb[0, 0] / (10 * KPC), rel=1e-3
    )
    assert found["suppressed_10GV"][0] == float(found["isotropy_top_10GV"][0] < 1.0)


def test_crossings_of_rows():
    rows = np.array([np.log(GRID / 7.0), -np.ones(len(GRID)), np.ones(len(GRID)),
                     np.log(GRID / 7.0) * np.log(GRID / 90.0)])  # fmt: skip
    assert last_crossing(rows) == pytest.approx([7.0, np.inf, 0.0, 90.0], rel=1e-2)


def test_number_density_of_a_power_law():
    rigidity = np.geomspace(10.0, 1e5, 400)
    flux = 1e4 * rigidity[None] ** -2.7  # 1/(m2 sr s GV); n = 4 pi / c integral
    expected = 4 * np.pi / LIGHT_SPEED * (10**-1.7 - 1e5**-1.7) / 1.7
    assert number_density(flux, rigidity)[0] == pytest.approx(expected, rel=5e-3)


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
