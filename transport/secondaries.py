"""Boron from the spallation of carbon in the thin gas disk (Sec. 4.2)."""

import numpy as np

from transport.constants import LIGHT_SPEED, MILLIBARN
from transport.kinematics import CARBON, beta

SPALLATION_CROSS_SECTION = 61.0 * MILLIBARN
"""cm^2, taken as constant (Sec. 4.2)."""


def spallation_speed(rigidity, column):
    """h / tau_spall = (h n_disk) sigma v of the parent carbon, cm/s.

    Q_B = f_C(0) h / tau_spall is the boron source per unit area on one side of the disk.

    Parameters
    ----------
    rigidity : (n_R,) GV
    column : (n,) h n_disk in cm^-2, with h the half-thickness of the disk

    Returns
    -------
    (n, n_R)
    """
    speed = LIGHT_SPEED * beta(rigidity, CARBON)
    return np.asarray(column)[:, None] * SPALLATION_CROSS_SECTION * speed
