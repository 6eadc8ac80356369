"""Diagnostics: rates put together from their equations once more, crossings, densities."""

import numpy as np
import pytest
from scipy.integrate import simpson

from tests.transport.fiducial_spectra import spectra
from transport.constants import KPC, LIGHT_SPEED, PROTON_MASS
from transport.diagnostics import GRID, last_crossing, number_density
from transport.kinematics import PROTON, beta
from transport.plasma import thermal_speed
from transport.scenario import get_scenario

ELEMENTARY_CHARGE = 4.80320e-10  # esu


@pytest.mark.parametrize("name", ["self_confinement_nonlinear", "two_phase"])
def test_nonlinear_damping_counts_cosmic_rays_above_1_gv(name):
    """Eq. 14 at 1 GV, sqrt(n_CR / n v_th / v_A Omega c / L) with n_CR above 1 GV by quadrature."""
    scenario = get_scenario(name)
    values = scenario.fiducial()
    v = {key: float(value[0]) for key, value in scenario.to_cgs(values).items()}

    rigidity = np.geomspace(1.0, 1e5, 301)
    flux = scenario.spectra(values, rigidity).proton[0] * 1e-4  # per cm2
    per_log_rigidity = 4.0 * np.pi * flux * rigidity / (LIGHT_SPEED * beta(rigidity, PROTON))
    cosmic_rays = simpson(per_log_rigidity, x=np.log(rigidity))
    field, density = v["B_hot"], v["n_hot"]
    v_a = field / np.sqrt(4.0 * np.pi * PROTON_MASS * density)
    gyration = ELEMENTARY_CHARGE * field / (PROTON_MASS * LIGHT_SPEED)
    height = v["r"] - v.get("z_W", 0.0)
    expected = np.sqrt(
        cosmic_rays / density * float(thermal_speed(v["T_hot"])) / v_a
        * gyration * LIGHT_SPEED / height
    )  # fmt: skip
    found = scenario.diagnostics(values)["Gamma_nlld_1GV"][0]
    assert found == pytest.approx(expected, rel=5e-3)


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
