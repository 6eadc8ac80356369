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


def power_law_damping_rate(rigidity, rate_at_1_gv, slope):
    """Gamma = Gamma_1GV R^-a: linear damping Gamma ~ k^a of waves resonant with k r_L = 1.

    Parameters
    ----------
    rigidity : (n_R,) GV
    rate_at_1_gv : (n,) 1/s
    slope : a, (n,) or scalar: 1/2 Alfvenic turbulence, 3/4 charged dust, 0 ion-neutral friction

    Returns
    -------
    (n, n_R) 1/s
    """
    slope = np.broadcast_to(slope, np.shape(rate_at_1_gv))[:, None]
    return np.asarray(rate_at_1_gv)[:, None] * np.asarray(rigidity) ** -slope


def residence_linear(source, s_coefficient, v_a):
    """f(0)/Q of eq. 5, the same for every species: (1 - S/Q) / v_A, at least 1/c.

    Where S approaches or exceeds Q nothing confines the protons, and all stream freely.

    Parameters
    ----------
    source, s_coefficient : (n, n_R) Q and S of the protons
    v_a : (n,) cm/s

    Returns
    -------
    (n, n_R) s/cm
    """
    return np.maximum((1.0 - s_coefficient / source) / v_a[:, None], 1.0 / LIGHT_SPEED)


def residence_both_dampings(source, x_coefficient, s_coefficient, v_a, height, speed_ratio=1.0):
    """f(0)/Q of a streaming halo with nonlinear Landau and linear damping together.

    Waves grow at a rate proportional to the diffusive flux F = kappa |f_p'|, and either damping
    alone gives F = S or F^2 = X^2 |f_p'|. The sum of the rates therefore balances growth where

        F^2 - S F = X^2 |f_p'|,    v_A f_p + F = Q,    f_p(h) = 0,

    which is solved by 1 - S/F(0) = (1 - S/Q) exp(-S v_A h / X^2). A passive species, with
    kappa = (v/v_p) F / |f_p'|, has f/Q = [1 - (F(0)/Q)^{v_p/v}] / v_A. Without S this is eqs. 13
    and 25, without X eq. 5; free streaming, 1/c, bounds it from below.

    Parameters
    ----------
    source, x_coefficient, s_coefficient : (n, n_R) Q, X and S of the protons
    v_a, height : (n,) cm/s, cm
    speed_ratio : v_p / v of the species at equal rigidity, (n_R,) or 1

    Returns
    -------
    (n, n_R) s/cm
    """
    v_a, height = v_a[:, None], height[:, None]
    sigma = np.minimum(s_coefficient / source, 1.0)
    depth = height * source * v_a / x_coefficient**2  # h/a of eq. 13
    # F(0)/Q = sigma / (1 - (1 - sigma) e^{-sigma h/a}); written with expm1 for small sigma h/a
    decay = -np.expm1(-sigma * depth)
    unconfined = 1.0 / (1.0 + np.where(sigma * depth > 1e-12, decay * (1.0 / sigma - 1.0), depth))
    return np.maximum(-np.expm1(speed_ratio * np.log(unconfined)) / v_a, 1.0 / LIGHT_SPEED)
