"""Self-confinement everywhere, waves damped linearly (Sec. 2.1.1; eqs. 4-8)."""

from __future__ import annotations

from transport.linear_damping import damping_option, damping_rate
from transport.options import Option
from transport.plasma import alfven_speed
from transport.residence import ResidenceScenario, amplitude
from transport.scenario import register
from transport.self_confinement import linear_damping_coefficient, residence_linear
from transport.shared_parameters import A_S, COLUMN, E_CR, GAMMA_INJ, RADIUS, phase

# T does not enter: linear damping is given by its rate.
DENSITY, _, FIELD = phase("hot", "hot halo", "h", 0.001, 3e6, 1.0, "halo", section="Fig. 1")


@register
class SelfConfinementLinear(ResidenceScenario):
    """f = (Q - S) / v_A (eq. 5) up to the cutoff S = Q (eq. 6), free streaming Q/c beyond."""

    name = "self_confinement_linear"
    title = "Self-confinement, linear damping"
    extension = (
        "extension: B/C under linear damping is not in the paper; kappa_sc |df_p/dz| = S gives "
        "boron the residence f/Q of the protons"
    )
    parameters = (E_CR, GAMMA_INJ, RADIUS, DENSITY, FIELD, COLUMN)
    halo_motion = "streaming"
    options = {  # noqa: RUF012
        "damping": damping_option(),
        "amplitudes": Option(
            "a factor of order unity on S, to be given a prior", {False: (), True: (A_S,)}
        ),
    }

    def transport(self, v, rigidity):
        s = self.linear_coefficient(v, rigidity)
        v_a = alfven_speed(v["B_hot"], v["n_hot"])
        return None, lambda species, flux: {"halo": residence_linear(flux, s, v_a)}

    def cooling(self, v):
        return {"halo": alfven_speed(v["B_hot"], v["n_hot"])}

    def linear_coefficient(self, v, rigidity):
        """S of eq. 4, (n, n_R), of values in CGS."""
        rate = damping_rate(self.chosen["damping"], v, rigidity)
        s = linear_damping_coefficient(rigidity, rate, v["B_hot"], v["n_hot"])
        return amplitude(v, "A_S") * s

    def derived(self, values):
        v = self.to_cgs(values)
        return {"v_A_hot": alfven_speed(v["B_hot"], v["n_hot"])}
