"""Self-confinement by the streaming instability: eqs. 4-13 and 25 (Sec. 2.1 and 4)."""

from __future__ import annotations

import numpy as np

from transport.constants import ELEMENTARY_CHARGE, LIGHT_SPEED, PROTON_MASS
from transport.injection import GEV_PER_C
from transport.kinematics import PROTON, beta
from transport.plasma import alfven_speed, gyroradius, proton_gyrofrequency, thermal_speed


def nonlinear_landau_coefficient(rigidity, magnetic_field, density, temperature, boost=1.0):
    """X of eq. 10, with kappa_sc = X |b.grad f_p|^{-1/2} (eq. 9).

    Parameters
    ----------
    rigidity : (n_R,) GV
    magnetic_field, density, temperature : (n,) G, cm^-3, K
    boost : factor on the nonlinear damping rate, broadcast to (n, n_R); X goes as its root

    Returns
    -------
    (n, n_R) CGS
    """
    gyrofrequency = proton_gyrofrequency(magnetic_field)[:, None]
    v_a = alfven_speed(magnetic_field, density)[:, None]
    v_th = thermal_speed(temperature)[:, None]
    v_p = LIGHT_SPEED * beta(rigidity, PROTON)
    p = GEV_PER_C * np.asarray(rigidity)
    damping = 8.0 * v_th * gyrofrequency * np.square(magnetic_field)[:, None] * boost
    return (
        v_p**2
        / (2.0 * np.pi**2 * gyrofrequency)
        * np.sqrt(damping / (PROTON_MASS * v_a * v_p**3 * p**3))
    )


def residence_streaming(source, x_coefficient, v_a, height, speed_ratio=1.0):
    """f(0)/Q of a streaming halo with nonlinear Landau damping (eqs. 13 and 25 at the base).

    (1/v_A) [1 - (a / (h + a))^{v_p/v}] with a = X^2 / (Q v_A) of the protons and h the distance
    to the outer boundary. At equal speeds it is the same for every species.

    Parameters
    ----------
    source, x_coefficient : (n, n_R) Q and X of the protons
    v_a, height : (n,) cm/s, cm
    speed_ratio : v_p / v of the species at equal rigidity, (n_R,) or 1

    Returns
    -------
    (n, n_R) s/cm
    """
    v_a, height = v_a[:, None], height[:, None]
    a = x_coefficient**2 / (source * v_a)
    # log1p and expm1 keep the bracket exact where a >> h and it is small
    return -np.expm1(-speed_ratio * np.log1p(height / a)) / v_a


def linear_damping_coefficient(rigidity, damping_rate, magnetic_field, density):
    """S of eq. 4 for a linear damping rate, kappa_sc = S / |b.grad f_p|.

    S = Gamma B^2 / (4 pi^3 m_p Omega_0 v_A p^3); with Gamma = v_A / sqrt(L r_L) it is eq. 23.

    Parameters
    ----------
    rigidity : (n_R,) GV
    damping_rate : (n, n_R) 1/s, of the waves resonant with each rigidity
    magnetic_field, density : (n,) G, cm^-3
    """
    magnetic_field = np.asarray(magnetic_field)[:, None]
    p = GEV_PER_C * np.asarray(rigidity)
    v_a = alfven_speed(magnetic_field, np.asarray(density)[:, None])
    return (
        damping_rate
        * magnetic_field
        * LIGHT_SPEED
        / (4.0 * np.pi**3 * ELEMENTARY_CHARGE * v_a * p**3)
    )


def turbulent_damping_rate(rigidity, magnetic_field, density, outer_scale):
    """Gamma = v_A / sqrt(L r_L) of waves sheared by Alfvenic turbulence (Farmer & Goldreich 2004).

    For turbulence injected with Ma about 1 on the scale L; (n, n_R) 1/s.
    """
    magnetic_field = np.asarray(magnetic_field)[:, None]
    v_a = alfven_speed(magnetic_field, np.asarray(density)[:, None])
    return v_a / np.sqrt(
        np.asarray(outer_scale)[:, None] * gyroradius(np.asarray(rigidity), magnetic_field)
    )
