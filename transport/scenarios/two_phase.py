"""Two-phase model: a warm layer with fast-mode turbulence below a self-confining halo (Sec. 4)."""

from __future__ import annotations

import numpy as np

from transport.kinematics import PROTON, beta
from transport.options import Option
from transport.plasma import alfven_speed, plasma_beta
from transport.residence import ResidenceScenario, amplitude
from transport.scenario import register
from transport.self_confinement import (
    linear_damping_coefficient,
    nonlinear_landau_coefficient,
    power_law_damping_rate,
    residence_both_dampings,
    residence_streaming,
)
from transport.shared_parameters import (
    A_KAPPA,
    A_S,
    A_X,
    COLUMN,
    DAMPING_RATE,
    E_CR,
    GAMMA_INJ,
    HOT_PHASE,
    MACH,
    OUTER_SCALE,
    RADIUS,
    WARM_HEIGHT,
    WARM_PHASE,
)
from transport.warm_layer import WARM_CASCADE, kappa_warm


@register
class TwoPhase(ResidenceScenario):
    """Diffusion in a warm layer, f(0) = Q z_W / kappa_turb + f(z_W) (eq. 26), below a halo in
    which cosmic rays stream with nonlinear Landau damping (eqs. 13 and 25)."""

    name = "two_phase"
    title = "Two-phase model"
    parameters = (
        E_CR, GAMMA_INJ, RADIUS,
        *HOT_PHASE,
        *WARM_PHASE, MACH, OUTER_SCALE, WARM_HEIGHT,
        COLUMN,
    )  # fmt: skip
    halo_motion, boundary, turbulent_speed = "streaming", RADIUS.name, "v_A_warm"
    options = {  # noqa: RUF012
        "halo_damping": Option(
            "what damps self-excited waves in the halo; linear damping by turbulence, "
            "Gamma ~ k^(1/2), cuts self-confinement off (Sec. 4.1)",
            {"nonlinear": (), "nonlinear_and_linear": (DAMPING_RATE,)},
        ),
        "warm_cascade": WARM_CASCADE,
        "amplitudes": Option(
            "factors of order unity on kappa_turb, X and S, to be given priors",
            {False: (), True: (A_KAPPA, A_X)},
        ),
    }

    @classmethod
    def _parameters_of(cls, chosen):
        parameters = super()._parameters_of(chosen)
        has_s = chosen["amplitudes"] and chosen["halo_damping"] == "nonlinear_and_linear"
        return (*parameters, A_S) if has_s else parameters

    def transport(self, v, rigidity):
        kappa = amplitude(v, "A_kappa") * kappa_warm(self.chosen["warm_cascade"], v, rigidity)
        x = self.nonlinear_coefficient(v, rigidity)
        v_a = alfven_speed(v["B_hot"], v["n_hot"])
        # a layer that reaches beyond the outer boundary ends there
        warm_height = np.minimum(v["z_W"], v["r"])[:, None]
        height = v["r"][:, None] - warm_height
        s = self.linear_coefficient(v, rigidity)

        def residence(species, flux):
            ratio = beta(rigidity, PROTON) / beta(rigidity, species)
            if s is None:
                halo = residence_streaming(flux, x, v_a, height[:, 0], ratio)
            else:
                halo = residence_both_dampings(flux, x, s, v_a, height[:, 0], ratio)
            return {"warm layer": warm_height / kappa * ratio, "hot halo": halo}

        return kappa, residence

    def cooling(self, v):
        return {"hot halo": alfven_speed(v["B_hot"], v["n_hot"])}

    def nonlinear_coefficient(self, v, rigidity):
        """X of the halo (eq. 10), (n, n_R)."""
        x = nonlinear_landau_coefficient(rigidity, v["B_hot"], v["n_hot"], v["T_hot"])
        return amplitude(v, "A_X") * x

    def linear_coefficient(self, v, rigidity):
        """S of the halo (eq. 4), (n, n_R), or None without linear damping."""
        if "Gamma_1GV" not in v:
            return None
        rate = power_law_damping_rate(rigidity, v["Gamma_1GV"], 0.5)
        s = linear_damping_coefficient(rigidity, rate, v["B_hot"], v["n_hot"])
        return amplitude(v, "A_S") * s

    def confining_medium(self, v):
        return {
            "density": v["n_hot"],
            "temperature": v["T_hot"],
            "magnetic_field": v["B_hot"],
            "height": v["r"] - v["z_W"],
        }

    def derived(self, values):
        v = self.to_cgs(values)
        return {
            "beta_warm": plasma_beta(v["B_warm"], v["n_warm"], v["T_warm"]),
            "beta_hot": plasma_beta(v["B_hot"], v["n_hot"], v["T_hot"]),
            "v_A_warm": alfven_speed(v["B_warm"], v["n_warm"]),
            "v_A_hot": alfven_speed(v["B_hot"], v["n_hot"]),
        }
