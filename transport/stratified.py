"""Self-confinement with linear damping in a stratified halo: eqs. 18-23 (Sec. 3)."""

from __future__ import annotations

import numpy as np

from transport.constants import LIGHT_SPEED


def residence_stratified(source, s_base, v_a_base, lambda1, lambda2, extent):
    """f(0)/Q below the height where cosmic rays confine themselves, eq. 19.

    The maximum over zeta = z/z_0 in [1, extent] of (1 - (S_0/Q) zeta^-lambda2) / (v_A zeta^lambda1)
    with v_A ~ z^lambda1 and S ~ z^-lambda2: at zeta^lambda2 = (S_0/Q) (1 + lambda2/lambda1), or at
    an end. Streaming can be no faster than light, so 1/c bounds it from below.

    Parameters
    ----------
    source, s_base : (n, n_R) Q of the protons, S at z_0
    v_a_base, lambda1, lambda2 : (n,) Alfven speed at z_0 in cm/s, the two slopes
    extent : (n,) z_max / z_0, at least 1

    Returns
    -------
    (n, n_R) s/cm
    """
    sigma = s_base / source
    v_a, rise, fall = (np.asarray(a, dtype=float)[:, None] for a in (v_a_base, lambda1, lambda2))
    log_extent = np.log(np.maximum(np.asarray(extent, dtype=float), 1.0))[:, None]

    def inverse_speed(log_zeta):
        return (1.0 - sigma * np.exp(-fall * log_zeta)) * np.exp(-rise * log_zeta) / v_a

    with np.errstate(all="ignore"):
        stationary = np.log(sigma * (1.0 + fall / rise)) / fall
    stationary = np.clip(np.nan_to_num(stationary, nan=0.0), 0.0, log_extent)
    ends = np.maximum(inverse_speed(0.0), inverse_speed(log_extent))
    return np.maximum(np.maximum(ends, inverse_speed(stationary)), 1.0 / LIGHT_SPEED)


def confinement_height(source, s_base, lambda2):
    """z_sc / z_0 of eq. 21, where S(z_sc) = Q, (n, n_R): the start of self-confinement."""
    return np.maximum((s_base / source) ** (1.0 / np.asarray(lambda2)[:, None]), 1.0)
