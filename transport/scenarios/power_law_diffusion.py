"""Diffusion with any slope, kappa ~ R^delta: what phenomenological models infer, 0.3-0.6."""

from transport.phenomenology import DELTA, PowerLawDiffusion
from transport.scenario import register


@register
class FreePowerLaw(PowerLawDiffusion):
    """Diffusion with kappa = kappa_0 (v/c) R^delta."""

    name = "power_law_diffusion"
    title = "Power-law diffusion"
    parameters = (*PowerLawDiffusion.parameters[:-1], DELTA, PowerLawDiffusion.parameters[-1])
