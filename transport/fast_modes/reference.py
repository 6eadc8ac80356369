"""Slow, error-controlled reference of the fast-mode diffusion coefficient (Appendix A).

Every integral of A1-A3 is done by adaptive Gauss-Kronrod panels with an error estimate, in the
order mu, theta, x. The paper's variables are kept, in logarithmic or reciprocal form:

- u = ln tan(theta), so that dxi xi = sin^2(theta) cos^2(theta) du;
- t = 1 / (x xi R), the pitch-angle cosine in resonance with a mode, so that A1 has
  x^(-5/2) dx = (xi R)^(3/2) t^(1/2) dt, the Gaussian exp(-(mu - t)^2 / Delta mu^2) and
  w = tan(theta) (1 - mu^2)^(1/2) / t;
- in A2 the exponential does not depend on x, so its x-integral is a difference of the universal
  function P(w) = integral of w^(-5/2) J_1(w)^2 from 0, times (w / x)^(3/2).

With s = (1 - mu^2)^(1/2), Delta mu = Ma^(1/2) s and R^(3/2) taken out of both double integrals
(G and T below), A3 becomes

    kappa = v L R^(1/2) / (2 pi^(1/2) Ma^(3/2)) times the integral of s^3 / (G + T) over mu.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from transport import kinematics, plasma
from transport.constants import LIGHT_SPEED
from transport.errors import CrtuneError
from transport.fast_modes import bessel, damping
from transport.fast_modes.damping import Cascade, direction
from transport.fast_modes.panels import NODES, integrate, panel_integrals

REACH = 7.0
"""Gaussians are cut at this many widths, where they are 5e-22."""
_OSCILLATION = 3.0
"""Largest change of a Bessel function's argument over one panel."""
_LOWEST_PITCH = 1e-5
"""t is followed down to this fraction of max(mu, Delta mu): a fraction (1e-5)^(3/2) is left out."""


class State(NamedTuple):
    """Everything A1-A3 depend on: the cascade, R = r_L / L and the particle's speed (cm/s)."""

    cascade: Cascade
    R: float
    speed: float


def state_of(rigidity, B, n, T, Ma, L, mean_free_path):
    """`State` of arguments as `kappa_reference` takes them.

    Raises
    ------
    CrtuneError: an argument that is not one positive number, or a gyroradius beyond L
    """
    named = {"rigidity": rigidity, "B": B, "n": n, "T": T, "Ma": Ma, "L": L}
    named |= {} if mean_free_path is None else {"mean_free_path": mean_free_path}
    for name, value in named.items():
        if np.ndim(value) or not (np.isfinite(value) and value > 0):
            raise CrtuneError(
                f"reference diffusion coefficient: {name} = {value!r} must be one finite positive "
                "number (rigidity in GV, the rest in CGS)"
            )
    r_L = float(plasma.gyroradius(rigidity, B))
    if r_L >= L:
        raise CrtuneError(
            f"reference diffusion coefficient: the gyroradius of {rigidity:g} GV at B = {B:g} G, "
            f"{r_L:.3g} cm, must be smaller than the outer scale L = {L:.3g} cm"
        )
    speed = LIGHT_SPEED * float(kinematics.beta(rigidity))
    return State(Cascade.from_plasma(B, n, T, Ma, L, mean_free_path), r_L / L, speed)


def kappa_reference(rigidity_GV, B, n, T, Ma, L, mean_free_path=None, tolerance=1e-4) -> float:
    """Spatial diffusion coefficient of protons in fast modes, eq. A3 with A1-A6.

    Parameters
    ----------
    rigidity_GV : GV
    B : magnetic field, G
    n : thermal ion density, cm^-3
    T : temperature, K
    Ma : Alfven Mach number at the outer scale
    L : outer scale, cm
    mean_free_path : of thermal ions, cm; by default `plasma.ion_mean_free_path`
    tolerance : relative error wanted of kappa; the estimate behind it is pessimistic

    Returns
    -------
    kappa in cm^2/s

    Raises
    ------
    CrtuneError: an argument that is not one positive number, or a gyroradius beyond L
    ArithmeticError: the tolerance was not reached
    """
    return kappa_with_error(rigidity_GV, B, n, T, Ma, L, mean_free_path, tolerance)[0]


