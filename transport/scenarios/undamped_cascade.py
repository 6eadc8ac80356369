"""An undamped fast-mode cascade in the hot halo (Sec. 6.3: the stochastic plasma echo)."""

from __future__ import annotations

from dataclasses import replace

from transport.diffusion import residence_diffusive
from transport.fast_modes.undamped import kappa_undamped
from transport.kinematics import PROTON, beta
from transport.options import Option
from transport.plasma import alfven_speed
from transport.residence import ResidenceScenario, amplitude
from transport.scenario import register
from transport.shared_parameters import (
    A_KAPPA,
    COLUMN,
    E_CR,
    GAMMA_INJ,
    HALO_HEIGHT,
    HOT_PHASE,
    RADIUS,
)
from transport.turbulent_halo import HALO_MACH, HALO_SCALE

DENSITY, _, FIELD = HOT_PHASE  # the temperature only enters damping


@register
class UndampedCascade(ResidenceScenario):
    """Eq. 15 with kappa_turb ~ R^0.5 at all rigidities, from the disk to H.

    The paper expects the echo at Ma of 1 and more, where kappa is far too small: the fiducials.
    """

    name = "undamped_cascade"
    title = "Undamped fast-mode cascade"
    parameters = (
        E_CR, GAMMA_INJ, RADIUS, DENSITY, FIELD, HALO_MACH, HALO_SCALE, HALO_HEIGHT, COLUMN,
    )  # fmt: skip
    halo_motion, boundary, turbulent_speed = "diffusion", HALO_HEIGHT.name, "v_A_hot"
    options = {  # noqa: RUF012
        "amplitudes": Option(
            "a factor of order unity on kappa_turb, to be given a prior",
            {False: (), True: (replace(A_KAPPA, medium="halo"),)},
        ),
    }

    def transport(self, v, rigidity):
        kappa = amplitude(v, "A_kappa") * kappa_undamped(
            rigidity, v["B_hot"], v["n_hot"], v["Ma_halo"], v["L_halo"]
        )
        f = residence_diffusive(kappa, v["H"])

        def residence(species, flux):
            return {"halo": f * beta(rigidity, PROTON) / beta(rigidity, species)}

        return kappa, residence

    def derived(self, values):
        v = self.to_cgs(values)
        return {"v_A_hot": alfven_speed(v["B_hot"], v["n_hot"])}
