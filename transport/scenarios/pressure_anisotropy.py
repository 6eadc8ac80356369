"""Self-confinement with nonlinear damping that has an extra power of k (Sec. 6.1)."""

from __future__ import annotations

import numpy as np

from transport.parameters import Parameter
from transport.plasma import gyroradius, ion_mean_free_path
from transport.scenario import register
from transport.scenarios.self_confinement_nonlinear import SelfConfinementNonlinear
from transport.self_confinement import nonlinear_landau_coefficient
from transport.shared_parameters import COLUMN, E_CR, GAMMA_INJ, HOT_PHASE, RADIUS

# With the full rate of Squire et al. (1) nothing is confined: k l_mfp is about 1e7 at 1 GV in the
# hot halo, where the mechanism does not exist. The fiducial gives the fluxes seen near 10 GV.
STRENGTH = Parameter(
    name="A_nl",
    unit="",
    latex=r"A_\mathrm{nl}",
    description="strength of damping, Gamma = A_nl (k l_mfp) Gamma_NLLD",
    fiducial=3e-6,
    section="Sec. 6.1",
    scale="log10",
    medium="halo",
    is_law=True,
)


@register
class PressureAnisotropy(SelfConfinementNonlinear):
    """Eqs. 13 and 25 with Gamma = A_nl (k l_mfp) Gamma_NLLD, k r_L = 1, so that X ~ p^-2.

    A stand-in for any nonlinear damping with this extra power of k: damping by pressure anisotropy
    itself exists only for k l_mfp < 1.
    """

    name = "pressure_anisotropy"
    title = "Self-confinement, nonlinear damping with an extra power of k"
    parameters = (E_CR, GAMMA_INJ, RADIUS, *HOT_PHASE, STRENGTH, COLUMN)

    def nonlinear_coefficient(self, v, rigidity):
        path = ion_mean_free_path(v["n_hot"], v["T_hot"])[:, None]
        boost = v["A_nl"][:, None] * path / gyroradius(rigidity, v["B_hot"][:, None])
        x = nonlinear_landau_coefficient(rigidity, v["B_hot"], v["n_hot"], v["T_hot"], boost)
        return (v["A_X"][:, None] if "A_X" in v else 1.0) * x

    def derived(self, values):
        v = self.to_cgs(values)
        path = ion_mean_free_path(v["n_hot"], v["T_hot"])
        return super().derived(values) | {
            "k_mfp_1GV": np.asarray(path / gyroradius(1.0, v["B_hot"])),
        }