def kappa_with_error(rigidity_GV, B, n, T, Ma, L, mean_free_path=None, tolerance=1e-4):
    """As `kappa_reference`, with the estimate of the relative error: (kappa, error)."""
    state = state_of(rigidity_GV, B, n, T, Ma, L, mean_free_path)
    edges = _ThetaEdges(state)

    def integrand(group, mu):
        scattering, error = _scattering(state, edges, mu.ravel(), 0.2 * tolerance)
        value = (1.0 - mu**2) ** 1.5 / scattering.reshape(mu.shape)
        return value, value * error.reshape(mu.shape)

    # Delta mu vanishes towards 1, and all of kappa may come from there.
    mu_edges = np.array([0.0, 0.4, 0.7, 0.85, 0.94, 0.98, 1.0])
    group = np.zeros(len(mu_edges) - 1, dtype=int)
    total, error = integrate(integrand, group, mu_edges[:-1], mu_edges[1:], 1, 0.7 * tolerance)
    cascade = state.cascade
    factor = state.speed * cascade.L * np.sqrt(state.R / np.pi) / (2.0 * cascade.Ma**1.5)
    return float(factor * total[0]), float(error[0] / total[0])


def _scattering(state, edges, mu, rtol):
    """G + T at each mu (m,), and its relative error (m,)."""
    transit, transit_error = _transit_time(state, edges, mu, rtol)
    # Where the Gaussian of A2 has nothing to cut, gyroresonance alone sets the scale.
    gyro, gyro_error = _gyroresonance(state, edges, mu, rtol, transit)
    total = gyro + transit
    return total, (gyro_error + transit_error) / total


class _ThetaEdges:
    """Where the integrals over u = ln tan(theta) are split, and where they start."""

    def __init__(self, state: State):
        cascade = state.cascade
        end = self.end = u_end(state)
        switches = damping.switches(cascade, u_max=end)
        # Towards theta = 0 the cascade reaches ever smaller scales; the start is e^-4 below the
        # first angle at which its end is felt, t_min > 1e-3, and below 45 degrees, from where on
        # w = tan(theta) s / t matters even if nothing damps.
        grid = np.arange(-40.0, end, 0.05)
        felt = np.flatnonzero(_resonance_at_end(grid, state) > 1e-3)
        start = min(grid[felt[0]] if len(felt) else 0.0, 0.0) - 4.0
        inner = switches[switches > start + 1e-9]
        self.start = start
        self.common = np.unique(np.concatenate([np.arange(start, end, 0.7), inner, [end]]))
        middle = (self.common[1:] + self.common[:-1]) / 2.0
        self._surviving = damping.k_max(middle, cascade) * cascade.L > 1.0

    def panels(self, extra):
        """Ends of the surviving panels, also split at the directions in `extra`."""
        extra = [x for x in extra if self.start < x < self.end]
        edges = np.unique(np.concatenate([self.common, extra]))
        middle = (edges[1:] + edges[:-1]) / 2.0
        keep = self._surviving[np.searchsorted(self.common, middle) - 1]
        return edges[:-1][keep], edges[1:][keep]


def u_end(state):
    """Where modes end to matter towards 90 degrees: xi = 1e-5, or the exponential of A2 = 5e-22."""
    drift = state.cascade.v_A / state.speed
    return max(11.5, math.log((1.0 + REACH * math.sqrt(state.cascade.Ma)) / drift))


def _resonance_at_end(u, state):
    """t = 1 / (x xi R) at the end of the cascade, x = k_max L."""
    end = np.minimum(damping.k_max(u, state.cascade), 1e250) * state.cascade.L
    return 1.0 / (end * direction(u)[1] * state.R)


