"""The integral over pitch angles, eq. A3: int dy (1 + y^2)^{-9/4} / [G(rho, y) + T(rho, y)].

Functions here take `nodes`, (5, n_y): y, its weight in the integral, its shift in rho,
ln sqrt(1 + y^2) in steps of the grid, exp(-y^2 / Ma), and sqrt(1 + y^2). A rigidity is given by
its row, that of rho = r_L on the grid, a real number.
"""

import numpy as np

from transport.fast_modes.jit import njit
from transport.fast_modes.lagrange import lagrange4, lagrange6

DOUBT = 1e-4
"""Relative error of kappa, as `expanded` estimates it, beyond which A2 is summed angle by angle."""
SMALL_DRIFT = 0.03
"""The same, for v_A / (v sqrt(Ma))."""


@njit
def gyro_scattering(row, g, total, bends, nodes, out):
    """G at one rigidity, into out (n_y,)."""
    shift = nodes[2]
    for k in range(shift.size):
        position = row - shift[k]
        i = int(position)
        if bends[k, i]:
            out[k] = _log_smooth_sum(g, i, k, position - i)
        else:
            c0, c1, c2, c3 = lagrange4(position - i)
            t = total[k, i - 1 : i + 3]
            out[k] = c0 * t[0] + c1 * t[1] + c2 * t[2] + c3 * t[3]


@njit
def _log_smooth_sum(g, i, k, x):
    """Sum of both parts of G, each interpolated in its logarithm."""
    c = lagrange6(x)
    total = 0.0
    # the lesser part is cut at 1e-8 of the greater, where it no longer counts: a deeper drop
    # would make the interpolation swing
    for part in range(2):
        log_g = 0.0
        for q in range(6):
            own, other = g[part, i - 2 + q, k], g[1 - part, i - 2 + q, k]
            log_g += c[q] * np.log(max(own, 1e-8 * other + 1e-290))
        total += np.exp(log_g)
    return total


@njit
def expanded(row, gyro, moments, nodes, drift, ma):
    """The integral with T expanded in drift = v_A/v, and an estimate of what that costs.

    The average over angle of exp(a/xi - b/xi^2) in T is its second-order cumulant expansion. It
    misses the few modes at 1/xi = y / (drift sqrt(1 + y^2)), nearly across the field, that stay
    in resonance however small v_A is. Their share of T is
    sqrt(pi) (drift sqrt(1 + y^2))^2 sqrt(Ma) / y^3 times the integrand without xi dxi.
    """
    y, weight, shift, damping, stretch = nodes
    m0, mean, variance, widest = moments
    integral = 0.0
    missed = 0.0
    for k in range(y.size):
        scattering = gyro[k]
        i = int(row - shift[k])
        if m0[i] > 0.0:
            slowed = drift * stretch[k]
            if damping[k] > 0.0:
                c0, c1, c2, c3 = lagrange4(row - shift[k] - i)
                t = m0[i - 1 : i + 3]
                a, b = 2.0 * y[k] * slowed / ma, slowed * slowed / ma
                exponent = a * mean[i] + 0.5 * a * a * variance[i]
                exponent -= b * (variance[i] + mean[i] * mean[i])
                if abs(exponent) < 0.05:
                    factor = 1.0 + exponent * (1.0 + exponent * (0.5 + exponent / 6.0))
                else:
                    factor = np.exp(exponent)
                transit = c0 * t[0] + c1 * t[1] + c2 * t[2] + c3 * t[3]
                scattering += transit * damping[k] * factor
            resonant = slowed * slowed * widest[i] * np.sqrt(np.pi * ma) / (y[k] ** 3 + ma**1.5)
            missed += weight[k] * resonant / (scattering * scattering)
        integral += weight[k] / scattering
    return integral, missed / integral


@njit
def summed(row, gyro, factors, values, nodes):
    """The integral with T as the sum over angles, `transit_time.nodes_of_all_angles`.

    factors (n_y, n_nodes) are those of `resonances`.
    """
    _, weight, shift, _, _ = nodes
    integral = 0.0
    for k in range(weight.size):
        i = int(row - shift[k])
        c = lagrange4(row - shift[k] - i)
        transit = 0.0
        for q in range(4):
            part = 0.0
            at, factor = values[i - 1 + q], factors[k]
            for n in range(factor.size):
                part += at[n] * factor[n]
            transit += c[q] * part
        integral += weight[k] / (gyro[k] + transit)
    return integral


@njit
def resonances(inverse_cos, nodes, drift, ma, out):
    """exp(-(y - drift sqrt(1 + y^2) / xi)^2 / Ma) of eq. A2 at every node, out (n_y, n_nodes)."""
    y, _, _, _, stretch = nodes
    for k in range(y.size):
        for n in range(inverse_cos.size):
            offset = y[k] - drift * stretch[k] * inverse_cos[n]
            exponent = offset * offset / ma
            out[k, n] = np.exp(-exponent) if exponent < 80.0 else 0.0
