"""Scenarios of diffusion against their own equations, limits and independent numerics."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from tests.transport.fiducial_spectra import R, one, spectra
from transport.constants import KPC, LIGHT_SPEED, PC
from transport.diffusion import residence_advective, residence_diffusive
from transport.fast_modes.kernel import kappa_turb
from transport.fast_modes.reference import kappa_reference
from transport.fast_modes.undamped import kappa_undamped
from transport.kinematics import BORON, CARBON, beta
from transport.plasma import alfven_speed, gyroradius, thermal_speed
from transport.secondaries import spallation_speed


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
