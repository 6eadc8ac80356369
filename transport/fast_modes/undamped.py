"""Fast-mode cascade that nothing damps (Sec. 6.3: the stochastic plasma echo)."""

from __future__ import annotations

import numpy as np

from transport.fast_modes.kernel import kappa_turb

_NO_PATH = 1.0
"""cm: with so short a mean free path the viscous cutoff lies many decades beyond any gyroradius,
so every angle survives; 1e-3 cm gives the same coefficient to 1e-7."""
_ANY_TEMPERATURE = 1e4


def undamped_plasma() -> tuple[float, float]:
    """Temperature (K) and ion mean free path (cm) with which the kernel damps nothing."""
    return _ANY_TEMPERATURE, _NO_PATH


def kappa_undamped(rigidity, magnetic_field, density, ma, outer_scale):
    """Diffusion coefficient of protons in an undamped isotropic cascade (A1-A3, k_max infinite).

    It scales as v sqrt(L r_L), with small corrections in v_A/v and r_L/L; the kernel of the
    damped cascade gives it in the limit of a vanishing viscosity.

    Parameters
    ----------
    rigidity : (n_R,) GV, ascending
    magnetic_field, density, ma, outer_scale : (n,) or scalar; G, cm^-3, -, cm

    Returns
    -------
    (n, n_R) cm^2/s; NaN as `kappa_turb` gives it
    """
    shape = np.broadcast_shapes(*map(np.shape, (magnetic_field, density, ma, outer_scale)))
    return kappa_turb(
        rigidity,
        magnetic_field,
        density,
        np.full(shape, _ANY_TEMPERATURE),
        ma,
        outer_scale,
        mean_free_path=np.full(shape, _NO_PATH),
    )
