"""Exact transport in the two-phase model and in the stratified halo."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from transport.constants import KPC, PC
from transport.errors import CrtuneError
from transport.exact import stratified_halo_spectra, two_phase_spectra
from transport.exact.absorb import absorb
from transport.exact.medium import rigidity_grid
from transport.exact.stratified import march_protons
from transport.exact.two_phase import Grid
from transport.injection import proton_source
from transport.plasma import alfven_speed
from transport.scenario import get_scenario
from transport.self_confinement import (
    linear_damping_coefficient,
    nonlinear_landau_coefficient,
    turbulent_damping_rate,
)

RIGIDITY = np.array([0.5, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1e3, 3e3])


@pytest.fixture(scope="module")
def two_phase():
    scenario = get_scenario("two_phase")
    values = {name: np.repeat(x, 2) for name, x in scenario.fiducial().items()}
    values["B_hot"] = np.array([1.0, 2.0])
    return values, scenario.spectra(values, RIGIDITY)


def test_without_losses_it_is_the_paper_s_two_phase_model(two_phase):
    values, approximate = two_phase
    exact = two_phase_spectra(values, RIGIDITY, jump=False)
    for name in ("proton", "carbon", "boron"):
        np.testing.assert_allclose(getattr(exact, name), getattr(approximate, name), rtol=1e-3)
    for name, terms in approximate.terms.items():
        np.testing.assert_allclose(exact.terms[name][1], terms[1], rtol=1e-3)


def test_two_phase_at_constant_alfven_speed_is_an_ode_in_momentum(two_phase):
    """Only the jump at z_W loses momentum: (v_A/3) df/dlnp = F(f) - v_A f - Q at z_W, where F is
    the flux for which eq. 13 gives f."""
    values, _ = two_phase
    v = {p.name: p.to_cgs(values[p.name])[:1] for p in get_scenario("two_phase").parameters}
    v_a, height = alfven_speed(v["B_hot"], v["n_hot"])[0], (v["r"] - v["z_W"])[0]

    def source(r):
        return proton_source(np.array([r]), v["E_CR"], v["gamma_inj"], v["r"])[0, 0]

    def rate(log_r, log_f):
        r, f = np.exp(log_r), np.exp(log_f[0])
        x = nonlinear_landau_coefficient(np.array([r]), v["B_hot"], v["n_hot"], v["T_hot"])[0, 0]
        root = np.sqrt((v_a * f) ** 2 + 4.0 * x**2 * f / height)
        diffusive = 2.0 * x**2 * f / height / (root + v_a * f)
        return [3.0 / v_a * (diffusive - source(r)) / f]

    start = np.log([source(1e4) / v_a * 1e-2])  # forgotten within a factor of a few in rigidity
    ode = solve_ivp(rate, np.log([1e4, 0.5]), start, "Radau", rtol=1e-7, dense_output=True)
    halo = two_phase_spectra(values, RIGIDITY).terms["hot halo"][0][0]
    no_losses = two_phase_spectra(values, RIGIDITY, jump=False).terms["hot halo"][0][0]
    x = nonlinear_landau_coefficient(RIGIDITY, v["B_hot"], v["n_hot"], v["T_hot"])[0]
    q = proton_source(RIGIDITY, v["E_CR"], v["gamma_inj"], v["r"])[0]
    eq_13 = q / v_a / (1.0 + x**2 / (q * v_a * height))
    expected = np.exp(ode.sol(np.log(RIGIDITY))[0]) / eq_13
    np.testing.assert_allclose(halo / no_losses, expected, rtol=1.5e-3)
    assert expected[1] < 0.75  # losses matter where streaming rules


def test_two_phase_converges(two_phase):
    values, _ = two_phase
    coarse = two_phase_spectra(values, RIGIDITY, alfven_height=10 * KPC)
    fine = two_phase_spectra(values, RIGIDITY, 10 * KPC, grid=Grid(64, 2.5e-7, 0.01, 1.05))
    np.testing.assert_allclose(coarse.proton, fine.proton, rtol=5e-4)
    np.testing.assert_allclose(coarse.boron_to_carbon, fine.boron_to_carbon, rtol=1e-3)


def stratified_protons(jump, per_decade=32, heights=160):
    """f(z_0) with the fiducials of Sec. 3 and eq. 19 at the same rigidities."""
    r = rigidity_grid(0.5, 5e3, per_decade)
    one = np.ones(1)
    field, density = 1e-6 * one, 5e-3 * one
    q = proton_source(r, 1e50 * one, 4.3 * one, 10 * KPC * one)[0]
    rate = turbulent_damping_rate(r, field, density, 500 * PC * one)
    s_base = linear_damping_coefficient(r, rate, field, density)[0]
    v_a = alfven_speed(field, density)[0]
    z = np.geomspace(500 * PC, 20 * KPC, heights)
    f = march_protons(z, r, q, s_base, v_a, 0.5, 1.0, jump)[0].f[:, 0]
    zeta = np.geomspace(1.0, 40.0, 4000)
    eq_19 = ((q[:, None] - np.multiply.outer(s_base, 1.0 / zeta)) / zeta**0.5).max(axis=1) / v_a
    return r, f, eq_19


def test_stratified_halo_is_three_times_the_integral_of_eq_19():
    """f is flat up to where it confines itself, so the losses below sum up to v_A [f + f_lnp / 3]
    there, whatever the profile, and (1/3) df/dlnp = -f_19: f = 3 int f_19 dlnp, from p upwards."""
    r, f, eq_19 = stratified_protons(jump=True)
    keep = eq_19 > 0
    log_r, integrand = np.log(r[keep]), eq_19[keep]
    # each cell as a power law
    slope = -np.diff(np.log(integrand)) / np.diff(log_r)
    cells = -np.diff(integrand) / slope
    expected = 3.0 * np.append(np.cumsum(cells[::-1])[::-1], 0.0)
    used = r[keep] < 600.0
    np.testing.assert_allclose(f[keep][used], expected[used], rtol=4e-3)
    plateau = (r > 15.0) & (r < 200.0)
    np.testing.assert_allclose(f[plateau] / eq_19[plateau], 3.0 / 4.7, rtol=1e-3)


def test_stratified_halo_without_the_onset_of_streaming():
    """Confined at the base: eq. 18 as it stands. Far above, all but the base's share is lost."""
    r, f, eq_19 = stratified_protons(jump=False)
    low = r < 2.0
    np.testing.assert_allclose(f[low] / eq_19[low], 1.0, rtol=1e-3)
    with_jump = stratified_protons(jump=True)[1]
    assert np.all((f > with_jump)[r < 1e3])


