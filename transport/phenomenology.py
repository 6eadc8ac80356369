"""Diffusion coefficients that are power laws in rigidity, as phenomenological models take them."""

from __future__ import annotations

import numpy as np

from transport.diffusion import residence_advective, residence_diffusive
from transport.injection import proton_source
from transport.kinematics import PROTON, beta
from transport.options import Option
from transport.parameters import Parameter
from transport.residence import ResidenceScenario
from transport.shared_parameters import COLUMN, E_CR, GAMMA_INJ, HALO_HEIGHT, RADIUS

KOLMOGOROV_SLOPE = 1.0 / 3.0

KAPPA_0 = Parameter(
    name="kappa_0",
    unit="1e28 cm^2/s",
    latex=r"\kappa_0",
    description="diffusion coefficient at 1 GV, of particles at the speed of light",
    fiducial=4.0,
    section="Sec. 1",
    scale="log10",
    medium="halo",
)
DELTA = Parameter(
    name="delta",
    unit="",
    latex=r"\delta",
    description="slope of the diffusion coefficient, kappa ~ R^delta",
    fiducial=KOLMOGOROV_SLOPE,
    section="Sec. 1",
    medium="halo",
    is_exponent=True,
    is_law=True,
)
ETA = Parameter(
    name="eta",
    unit="",
    latex=r"\eta",
    description="power of the speed, kappa ~ beta^eta; 1 is diffusion at a constant path",
    fiducial=1.0,
    medium="halo",
    is_exponent=True,
    is_law=True,
)
BREAK_RIGIDITY = Parameter(
    name="R_low",
    unit="GV",
    latex=r"R_\mathrm{l}",
    description="rigidity below which the slope of kappa is delta_low",
    fiducial=4.0,
    scale="log10",
    medium="halo",
    is_law=True,
)
LOW_SLOPE = Parameter(
    name="delta_low",
    unit="",
    latex=r"\delta_\mathrm{l}",
    description="slope of kappa below R_low",
    fiducial=KOLMOGOROV_SLOPE,
    medium="halo",
    is_exponent=True,
    is_law=True,
)
WIND_SPEED = Parameter(
    name="V_wind",
    unit="km/s",
    latex="V",
    description="constant speed of advection away from the disk",
    fiducial=10.0,
    scale="log10",
    medium="halo",
)
FREE_SLOPE = Parameter(
    name="gamma_free",
    unit="",
    latex=r"\gamma_\mathrm{inj}",
    description="slope of the injected spectrum, free as in phenomenological fits",
    fiducial=4.37,
    medium="injection",
    is_exponent=True,
)
BREAK_WIDTH = 0.1
"""Decades of rigidity, half the width of the break in kappa."""


class PowerLawDiffusion(ResidenceScenario):
    """Eq. 15 with kappa = kappa_0 (v/c)^eta R^delta, R in GV, from the disk to H.

    Each species diffuses with its own speed. Below, the options that phenomenological models use
    where a pure power law fails, none of which the paper derives.
    """

    options = {  # noqa: RUF012
        "low_energy": Option(
            "freedom below a few GV: none (eta = 1), a free power eta of the speed, that with a "
            "break in the slope, or a wind",
            {
                "none": (),
                "eta": (ETA,),
                "break": (ETA, BREAK_RIGIDITY, LOW_SLOPE),
                "advection": (WIND_SPEED,),
            },
        ),
        "injection": Option(
            "slope of injection: the prior of acceleration at shocks, shared with the other "
            "scenarios, or a free one",
            {"shocks": (), "free": (FREE_SLOPE,)},
            drops={"free": ("gamma_inj",)},
        ),
    }
    parameters = (E_CR, GAMMA_INJ, RADIUS, KAPPA_0, HALO_HEIGHT, COLUMN)
    halo_motion, boundary = "diffusion", HALO_HEIGHT.name

    def source(self, v, rigidity):
        slope = v["gamma_free"] if "gamma_free" in v else v["gamma_inj"]
        return proton_source(rigidity, v["E_CR"], slope, v["r"])

    def transport(self, v, rigidity):
        def kappa(species):
            speed = beta(rigidity, species) ** (v["eta"][:, None] if "eta" in v else 1.0)
            return v["kappa_0"][:, None] * speed * _rigidity_factor(v, rigidity)

        def residence(species, flux):
            if "V_wind" in v:
                return {"halo": residence_advective(kappa(species), v["H"], v["V_wind"])}
            return {"halo": residence_diffusive(kappa(species), v["H"])}

        return kappa(PROTON), residence

    def cooling(self, v):
        return {"halo": v["V_wind"]} if "V_wind" in v else {}


def _rigidity_factor(v, rigidity):
    """R^delta, bending to R^delta_low (continuous at R_low) where that is free; (n, n_R)."""
    delta = v["delta"][:, None] if "delta" in v else KOLMOGOROV_SLOPE
    factor = rigidity**delta
    if "R_low" in v:
        bend = (delta - v["delta_low"][:, None]) * BREAK_WIDTH
        ratio = np.log10(rigidity / v["R_low"][:, None]) / BREAK_WIDTH
        # (1 + 10^-ratio)^bend is R^(delta_low - delta) well below R_low and 1 well above
        factor = factor * np.exp(bend * np.logaddexp(0.0, -ratio * np.log(10.0)))
    return np.broadcast_to(factor, (len(v["E_CR"]), len(rigidity)))