def _transit_time(state, edges, mu, rtol):
    """Double integral of A2 over xi and x, without R^(3/2): value and error, (m,) each."""
    s = np.sqrt(1.0 - mu**2)
    width = np.sqrt(state.cascade.Ma) * s
    drift = state.cascade.v_A / state.speed
    lower, upper = [], []
    for one_mu, one_width in zip(mu, width, strict=True):
        # xi at the peak of the exponential and at given numbers of widths beside it
        beside = one_mu + one_width * np.array([-6, -4, -2, -1, 0, 1, 2, 4, 6])
        xi = drift / beside[beside > drift]
        ends = edges.panels(np.log(np.sqrt(1.0 - xi**2) / xi))
        lower.append(ends[0])
        upper.append(ends[1])

    def integrand(group, u):
        sine, cosine = direction(u)
        argument = (mu[group, None] - drift / cosine) / width[group, None]
        reduced = sine * s[group, None]
        w_start = reduced * state.R
        end = np.minimum(damping.k_max(u, state.cascade), 1e250) * state.cascade.L
        over_x = bessel.transit_primitive(w_start * end) - bessel.transit_primitive(w_start)
        value = sine**2 * cosine**2 * reduced**1.5 * over_x * np.exp(-(argument**2))
        return value, np.zeros_like(value)

    group = np.repeat(np.arange(len(mu)), [len(x) for x in lower])
    lower, upper = np.concatenate(lower), np.concatenate(upper)
    return integrate(integrand, group, lower, upper, len(mu), rtol / 2.0, offset=1e-200)


def _gyroresonance(state, edges, mu, rtol, offset):
    """Double integral of A1 over xi and x, without R^(3/2): value and error, (m,) each."""
    lower, upper = edges.panels([])
    group = np.repeat(np.arange(len(mu)), len(lower))
    lower, upper = np.tile(lower, len(mu)), np.tile(upper, len(mu))

    def integrand(group, u):
        sine, cosine = direction(u)
        pitch = np.broadcast_to(mu[group, None], u.shape)
        inner, error = _over_x(state, pitch.ravel(), u.ravel())
        weight = sine**2 * cosine**3.5
        return weight * inner.reshape(u.shape), weight * error.reshape(u.shape)

    # Below the start the integral over x no longer depends on theta: xi dxi = theta dtheta.
    tail, _ = integrand(np.arange(len(mu)), np.full((len(mu), 1), edges.start))
    tail = tail[:, 0] / 2.0
    body, error = integrate(integrand, group, lower, upper, len(mu), rtol / 2.0, offset + tail)
    return body + tail, error


def _over_x(state, mu, u):
    """Integral of t^(1/2) J_1'(w)^2 exp(-(mu - t)^2 / Delta mu^2) over t, and its error, (m,) each.

    Panels are laid from the lowest t upward, all (mu, u) pairs at once; none is wider than 2
    Delta mu, than 2 t, or than 3 in w.
    """
    s = np.sqrt(1.0 - mu**2)
    width = np.sqrt(state.cascade.Ma) * s
    slope = np.exp(u) * s  # w = slope / t
    t_end = np.minimum(mu + REACH * width, 1.0 / (direction(u)[1] * state.R))
    t = np.maximum(mu - REACH * width, _resonance_at_end(u, state))
    t = np.maximum(t, _LOWEST_PITCH * np.maximum(mu, width))
    total, error = np.zeros((2, len(mu)))
    todo = np.flatnonzero(t < t_end)
    while len(todo):
        start = t[todo]
        step = np.minimum(2.0 * width[todo], 2.0 * start)
        step = np.minimum(step, _oscillation_step(start, slope[todo]))
        stop = np.minimum(start + step, t_end[todo])
        half = (stop - start) / 2.0
        x = (start + half)[:, None] + half[:, None] * NODES
        gauss = np.exp(-(((mu[todo, None] - x) / width[todo, None]) ** 2))
        part, part_error = panel_integrals(
            np.sqrt(x) * bessel.bessel_derivative_squared(slope[todo, None] / x) * gauss, half
        )
        total[todo] += part
        error[todo] += part_error
        t[todo] = stop
        todo = todo[stop < t_end[todo]]
    return total, error


def _oscillation_step(t, slope):
    """Step in t over which w = slope / t falls by 3, or to where averaging ends."""
    w = slope / t
    with np.errstate(divide="ignore", over="ignore"):
        step = np.where(w > _OSCILLATION, slope / np.maximum(w - _OSCILLATION, 1e-300) - t, np.inf)
    return np.where(w > bessel.W_AVERAGE * (1 + 1e-12), slope / bessel.W_AVERAGE - t, step)
