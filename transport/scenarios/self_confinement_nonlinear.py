"""Self-confinement everywhere with nonlinear Landau damping (Sec. 2.1.2; eqs. 9-14 and 25)."""

from __future__ import annotations

import numpy as np

from transport.constants import LIGHT_SPEED
from transport.kinematics import PROTON, beta
from transport.options import Option
from transport.plasma import alfven_speed, plasma_beta
from transport.residence import ResidenceScenario, amplitude
from transport.scenario import register
from transport.self_confinement import nonlinear_landau_coefficient, residence_streaming
from transport.shared_parameters import A_X, COLUMN, E_CR, GAMMA_INJ, HOT_PHASE, RADIUS


@register
class SelfConfinementNonlinear(ResidenceScenario):
    """Eqs. 13 and 25 from the disk to z = r: the dashed lines of Figs. 5 and 6."""

    name = "self_confinement_nonlinear"
    title = "Self-confinement, nonlinear Landau damping"
    parameters = (E_CR, GAMMA_INJ, RADIUS, *HOT_PHASE, COLUMN)
    halo_motion, boundary = "streaming", RADIUS.name
    options = {  # noqa: RUF012
        "amplitudes": Option(
            "a factor of order unity on X, to be given a prior", {False: (), True: (A_X,)}
        ),
    }

    def transport(self, v, rigidity):
        x = self.nonlinear_coefficient(v, rigidity)
        v_a = alfven_speed(v["B_hot"], v["n_hot"])

        def residence(species, flux):
            ratio = beta(rigidity, PROTON) / beta(rigidity, species)
            f = residence_streaming(flux, x, v_a, v["r"], ratio)
            return {"hot halo": np.maximum(f, 1.0 / LIGHT_SPEED)}

        return None, residence

    def cooling(self, v):
        return {"hot halo": alfven_speed(v["B_hot"], v["n_hot"])}

    def nonlinear_coefficient(self, v, rigidity):
        """X of eq. 10, (n, n_R), of values in CGS."""
        x = nonlinear_landau_coefficient(rigidity, v["B_hot"], v["n_hot"], v["T_hot"])
        return amplitude(v, "A_X") * x

    def confining_medium(self, v):
        return {
            "density": v["n_hot"],
            "temperature": v["T_hot"],
            "magnetic_field": v["B_hot"],
            "height": v["r"],
        }

    def derived(self, values):
        v = self.to_cgs(values)
        return {
            "beta_hot": plasma_beta(v["B_hot"], v["n_hot"], v["T_hot"]),
            "v_A_hot": alfven_speed(v["B_hot"], v["n_hot"]),
        }
