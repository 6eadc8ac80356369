"""The integral over pitch angles, eq. A3: int dy (1 + y^2)^{-9/4} / [G(rho, y) + T(rho, y)].

Functions here take `nodes`, (6, n_y): y, its weight in the integral, its shift in rho,
ln sqrt(1 + y^2) in steps of the grid, exp(-y^2 / Ma), sqrt(1 + y^2), and what modes nearly across
the field count for (`expanded`). A rigidity is given by its row, that of rho = r_L on the grid, a
real number.
"""

import numpy as np

from transport.fast_modes.jit import njit
from transport.fast_modes.lagrange import lagrange4, lagrange6
from transport.fast_modes.transit_time import FAR

DOUBT = 1e-4
"""Relative error of kappa, as `expanded` estimates it, beyond which A2 is summed angle by angle."""
SMALL_DRIFT = 0.03
"""The same, for v_A / (v sqrt(Ma))."""


@njit
def scattering_parts(row, total, bends, logs, m0, nodes, gyro, transit):
    """G, and T without its resonance (M_0), at one rigidity, into gyro and transit (n_y,)."""
    shift = nodes[2]
    for k in range(shift.size):
        position = row - shift[k]
        i = int(position)
        c0, c1, c2, c3 = lagrange4(position - i)
        transit[k] = c0 * m0[i - 1] + c1 * m0[i] + c2 * m0[i + 1] + c3 * m0[i + 2]
        if bends[i, k]:
            gyro[k] = _log_smooth_sum(logs, i, k, position - i)
        else:
            gyro[k] = (
                c0 * total[i - 1, k]
                + c1 * total[i, k]
                + c2 * total[i + 1, k]
                + c3 * total[i + 2, k]
            )


@njit
def _log_smooth_sum(logs, i, k, x):
    """Sum of both parts of G, each interpolated in its logarithm."""
    c = lagrange6(x)
    first, second = 0.0, 0.0
    for q in range(6):
        first += c[q] * logs[0, i - 2 + q, k]
        second += c[q] * logs[1, i - 2 + q, k]
    return np.exp(first) + np.exp(second)


@njit
def expanded(row, gyro, transit, moments, nodes, drift, ma):
    """The integral with T expanded in drift = v_A/v, and an estimate of what that costs.

    The average over angle of exp(a/xi - b/xi^2) in T is its second-order cumulant expansion. It
    misses the few modes at 1/xi = y / (drift sqrt(1 + y^2)), nearly across the field, that stay
    in resonance however small v_A is. Their share of T is
    sqrt(pi) (drift sqrt(1 + y^2))^2 sqrt(Ma) / y^3 times the integrand without xi dxi.
    """
    y, weight, shift, damping, stretch, across = nodes
    m0, mean, variance, near, far = moments
    integral = 0.0
    missed = 0.0
    for k in range(y.size):
        scattering = gyro[k]
        i = int(row - shift[k])
        if damping[k] > 0.0 and m0[i] > 0.0:
            slowed = drift * stretch[k]
            a, b = 2.0 * y[k] * slowed / ma, slowed * slowed / ma
            exponent = a * mean[i] + 0.5 * a * a * variance[i]
            exponent -= b * (variance[i] + mean[i] * mean[i])
            if abs(exponent) < 0.05:
                factor = 1.0 + exponent * (1.0 + exponent * (0.5 + exponent / 6.0))
            else:
                factor = np.exp(exponent)
            scattering += transit[k] * damping[k] * factor
        inverse = 1.0 / scattering
        power = far[i] if y[k] > FAR * drift * stretch[k] else near[i]
        missed += across[k] * power * inverse * inverse
        integral += weight[k] * inverse
    return integral, drift * drift * missed / integral


@njit
def summed(row, gyro, factors, values, nodes):
    """The integral with T as the sum over angles, `transit_time.nodes_of_all_angles`.

    factors (n_y, n_nodes) are those of `resonances`.
    """
    weight, shift = nodes[1], nodes[2]
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
    y, stretch = nodes[0], nodes[4]
    for k in range(y.size):
        for n in range(inverse_cos.size):
            offset = y[k] - drift * stretch[k] * inverse_cos[n]
            exponent = offset * offset / ma
            out[k, n] = np.exp(-exponent) if exponent < 50.0 else 0.0