def test_above_the_cutoff_particles_leave_at_the_speed_of_light():
    r, f, eq_19 = stratified_protons(jump=True)
    q = proton_source(r, np.array([1e50]), np.array([4.3]), np.array([10 * KPC]))[0]
    free = r > 3e3
    assert np.all(eq_19[free] < 0)
    np.testing.assert_allclose(f[free] * 2.99792458e10 / q[free], 1.0, rtol=2e-3)


def test_stratified_spectra_agree_with_the_march():
    values = get_scenario("stratified_halo").fiducial()
    rigidity = np.array([1.0, 10.0, 100.0, 500.0])
    near = get_scenario("stratified_halo").spectra(values, rigidity)
    exact = stratified_halo_spectra(values, rigidity)
    r, f, eq_19 = stratified_protons(jump=True)
    expected = np.interp(np.log(rigidity), np.log(r)[eq_19 > 0], (f / eq_19)[eq_19 > 0])
    np.testing.assert_allclose(exact.proton[0] / near.proton[0], expected, rtol=2e-3)
    # boron, one step steeper, loses more
    bc = exact.boron_to_carbon / near.boron_to_carbon
    assert bc[0, 2] == pytest.approx(3.0 / 5.1, rel=0.01)


def test_a_uniform_x_confines_less_than_one_that_falls_with_height():
    values = get_scenario("two_phase").fiducial()
    rigidity = np.array([30.0, 3000.0])
    falling = two_phase_spectra(values, rigidity, 10 * KPC)
    uniform = two_phase_spectra(values, rigidity, 10 * KPC, uniform_x=True)
    assert np.all(uniform.proton < falling.proton)
    # where damping rules, the residence goes as the mean of 1/X^2 over the halo: (e^u - 1) / u
    u = 9.5 / 10.0
    halo = falling.terms["hot halo"][0][0, 1] / uniform.terms["hot halo"][0][0, 1]
    assert halo == pytest.approx(np.expm1(u) / u, rel=0.03)


def test_what_is_not_implemented_is_said():
    scenario = get_scenario("two_phase", halo_damping="nonlinear_and_linear")
    with pytest.raises(CrtuneError, match="halo_damping"):
        two_phase_spectra(scenario.fiducial(), RIGIDITY, scenario=scenario)
    upside_down = get_scenario("stratified_halo").fiducial(z_max=0.4)
    with pytest.raises(CrtuneError, match="z_max"):
        stratified_halo_spectra(upside_down, RIGIDITY)


def test_absorb_finds_the_parameter_that_was_moved():
    scenario = get_scenario("two_phase")
    values = scenario.fiducial()
    moved = scenario.spectra(scenario.fiducial(E_CR=1.3, column=200.0), RIGIDITY)
    found = absorb(scenario, values, moved, ["E_CR", "column"])
    assert found.factors["E_CR"] == pytest.approx(1.3, rel=1e-4)
    assert found.factors["column"] == pytest.approx(0.8, rel=1e-4)
    assert max(found.proton, found.boron_to_carbon) < 1e-4
    assert absorb(scenario, values, moved, []).boron_to_carbon > 0.2
