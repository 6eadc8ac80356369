"""Fast-mode turbulence everywhere (Sec. 2.2; eq. 15, Appendix A): the green line of Fig. 6."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from transport.diffusion import residence_diffusive
from transport.fast_modes.kernel import kappa_turb
from transport.kinematics import PROTON, beta
from transport.options import Option
from transport.plasma import alfven_speed, plasma_beta
from transport.residence import ResidenceScenario, amplitude
from transport.scenario import register
from transport.shared_parameters import (
    A_KAPPA,
    COLUMN,
    E_CR,
    GAMMA_INJ,
    HALO_HEIGHT,
    MACH,
    OUTER_SCALE,
    RADIUS,
    WARM_HEIGHT,
    phase,
)
from transport.turbulent_halo import HALO_MACH, HALO_PHASE, HALO_SCALE

FIG2 = "Fig. 2"
WARM = phase("warm", "warm layer", "w", 0.1, 2e4, 6.0, "warm layer", section=FIG2)
WARM_MACH = replace(MACH, fiducial=1.0, section=FIG2)
WARM_SCALE = replace(OUTER_SCALE, fiducial=100.0, section=FIG2)
# common to both layers; the halo's is the larger share of f(0)
COMMON_FACTOR = replace(A_KAPPA, medium="halo")


@register
class FastModes(ResidenceScenario):
    """Diffusion in fast modes from the disk to H, f(0)/Q = z_W / kappa_warm + (H - z_W) /
    kappa_halo: eq. 15 in two layers with the two plasmas of Fig. 2.

    The paper says of the green line of Fig. 6 that it has "the diffusion coefficients from Figure
    2 and a 5kpc halo size", in the plural and "throughout the entire volume": hence both layers.
    The halo then sets 80% of f(0) at the fiducials; ``layers = "halo"`` takes it alone.
    """

    name = "fast_modes"
    title = "Fast-mode turbulence everywhere"
    parameters = (
        E_CR, GAMMA_INJ, RADIUS,
        *WARM, WARM_MACH, WARM_SCALE, WARM_HEIGHT,
        *HALO_PHASE, HALO_MACH, HALO_SCALE, HALO_HEIGHT,
        COLUMN,
    )  # fmt: skip
    halo_motion, boundary = "diffusion", HALO_HEIGHT.name
    options = {  # noqa: RUF012
        "layers": Option(
            "a warm layer below the halo, or the halo's coefficient down to the disk",
            {"warm_and_halo": (), "halo": ()},
            drops={"halo": (*(p.name for p in WARM), "Ma", "L", "z_W")},
        ),
        "amplitudes": Option(
            "a factor of order unity on kappa_turb, to be given a prior",
            {False: (), True: (COMMON_FACTOR,)},
        ),
    }

    @property
    def turbulent_speed(self):
        return "v_A_warm" if self.chosen["layers"] == "warm_and_halo" else "v_A_halo"

    def transport(self, v, rigidity):
        factor = amplitude(v, "A_kappa")
        halo = factor * kappa_turb(
            rigidity, v["B_halo"], v["n_halo"], v["T_halo"], v["Ma_halo"], v["L_halo"]
        )
        if self.chosen["layers"] == "halo":
            layers = {"halo": residence_diffusive(halo, v["H"])}
            kappa = halo
        else:
            kappa = factor * kappa_turb(
                rigidity, v["B_warm"], v["n_warm"], v["T_warm"], v["Ma"], v["L"]
            )
            layers = {
                "warm layer": residence_diffusive(kappa, np.minimum(v["z_W"], v["H"])),
                "halo": residence_diffusive(halo, np.maximum(v["H"] - v["z_W"], 0.0)),
            }

        def residence(species, flux):
            ratio = beta(rigidity, PROTON) / beta(rigidity, species)
            return {name: f * ratio for name, f in layers.items()}

        return kappa, residence

    def derived(self, values):
        v = self.to_cgs(values)
        tags = ("halo",) if self.chosen["layers"] == "halo" else ("warm", "halo")
        quantities = {}
        for tag in tags:
            b, n, t = v[f"B_{tag}"], v[f"n_{tag}"], v[f"T_{tag}"]
            quantities[f"beta_{tag}"] = plasma_beta(b, n, t)
            quantities[f"v_A_{tag}"] = alfven_speed(b, n)
        # one constraint for both choices of layers
        quantities["beta_max"] = np.maximum.reduce([quantities[f"beta_{tag}"] for tag in tags])
        return quantities
