"""Scattering by weak shocks at a constant separation (Sec. 2.2.1)."""

from __future__ import annotations

from transport.diffusion import residence_diffusive
from transport.kinematics import PROTON, beta
from transport.residence import ResidenceScenario
from transport.scenario import register
from transport.shared_parameters import COLUMN, E_CR, GAMMA_INJ, HALO_HEIGHT, RADIUS, SHOCK_PATH
from transport.warm_layer import kappa_shocks


@register
class WeakShocks(ResidenceScenario):
    """Eq. 15 with kappa = v l / 3: a constant mean free path, energy-independent once v = c.

    Taken at all rigidities; the paper expects it above about 10 GV, where gyroradii exceed the
    width of a shock in the warm medium.
    """

    name = "weak_shocks"
    title = "Weak shocks"
    parameters = (E_CR, GAMMA_INJ, RADIUS, SHOCK_PATH, HALO_HEIGHT, COLUMN)
    halo_motion, boundary = "diffusion", HALO_HEIGHT.name

    def transport(self, v, rigidity):
        kappa = kappa_shocks(rigidity, v["l_shock"])
        f = residence_diffusive(kappa, v["H"])

        def residence(species, flux):
            return {"halo": f * beta(rigidity, PROTON) / beta(rigidity, species)}

        return kappa, residence
