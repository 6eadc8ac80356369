"""Injection of primaries by supernovae: the source 2 Q(p) of eq. 1."""

from __future__ import annotations

import numpy as np

from transport.constants import CENTURY, ERG_PER_GEV, LIGHT_SPEED, PROTON_MASS_GEV

GEV_PER_C = ERG_PER_GEV / LIGHT_SPEED
"""g cm/s"""

MAXIMUM_MOMENTUM = 1e6
"""GeV/c: the source ends at 1 PeV/c, near the knee. Without an end the energy diverges as
gamma_inj approaches 4."""

_X, _W = np.polynomial.legendre.leggauss(64)
_LOW = 1e-3 * PROTON_MASS_GEV
_LOG_P = 0.5 * np.log(MAXIMUM_MOMENTUM / _LOW) * (_X + 1.0) + np.log(_LOW)
_P = np.exp(_LOG_P)
_ENERGY = _P**2 / (np.hypot(_P, PROTON_MASS_GEV) + PROTON_MASS_GEV)
_MEASURE = 2.0 * np.pi * np.log(MAXIMUM_MOMENTUM / _LOW) * _W * _P**3 * _ENERGY


def energy_integral(gamma_inj):
    """Integral of 4 pi p^2 T(p) p^-gamma dp from 0 to `MAXIMUM_MOMENTUM`, p and T in GeV.

    Shape of `gamma_inj`; it converges at p = 0 for gamma_inj < 5, where T = p^2 / (2 m).
    """
    gamma_inj = np.asarray(gamma_inj, float)
    below = 2.0 * np.pi / PROTON_MASS_GEV * _LOW ** (5.0 - gamma_inj) / (5.0 - gamma_inj)
    return below + np.exp(-np.multiply.outer(gamma_inj, _LOG_P)) @ _MEASURE


def proton_source(rigidity, cr_energy, gamma_inj, radius, rate=1.0 / CENTURY):
    """Half source Q(p) of protons per unit area of the disk, with Q ~ p^-gamma_inj.

    Normalised by 2 Q pi r^2 int 4 pi p^2 T(p) dp = SN rate x E_CR.

    Parameters
    ----------
    rigidity : (n_R,) GV
    cr_energy : (n,) erg of cosmic rays per supernova
    gamma_inj : (n,) slope
    radius : (n,) cm, of the injecting disk
    rate : supernovae per second

    Returns
    -------
    (n, n_R), phase-space density times speed: (g cm/s)^-3 cm^-2 s^-1
    """
    power_per_area = rate * cr_energy / (2.0 * np.pi * radius**2)
    at_1_gev = power_per_area / ERG_PER_GEV / energy_integral(gamma_inj)  # p in GeV/c
    slope = np.exp(-np.multiply.outer(gamma_inj, np.log(rigidity)))
    return (at_1_gev / GEV_PER_C**3)[:, None] * slope


def flux_per_rigidity(distribution, rigidity, speed, charge=1):
    """dJ/dR = v p^2 f dp/dR, 1/(m2 sr s GV), of f(p) at rigidities in GV and speeds in cm/s."""
    momentum = charge * rigidity * GEV_PER_C
    return 1e4 * speed * momentum**2 * distribution * charge * GEV_PER_C
