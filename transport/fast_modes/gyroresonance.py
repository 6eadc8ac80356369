"""Scattering by gyroresonance (eq. A1): G(rho, y) of `transport.fast_modes.tables`."""

import numpy as np

from transport.fast_modes.jit import njit
from transport.fast_modes.tables import T_MIN, T_STEP


@njit
def _add_cone(log_t, sign, cone, row):
    """Add sign W(t, U_j) U_j^{1/2} of one edge t = tan(theta) to row, (n_u,)."""
    t2 = np.exp(2.0 * log_t)
    scale = sign * t2 / (1.0 + t2)
    position = (log_t - np.log(T_MIN)) / T_STEP
    i = min(max(int(position), 0), cone.shape[0] - 2)
    x = min(max(position - i, 0.0), 1.0)
    low, high = scale * (1.0 - x), scale * x
    for j in range(row.size):
        row[j] += low * cone[i, j] + high * cone[i + 1, j]


@njit
def _cone_row(edges, cone, row):
    """Wave power of all surviving angles at one 1/k_par, for every U_j; into row, (n_u,)."""
    row[:] = 0.0
    _add_cone(edges[0], 1.0, cone, row)
    for e in range(1, edges.size, 2):
        if edges[e] < edges[e + 1]:
            _add_cone(edges[e + 1], 1.0, cone, row)
            _add_cone(edges[e], -1.0, cone, row)


@njit
def gyroresonance(edges, points, point_weights, n_rho, jump, u, cone, a):
    """G(rho, y) on the grid, (2, n_rho, n_y): collisionless and viscous part.

    The Gaussian transform along each line of constant U rho. The wave power is piecewise linear
    between grid points; at the jump each side counts for its own half. What lies between the curve
    and its chord is added at the points of `cone_edges`: the triangle at a kink, or the integral
    over the cell where bands begin or end, with its first moment. The two parts are kept apart
    because each is log-smooth in rho while their sum bends where one takes over.
    """
    _, n_u, n_y = a.shape
    collisionless, collisionless_left, viscous, viscous_left = a[0], a[1], a[2], a[3]
    n_line = edges.shape[0] - 1 - points.size
    power = np.zeros((2, n_rho, n_u))
    row, left, right = np.empty(n_u), np.empty(n_u), np.empty(n_u)
    for m in range(n_line):
        _cone_row(edges[m], cone, row)
        part = 0 if m < jump else 1
        for j in range(max(0, m - n_rho + 1), min(n_u, m + 1)):
            power[part, m - j, j] = row[j]
    g = np.zeros((2, n_rho, n_y))
    upper, lower = min(max(jump + 1, 0), n_rho), min(max(jump - n_u + 1, 0), n_rho)
    g[0, :upper] = np.dot(power[0, :upper], collisionless)
    g[1, lower:] = np.dot(power[1, lower:], viscous)
    if 0 <= jump < n_line:
        _cone_row(edges[n_line], cone, left)
        for j in range(max(0, jump - n_rho + 1), min(n_u, jump + 1)):
            right_value = power[1, jump - j, j]
            for k in range(n_y):
                g[1, jump - j, k] -= right_value * viscous_left[j, k]
                g[0, jump - j, k] += left[j] * collisionless_left[j, k]
    for q in range(points.size):
        m = int(np.floor(points[q]))
        x = points[q] - m
        if m < 0 or m + 1 >= n_line or m + 1 > jump:
            continue
        _cone_row(edges[m], cone, left)
        _cone_row(edges[m + 1 if m + 1 < jump else n_line], cone, right)
        _cone_row(edges[n_line + 1 + q], cone, row)
        near, far = 1.0 - x, x  # shares of the corners of the cell
        if point_weights[q] > 0.0:
            near, far = point_weights[q] * (4.0 - 6.0 * x), point_weights[q] * (6.0 * x - 2.0)
        for j in range(max(0, m - n_rho + 1), min(n_u - 1, m + 1)):
            # the weights take g / U as linear in ln U
            here = row[j] / u[j] * (row[j + 1] * u[j] / (row[j] * u[j + 1])) ** x
            excess = here - (1.0 - x) * left[j] / u[j] - x * right[j + 1] / u[j + 1]
            for k in range(n_y):
                g[0, m - j, k] += excess * (
                    near * u[j] * (collisionless[j, k] - collisionless_left[j, k])
                    + far * u[j + 1] * collisionless_left[j + 1, k]
                )
    return g


@njit
def sum_of_parts(g):
    """G = collisionless + viscous, where it bends, and the logarithms of both parts there.

    Returns
    -------
    total : (n_rho, n_y)
    bends : (n_rho, n_y) bool, of the interval from a row to the next
    logs : (2, n_rho, n_y), set in the six rows around each interval that bends. The lesser part is
        cut at 1e-8 of the greater, where it no longer counts: a deeper drop would make the
        interpolation swing
    """
    _, n_rho, n_y = g.shape
    total = g[0] + g[1]
    bends = np.zeros((n_rho, n_y), dtype=np.bool_)
    needed = np.zeros((n_rho, n_y), dtype=np.bool_)
    for i in range(2, n_rho - 3):
        for k in range(n_y):
            middle = total[i, k] * total[i + 1, k]
            outer = total[i - 1, k] * total[i + 2, k]
            bends[i, k] = abs(outer - middle) > 0.02 * middle  # not a power law
        for k in range(n_y):
            if bends[i, k]:
                for q in range(6):
                    needed[i - 2 + q, k] = True
    logs = np.empty((2, n_rho, n_y))
    for i in range(n_rho):
        for k in range(n_y):
            if needed[i, k]:
                own, other = g[0, i, k], g[1, i, k]
                logs[0, i, k] = np.log(max(own, 1e-8 * other + 1e-290))
                logs[1, i, k] = np.log(max(other, 1e-8 * own + 1e-290))
    return total, bends, logs
