"""Boron from the spallation of carbon in the thin gas disk (Sec. 4.2)."""

import numpy as np

from transport.constants import LIGHT_SPEED, MILLIBARN, PROTON_MASS
from transport.kinematics import CARBON, Species, beta

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


def residence_of_grammage(grammage, rigidity, column, species: Species):
    """f(0)/Q = X / (m_p (h n_disk) v): the residence that makes particles cross a grammage X.

    A particle spends the time h f(0)/Q in the gas disk of half-thickness h, so that
    X = m_p n_disk v h f(0)/Q, and B/C at equal rigidity is X sigma / m_p.

    Parameters
    ----------
    grammage : (n, n_R) g/cm^2
    rigidity : (n_R,) GV
    column : (n,) h n_disk in cm^-2
    species : whose speed v counts

    Returns
    -------
    (n, n_R) s/cm
    """
    speed = LIGHT_SPEED * beta(rigidity, species)
    return grammage / (PROTON_MASS * np.asarray(column)[:, None] * speed)
