"""Two-phase model: a warm layer with fast-mode turbulence below a self-confining halo (Sec. 4)."""

from __future__ import annotations

from transport.constants import LIGHT_SPEED
from transport.fast_modes.kernel import kappa_turb
from transport.injection import flux_per_rigidity, proton_source
from transport.kinematics import BORON, CARBON, PROTON, beta
from transport.plasma import alfven_speed, plasma_beta
from transport.scenario import Scenario, Spectra, register
from transport.secondaries import spallation_speed
from transport.self_confinement import nonlinear_landau_coefficient, residence_streaming
from transport.shared_parameters import (
    COLUMN,
    E_CR,
    GAMMA_INJ,
    HOT_PHASE,
    MACH,
    OUTER_SCALE,
    RADIUS,
    WARM_HEIGHT,
    WARM_PHASE,
)


@register
class TwoPhase(Scenario):
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

    def spectra(self, values, rigidity):
        v = {p.name: p.to_cgs(values[p.name]) for p in self.parameters}
        kappa = kappa_turb(rigidity, v["B_warm"], v["n_warm"], v["T_warm"], v["Ma"], v["L"])
        source = proton_source(rigidity, v["E_CR"], v["gamma_inj"], v["r"])
        x = nonlinear_landau_coefficient(rigidity, v["B_hot"], v["n_hot"], v["T_hot"])
        v_a = alfven_speed(v["B_hot"], v["n_hot"])
        height = v["r"] - v["z_W"]
        speed = {s: LIGHT_SPEED * beta(rigidity, s) for s in (PROTON, CARBON, BORON)}

        def residence(species):
            ratio = speed[PROTON] / speed[species]
            warm = v["z_W"][:, None] / kappa * ratio
            return warm, residence_streaming(source, x, v_a, height, ratio)

        warm_p, halo_p = residence(PROTON)
        warm_b, halo_b = residence(BORON)
        proton = flux_per_rigidity(source, rigidity, speed[PROTON])
        carbon = flux_per_rigidity(source, rigidity, speed[CARBON]) * sum(residence(CARBON))
        # Q_B = f_C(0) h / tau, so B/C at equal rigidity is h/tau times the residence of boron
        per_residence = spallation_speed(rigidity, v["column"]) * speed[BORON] / speed[CARBON]
        return Spectra(
            rigidity=rigidity,
            proton=proton * (warm_p + halo_p),
            carbon=carbon,
            boron=carbon * per_residence * (warm_b + halo_b),
            kappa_turb=kappa,
            terms={
                "warm layer": (proton * warm_p, per_residence * warm_b),
                "hot halo": (proton * halo_p, per_residence * halo_b),
            },
        )

    def derived(self, values):
        v = {p.name: p.to_cgs(values[p.name]) for p in self.parameters}
        return {
            "beta_warm": plasma_beta(v["B_warm"], v["n_warm"], v["T_warm"]),
            "beta_hot": plasma_beta(v["B_hot"], v["n_hot"], v["T_hot"]),
            "v_A_warm": alfven_speed(v["B_warm"], v["n_warm"]),
            "v_A_hot": alfven_speed(v["B_hot"], v["n_hot"]),
        }
