"""Residence in diffusive layers and in a uniform wind (eqs. 2 and 15)."""

from __future__ import annotations

import numpy as np


def residence_diffusive(kappa, height):
    """f(0)/Q = H / kappa below a free-escape boundary (eq. 15 with f(H) = 0), (n, n_R) s/cm.

    Parameters
    ----------
    kappa : (n, n_R) cm^2/s of the species
    height : (n,) cm
    """
    return np.asarray(height)[:, None] / kappa


def residence_advective(kappa, height, speed):
    """f(0)/Q = [1 - exp(-V H / kappa)] / V: diffusion with advection at a constant speed (eq. 2).

    Adiabatic losses are left out, as in eq. 2.

    Parameters
    ----------
    kappa : (n, n_R) cm^2/s of the species
    height, speed : (n,) cm, cm/s away from the disk

    Returns
    -------
    (n, n_R) s/cm
    """
    height, speed = np.asarray(height)[:, None], np.asarray(speed)[:, None]
    depth = speed * height / kappa
    # -expm1(-x)/x tends to 1: no wind is plain diffusion
    share = np.where(depth > 1e-8, -np.expm1(-depth) / np.where(depth > 0, depth, 1.0), 1.0)
    return height / kappa * share
