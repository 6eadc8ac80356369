"""How a gradient answers to a diffusive flux: the closures of eq. 1.

With s = -df/dz and D = F - V f, the flux that streaming does not carry, every closure of the paper
is one relation r(s, D) = 0 at each height:

    turbulence       kappa s = D                                (Sec. 2.2)
    NLLD             X^2 s = D |D|                              (eq. 9)
    linear damping   D = S where s > 0, D <= S where s = 0      (eq. 4)
    pure streaming   0 = D                                      (eq. 3)

Under linear damping f cannot rise outwards, and is flat where the flux left to diffusion is too
small to feed waves: f(z) = max over z' >= z of (F - S)/V, which for a constant flux is eq. 19.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transport.constants import LIGHT_SPEED


@dataclass(frozen=True)
class PowerLaw:
    """weight * D |D|^(n-1) = coefficient * s at each node.

    Attributes
    ----------
    exponent : (n_z,) n: 1 for a given diffusion coefficient, 2 for NLLD
    coefficient : (n_z,) kappa (cm^2/s), X^2 or 0 (pure streaming), for n = 1, 2, 1
    weight : (n_z,)
    outer : f at the outer boundary, or None where particles leave it with the waves (D = 0)
    """

    exponent: np.ndarray
    coefficient: np.ndarray
    weight: np.ndarray
    outer: float | None = 0.0

    two_point = False

    def scaled(self, density, flux, length):
        """The same law for s in density / length and D in flux."""
        coefficient = self.coefficient * density / (length * flux**self.exponent)
        outer = None if self.outer is None else self.outer / density
        return PowerLaw(self.exponent, coefficient, self.weight, outer)

    def residual(self, s, d):
        """r, dr/ds and dr/dD at every node, (n_z,) each."""
        slope = self.weight * np.abs(d) ** (self.exponent - 1.0)
        return slope * d - self.coefficient * s, -self.coefficient, self.exponent * slope

    def outer_residual(self, f, flux, speed):
        """r, dr/df and dr/dF at the last node."""
        if self.outer is None:
            return speed * f - flux, speed, -1.0
        return f - self.outer, 1.0, 0.0

    def passive(self, s, d, speed_ratio) -> PowerLaw:
        """Law of a trace species with kappa times v/v_p (footnote 3), from the protons' s and D.

        speed_ratio : v / v_p, a number
        """
        weight = self.weight * np.abs(d) ** (self.exponent - 1.0) / speed_ratio
        return PowerLaw(np.ones_like(weight), self.coefficient, weight, self.outer)


@dataclass(frozen=True)
class Threshold:
    """Linear damping: s >= 0, D <= S and s (S - D) = 0 at each node.

    Particles leave the outer boundary confined, F = V f + S, or at the speed of light where
    that would be faster still.

    Attributes
    ----------
    threshold : (n_z,) S of eq. 4
    light : speed of light in the units of F / f
    """

    threshold: np.ndarray
    light: float = LIGHT_SPEED

    two_point = True  # f' enters only as "flat": a wider stencil would blur the edge

    def scaled(self, density, flux, length):
        """The same law for s in density / length and D in flux."""
        return Threshold(self.threshold / flux, self.light * density / flux)

    def residual(self, s, d):
        """r, dr/ds and dr/dD at every node: the smaller of s and S - D, for Newton's method."""
        room = self.threshold - d
        flat = s < room
        return np.where(flat, s, room), flat * 1.0, flat - 1.0

    def outer_residual(self, f, flux, speed):
        """r, dr/df and dr/dF at the last node."""
        confined = speed * f + self.threshold[-1]
        if confined < self.light * f:
            return confined - flux, speed, -1.0
        return self.light * f - flux, self.light, -1.0

    def passive(self, s, d, speed_ratio) -> PassiveThreshold:
        """Law of a trace species with kappa times v/v_p, from the protons' s and D."""
        return PassiveThreshold(self.threshold, np.maximum(s, 0.0) / speed_ratio)


@dataclass(frozen=True)
class PassiveThreshold:
    """weight * D = S s: a trace species in waves that linear damping limits.

    Where the protons are flat the weight is 0 and so is s. At the outer boundary it leaves with the
    protons' own F / f (`escape`).
    """

    threshold: np.ndarray
    weight: np.ndarray
    escape: float = np.nan

    two_point = True

    def scaled(self, density, flux, length):
        """The same law for s in density / length and D in flux."""
        return PassiveThreshold(
            self.threshold / flux, self.weight * length / density, self.escape * density / flux
        )

    def residual(self, s, d):
        """r, dr/ds and dr/dD at every node."""
        return self.weight * d - self.threshold * s, -self.threshold, self.weight

    def outer_residual(self, f, flux, speed):
        """r, dr/df and dr/dF at the last node."""
        return self.escape * f - flux, self.escape, -1.0


def diffusion(coefficient, outer=0.0) -> PowerLaw:
    """Given kappa (n_z,) cm^2/s, with f = `outer` at the last node."""
    coefficient = np.asarray(coefficient, float)
    return PowerLaw(np.ones_like(coefficient), coefficient, np.ones_like(coefficient), outer)


def nonlinear_landau(x, outer=0.0) -> PowerLaw:
    """NLLD with X (n_z,) of eq. 10."""
    x = np.asarray(x, float)
    return PowerLaw(np.full_like(x, 2.0), x**2, np.ones_like(x), outer)


def pure_streaming(count) -> PowerLaw:
    """No diffusion at any of `count` nodes; particles leave with the waves."""
    return PowerLaw(np.ones(count), np.zeros(count), np.ones(count), None)
