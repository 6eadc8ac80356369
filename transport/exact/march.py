"""Solve eq. 1 at all heights, from high rigidity down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_banded

from transport.errors import CrtuneError
from transport.exact.medium import Medium

TOLERANCE = 1e-10
MAX_ITERATIONS = 100
REFERENCE_SLOPE = 4.5
"""R^4.5 f is what is differenced in ln R: it is nearly flat, so the error is small."""


@dataclass(frozen=True)
class Solution:
    """Steady state of one species.

    Attributes
    ----------
    rigidity : (n_R,) GV, ascending
    f, flux : (n_R, n_z) f and F = V f - kappa df/dz just above each node
    gradient, diffusive : (n_R, n_z) s = -df/dz and D = F - V f (the last node's s is the cell's
        below it)
    """

    rigidity: np.ndarray
    f: np.ndarray
    flux: np.ndarray
    gradient: np.ndarray
    diffusive: np.ndarray


def march(
    medium: Medium,
    rigidity: np.ndarray,
    source: np.ndarray,
    law_at: Callable[[int], object],
    density_scale: np.ndarray,
    top_slope: float = 4.8,
) -> Solution:
    """Steady state of eq. 1 for one species.

    Second order in height and in ln R (BDF2, implicit, so that any step is stable).

    Parameters
    ----------
    medium : heights and streaming speeds
    rigidity : (n_R,) GV, ascending, log-spaced
    source : (n_R,) half source Q
    law_at : index of a rigidity -> its law (see `transport.exact.laws`)
    density_scale : (n_R,) f to within some orders of magnitude; unknowns are scaled by it
    top_slope : alpha assumed at the highest rigidity only

    Raises
    ------
    CrtuneError: Newton's method does not converge, or the streaming speed falls with height
    """
    if np.any(medium.rises < 0) or np.any(medium.steps < 0):
        raise CrtuneError(
            "exact transport: the streaming speed falls with height, so that particles gain "
            "momentum, and the march from high momentum down does not apply"
        )
    n_r, n_z = len(rigidity), len(medium.z)
    f, flux, gradient, diffusive = np.empty((4, n_r, n_z))
    step = np.log(rigidity[1] / rigidity[0])
    raised = rigidity**REFERENCE_SLOPE
    guess = None
    for j in range(n_r - 1, -1, -1):
        # df/dlnR = known - decay f, from the rigidities above
        later = [raised[k] / raised[j] * f[k] for k in range(j + 1, min(j + 3, n_r))]
        if not later:
            decay, known = top_slope, np.zeros(n_z)
        elif len(later) == 1:
            decay, known = REFERENCE_SLOPE + 1.0 / step, later[0] / step
        else:
            decay = REFERENCE_SLOPE + 1.5 / step
            known = (2.0 * later[0] - 0.5 * later[1]) / step
        rung = _Rung(medium, law_at(j), source[j], density_scale[j], decay, known)
        guess = rung.solve(guess, rigidity[j])
        f[j], flux[j], gradient[j], diffusive[j] = rung.physical(guess)
    return Solution(rigidity, f, flux, gradient, diffusive)


class _Rung:
    """The nonlinear two-point problem in height at one rigidity, scaled.

    Unknowns are interleaved, x = (f_0, F_0, f_1, F_1, ...), so that the Jacobian has 2 bands below
    and 3 above its diagonal (rows: flux at node i, law at node i).
    """

    def __init__(self, medium, law, source, density, decay, known):
        self.length = medium.z[-1] - medium.z[0]
        self.density, self.source = density, source
        self.law = law.scaled(density, source, self.length)
        self.speed = medium.above * density / source
        steps, rises = medium.steps * density / source, medium.rises * density / source
        # f + (1/3) df/dlnR = gain f + offset at each node
        self.gain, offset = 1.0 - decay / 3.0, known / (3.0 * density)
        at_node = steps.copy()  # its own jump and half of the cell below
        at_node[1:] += 0.5 * rises
        self.own, self.before = -self.gain * at_node, -self.gain * 0.5 * rises
        self.given = at_node * offset
        self.given[1:] += 0.5 * rises * offset[:-1]
        self.given[0] += 1.0  # the source
        self.stencil = _gradient_stencil(medium, self.length, self.law.two_point)

    def gradient(self, f):
        c0, c1, c2 = self.stencil
        s = c0 * f
        s[:-1] += c1[:-1] * f[1:]
        s[:-2] += c2[:-2] * f[2:]
        s[-1] = s[-2]
        return s

    def residual(self, x):
        """Residual (2 n_z,) and banded Jacobian (6, 2 n_z)."""
        f, flux = x[::2], x[1::2]
        r, bands = np.empty_like(x), np.zeros((6, len(x)))
        r[::2] = flux + self.own * f - self.given
        r[2::2] += self.before * f[:-1] - flux[:-1]
        bands[2, 1::2] = 1.0  # band u + row - column, with u = 3
        bands[3, ::2] = self.own
        bands[4, 1:-2:2] = -1.0
        bands[5, :-2:2] = self.before

        law, by_s, by_d = self.law.residual(self.gradient(f), flux - self.speed * f)
        r[1::2] = law
        c0, c1, c2 = self.stencil
        on_f = by_s * c0 - by_d * self.speed
        on_flux = by_d * np.ones_like(f)
        r[-1], on_f[-1], on_flux[-1] = self.law.outer_residual(f[-1], flux[-1], self.speed[-1])
        on_next, on_second = by_s * c1, by_s * c2
        # rows of very different size would mislead the pivoting
        size = np.maximum.reduce([np.abs(on_f), np.abs(on_flux), np.abs(on_next)])
        r[1::2] /= size
        bands[4, ::2] = on_f / size
        bands[3, 1::2] = on_flux / size
        bands[2, 2::2] = (on_next / size)[:-1]
        bands[0, 4::2] = (on_second / size)[:-2]
        return r, bands

    def solve(self, guess, rigidity):
        """Newton's method from `guess` (or from a linear profile)."""
        n_z = len(self.speed)
        x = guess
        if x is None:
            x = np.ones(2 * n_z)
            x[::2] = np.linspace(1.0, 0.0, n_z)
        for _ in range(MAX_ITERATIONS):
            r, bands = self.residual(x)
            change = solve_banded((2, 3), bands, r)
            x = x - change
            if np.max(np.abs(change[::2])) < TOLERANCE * np.max(np.abs(x[::2])):
                return x
        raise CrtuneError(
            f"exact transport: no steady state found at {rigidity:.4g} GV in {MAX_ITERATIONS} "
            "Newton steps; use a finer grid in height (smaller `finest` or `largest`)"
        )

    def physical(self, x):
        """f, F, s and D in CGS."""
        f, flux = x[::2], x[1::2]
        s = self.gradient(f) * self.density / self.length
        d = (flux - self.speed * f) * self.source
        return f * self.density, flux * self.source, s, d


def _gradient_stencil(medium, length, two_point):
    """-d/dz at each node from it and the one or two nodes above it, z in units of `length`.

    Looking upwards is the stable side: streaming forgets what is above it, and f is known at the
    outer boundary. The stencil never reaches across a jump of the streaming speed.
    """
    z = medium.z / length
    n_z = len(z)
    c0, c1, c2 = np.zeros((3, n_z))
    h = np.diff(z)
    c0[:-1], c1[:-1] = 1.0 / h, -1.0 / h
    c0[-1] = 0.0
    if not two_point:
        kink = medium.below != medium.above
        i = np.flatnonzero(~kink[1:-1])  # node i+1, in the middle of the stencil, is smooth
        a, b = h[i], h[i] + h[i + 1]
        c0[i], c1[i], c2[i] = (a + b) / (a * b), -b / (a * (b - a)), a / (b * (b - a))
    return c0, c1, c2
