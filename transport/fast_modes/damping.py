"""Cascade and damping rates of fast modes, and the wavenumber where the cascade ends.

Equations A4-A6 of Kempski & Quataert in their full forms (no small-angle limits). A mode's
direction is given by the logarithm of its slope, u = ln tan(theta), with theta the angle between
k and B: it is ln(theta) towards 0 and -ln(cos theta) towards 90 degrees, so both ends are
resolved. All arrays broadcast; lengths in cm, speeds in cm/s, rates in 1/s.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from transport import plasma
from transport.constants import ELECTRON_MASS, PROTON_MASS

_MASS_RATIO = ELECTRON_MASS / PROTON_MASS


def direction(u):
    """(sin theta, cos theta) of u = ln tan(theta), both to full relative accuracy."""
    u = np.asarray(u, dtype=float)
    fall = np.exp(-np.abs(u))
    large = 1.0 / np.sqrt(1.0 + fall**2)
    small = fall * large
    return np.where(u > 0, large, small), np.where(u > 0, small, large)


class Cascade(NamedTuple):
    """What the end of the cascade depends on.

    Attributes
    ----------
    L : outer scale, cm
    Ma : Alfven Mach number at L; the amplitude there is Ma v_A
    v_A : Alfven speed, also the phase speed of the modes, cm/s
    nu_B : Braginskii viscosity, cm^2/s
    beta : thermal over magnetic pressure
    l_mfp : ion mean free path, cm
    """

    L: float
    Ma: float
    v_A: float
    nu_B: float
    beta: float
    l_mfp: float

    @classmethod
    def from_plasma(cls, B, n, T, Ma, L, mean_free_path=None) -> Cascade:
        """Cascade in a plasma of field B (G), thermal density n (cm^-3), temperature T (K)."""
        l_mfp = plasma.ion_mean_free_path(n, T) if mean_free_path is None else mean_free_path
        return cls(
            L=L,
            Ma=Ma,
            v_A=plasma.alfven_speed(B, n),
            nu_B=plasma.braginskii_viscosity(l_mfp, plasma.thermal_speed(T)),
            beta=plasma.plasma_beta(B, n, T),
            l_mfp=l_mfp,
        )


def cascade_rate(k, cascade: Cascade):
    """Rate of the weak cascade at wavenumber k (1/cm), eq. A4: (k/L)^(1/2) (Ma v_A)^2 / v_A."""
    return np.sqrt(k / cascade.L) * cascade.Ma**2 * cascade.v_A


def viscous_damping_rate(k, u, cascade: Cascade):
    """Collisional damping rate, eq. A5 (first line): nu_B k^2 sin^2(theta) / 6."""
    sine, _ = direction(u)
    return cascade.nu_B * k**2 * sine**2 / 6.0


def collisionless_damping_rate(k, u, cascade: Cascade):
    """Collisionless damping rate, eq. A6 (first line), by electrons and ions."""
    return k * cascade.v_A * _collisionless_factor(u, cascade.beta)


def _collisionless_factor(u, beta):
    """Gamma / (k v_A) of eq. A6."""
    sine, cosine = direction(u)
    with np.errstate(over="ignore", divide="ignore"):
        inverse = 1.0 / (beta * cosine**2)
        bracket = np.sqrt(_MASS_RATIO) * np.exp(-_MASS_RATIO * inverse) + 5.0 * np.exp(-inverse)
        return np.sqrt(np.pi * beta) * sine**2 / (4.0 * cosine) * bracket


def viscous_cutoff(u, cascade: Cascade):
    """Wavenumber (1/cm) where cascade (A4) and viscous damping (A5) have the same rate."""
    sine, _ = direction(u)
    drive = 6.0 * cascade.Ma**2 * cascade.v_A / (cascade.nu_B * np.sqrt(cascade.L))
    return (drive / sine**2) ** (2.0 / 3.0)


def collisionless_cutoff(u, cascade: Cascade):
    """Wavenumber (1/cm) where cascade (A4) and collisionless damping (A6) have the same rate.

    Infinite where the exponentials of A6 leave no damping in double precision.
    """
    with np.errstate(divide="ignore", over="ignore"):
        return cascade.Ma**4 / (cascade.L * _collisionless_factor(u, cascade.beta) ** 2)


def k_max(u, cascade: Cascade):
    """Wavenumber (1/cm) where the cascade of modes in direction u ends.

    Viscous damping ends it where that happens at k_par l_mfp < 1; modes that survive it end by
    collisionless damping, but not at k_par < 1 / l_mfp, where that damping does not act
    (Appendix A, after A6). The result is not monotonic in u: it drops at the switch from clamped
    to viscous and can rise again towards 90 degrees.
    """
    _, cosine = direction(u)
    viscous = viscous_cutoff(u, cascade)
    collisionless = np.maximum(collisionless_cutoff(u, cascade), 1.0 / (cascade.l_mfp * cosine))
    return np.where(viscous * cosine * cascade.l_mfp < 1.0, viscous, collisionless)


def switches(cascade: Cascade, u_min: float = -40.0, u_max: float = 16.0) -> np.ndarray:
    """Directions u, ascending, where k_max jumps or has a kink, or crosses 1 / L.

    They are the roots of k_par l_mfp = 1 for either damping and of k_max L = 1 for each of its
    branches, found by a scan of 0.01 in u and refined to machine precision. One cascade only.
    """

    def along_field(cutoff):
        return lambda u: np.log(cutoff(u, cascade)) + np.log(direction(u)[1] * cascade.l_mfp)

    def to_outer_scale(cutoff):
        return lambda u: np.log(cutoff(u, cascade)) + np.log(cascade.L)

    conditions = [
        along_field(viscous_cutoff),
        along_field(collisionless_cutoff),
        to_outer_scale(viscous_cutoff),
        to_outer_scale(collisionless_cutoff),
        lambda u: np.log(cascade.L / (cascade.l_mfp * direction(u)[1])),
    ]
    grid = np.arange(u_min, u_max, 0.01)
    roots = []
    for condition in conditions:
        sign = np.sign(condition(grid))
        roots += [
            brentq(condition, grid[i], grid[i + 1], xtol=1e-14)
            for i in np.flatnonzero(sign[1:] * sign[:-1] < 0)
        ]
    return np.array(sorted(roots))
