"""Scattering by a Kolmogorov cascade, the phenomenological baseline (Secs. 1 and 2.2)."""

from transport.phenomenology import PowerLawDiffusion
from transport.scenario import register


@register
class Kolmogorov(PowerLawDiffusion):
    """Diffusion with kappa = kappa_0 (v/c) R^(1/3)."""

    name = "kolmogorov"
    title = "Kolmogorov diffusion"
