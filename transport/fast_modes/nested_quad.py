"""A1-A3 in the paper's variables by nested `scipy.integrate.quad`: a check of the reference."""

from __future__ import annotations

import itertools
import math

from scipy.integrate import quad
from scipy.special import j0, j1

from transport.fast_modes import damping
from transport.fast_modes.damping import direction
from transport.fast_modes.reference import REACH, state_of, u_end


def kappa_nested_quad(rigidity_GV, B, n, T, Ma, L, mean_free_path=None, tolerance=1e-3) -> float:
    """A1-A3 as they stand, by three nested quadratures.

    The arguments, units and errors are those of `transport.fast_modes.reference.kappa_reference`.
    The variables of integration are mu, ln tan(theta) (split at the switches of the damping) and
    ln x, the last only within seven widths of the resonance. Use it at moderate beta and Ma >= 0.5;
    elsewhere quad's 21 starting nodes in mu can miss where kappa comes from.
    """
    state = state_of(rigidity_GV, B, n, T, Ma, L, mean_free_path)
    cascade, R, v = state.cascade, state.R, state.speed
    end = u_end(state)
    splits = [-12.0, *(u for u in damping.switches(cascade, u_max=end) if u > -12.0), end]

    def by_quad(function, lower, upper, rtol, arguments=()):
        return quad(function, lower, upper, arguments, epsabs=0.0, epsrel=rtol, limit=200)[0]

    def over_x(u, mu):
        sine, xi = (float(part) for part in direction(u))
        x_end = math.log(float(damping.k_max(u, cascade)) * L)
        if x_end <= 0.0:
            return 0.0
        reduced = math.sqrt(1.0 - mu**2)
        width = math.sqrt(Ma) * reduced
        to_w = sine * R * reduced
        far, near = mu - REACH * width, mu + REACH * width
        x_low = max(0.0, -math.log(near * xi * R))
        x_high = min(x_end, -math.log(far * xi * R) if far > 0 else x_end)

        def gyro(ln_x):
            x = math.exp(ln_x)
            w = to_w * x
            offset = (mu - 1.0 / (x * xi * R)) / width
            return x**-1.5 * (j0(w) - j1(w) / w) ** 2 * math.exp(-(offset**2))

        def transit(ln_x):
            x = math.exp(ln_x)
            return x**-1.5 * j1(to_w * x) ** 2

        exponent = ((mu - cascade.v_A / (v * xi)) / width) ** 2
        total = by_quad(gyro, x_low, x_high, 0.1 * tolerance) if x_low < x_high else 0.0
        if exponent < REACH**2:
            total += math.exp(-exponent) * by_quad(transit, 0.0, x_end, 0.1 * tolerance)
        return total * xi**2 * sine**2 / width

    def scattering(mu):
        parts = [
            by_quad(over_x, low, high, 0.3 * tolerance, (mu,))
            for low, high in itertools.pairwise(splits)
        ]
        return Ma**2 * v * math.sqrt(math.pi) * (1.0 - mu**2) / (2.0 * L * R**2) * sum(parts)

    inverse = by_quad(lambda mu: (1.0 - mu**2) ** 2 / scattering(mu), 0.0, 1.0, tolerance)
    return v**2 / 4.0 * inverse
