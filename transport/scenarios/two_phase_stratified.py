"""A warm layer with fast-mode turbulence (Sec. 4) below a stratified halo (Sec. 3)."""

from __future__ import annotations

from transport.kinematics import PROTON, beta
from transport.options import Option
from transport.plasma import alfven_speed, plasma_beta
from transport.residence import RISING_SPEED, ResidenceScenario, amplitude
from transport.scenario import register
from transport.shared_parameters import (
    A_KAPPA,
    A_S,
    COLUMN,
    E_CR,
    GAMMA_INJ,
    MACH,
    OUTER_SCALE,
    RADIUS,
    WARM_HEIGHT,
    WARM_PHASE,
)
from transport.stratified import (
    BASE_DENSITY,
    BASE_FIELD,
    DAMPING_FALL,
    EXTENSION,
    SPEED_SLOPE,
    STRATIFIED_DAMPING,
    TOP_HEIGHT,
    base_alfven_speed,
    base_coefficient,
    residence_stratified,
)
from transport.warm_layer import WARM_CASCADE, kappa_warm


@register
class TwoPhaseStratified(ResidenceScenario):
    """Eq. 26 with the halo of eq. 19 on top of the warm layer: the halo's base is z_0 = z_W."""

    name = "two_phase_stratified"
    title = "Two-phase model with a stratified halo"
    extension = EXTENSION
    parameters = (
        E_CR, GAMMA_INJ, RADIUS,
        BASE_DENSITY, BASE_FIELD, TOP_HEIGHT, SPEED_SLOPE, DAMPING_FALL,
        *WARM_PHASE, MACH, OUTER_SCALE, WARM_HEIGHT,
        COLUMN,
    )  # fmt: skip
    halo_motion, boundary, turbulent_speed = "streaming", TOP_HEIGHT.name, "v_A_warm"
    options = {  # noqa: RUF012
        "damping": STRATIFIED_DAMPING,
        "warm_cascade": WARM_CASCADE,
        "amplitudes": Option(
            "factors of order unity on kappa_turb and S, to be given priors",
            {False: (), True: (A_KAPPA, A_S)},
        ),
    }

    def transport(self, v, rigidity):
        kappa = amplitude(v, "A_kappa") * kappa_warm(self.chosen["warm_cascade"], v, rigidity)
        s = self.linear_coefficient(v, rigidity)
        extent = v["z_max"] / v["z_W"]
        v_a = base_alfven_speed(v)

        def residence(species, flux):
            ratio = beta(rigidity, PROTON) / beta(rigidity, species)
            return {
                "warm layer": v["z_W"][:, None] / kappa * ratio,
                "stratified halo": residence_stratified(
                    flux, s, v_a, v["lambda1"], v["lambda2"], extent
                ),
            }

        return kappa, residence

    def cooling(self, v):
        return {"stratified halo": RISING_SPEED}

    def linear_coefficient(self, v, rigidity):
        """S at the base of the halo, (n, n_R), of values in CGS."""
        return base_coefficient(self.chosen["damping"], v, rigidity)

    def linear_coefficient_at_top(self, v, rigidity):
        fall = (v["z_max"] / v["z_W"]) ** -v["lambda2"]
        return self.linear_coefficient(v, rigidity) * fall[:, None]

    def derived(self, values):
        v = self.to_cgs(values)
        return {
            "beta_warm": plasma_beta(v["B_warm"], v["n_warm"], v["T_warm"]),
            "v_A_warm": alfven_speed(v["B_warm"], v["n_warm"]),
            "v_A_base": base_alfven_speed(v),
            "extent": v["z_max"] / v["z_W"],
        }
