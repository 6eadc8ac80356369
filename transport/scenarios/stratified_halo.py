"""Self-confinement with linear damping in a stratified halo (Sec. 3; eqs. 18-23)."""

from __future__ import annotations

from transport.options import Option
from transport.residence import RISING_SPEED, ResidenceScenario
from transport.scenario import register
from transport.shared_parameters import A_S, COLUMN, E_CR, GAMMA_INJ, RADIUS
from transport.stratified import (
    BASE_DENSITY,
    BASE_FIELD,
    BASE_HEIGHT,
    DAMPING_FALL,
    EXTENSION,
    SPEED_SLOPE,
    STRATIFIED_DAMPING,
    TOP_HEIGHT,
    base_alfven_speed,
    base_coefficient,
    residence_stratified,
)


@register
class StratifiedHalo(ResidenceScenario):
    """Streaming at the Alfven speed of the height where cosmic rays confine themselves (eq. 19),
    with v_A ~ z^lambda1 and S ~ z^-lambda2 between z_0 and z_max."""

    name = "stratified_halo"
    title = "Stratified halo"
    extension = EXTENSION
    parameters = (
        E_CR, GAMMA_INJ, RADIUS,
        BASE_DENSITY, BASE_FIELD, BASE_HEIGHT, TOP_HEIGHT, SPEED_SLOPE, DAMPING_FALL,
        COLUMN,
    )  # fmt: skip
    halo_motion, boundary = "streaming", TOP_HEIGHT.name
    options = {  # noqa: RUF012
        "damping": STRATIFIED_DAMPING,
        "amplitudes": Option(
            "a factor of order unity on S, to be given a prior", {False: (), True: (A_S,)}
        ),
    }

    def transport(self, v, rigidity):
        s = self.linear_coefficient(v, rigidity)
        extent = v["z_max"] / v["z_0"]
        v_a = base_alfven_speed(v)

        def residence(species, flux):
            f = residence_stratified(flux, s, v_a, v["lambda1"], v["lambda2"], extent)
            return {"stratified halo": f}

        return None, residence

    def cooling(self, v):
        return {"stratified halo": RISING_SPEED}

    def linear_coefficient(self, v, rigidity):
        """S at z_0, (n, n_R), of values in CGS."""
        return base_coefficient(self.chosen["damping"], v, rigidity)

    def linear_coefficient_at_top(self, v, rigidity):
        fall = (v["z_max"] / v["z_0"]) ** -v["lambda2"]
        return self.linear_coefficient(v, rigidity) * fall[:, None]

    def derived(self, values):
        v = self.to_cgs(values)
        return {"v_A_base": base_alfven_speed(v), "extent": v["z_max"] / v["z_0"]}
