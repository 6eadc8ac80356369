"""Rates among the diagnostics, put together from their equations once more."""

import numpy as np
import pytest
from scipy.integrate import simpson

from transport.constants import LIGHT_SPEED, PROTON_MASS
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
