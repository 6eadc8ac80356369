"""Scattering by transit-time damping (eq. A2): the angle integrals of T(rho, y)."""

import numpy as np

from transport.fast_modes.cone import (
    collisionless_cutoff,
    log_k_collisionless,
    log_k_viscous,
    viscous_cutoff,
)
from transport.fast_modes.jit import njit
from transport.fast_modes.tables import H_MIN, H_STEP, LOG_STEP

_LOG_H_MIN = np.log(H_MIN)
_X12, _W12 = np.polynomial.legendre.leggauss(12)
_X24, _W24 = np.polynomial.legendre.leggauss(24)
_X48, _W48 = np.polynomial.legendre.leggauss(48)
FAR = 8.0
_FINE_STEP = 0.7
"""Largest panel of `nodes_of_all_angles` in ln(cos theta)."""
_RISE, _SAMPLES = 4.0, 32
"""Largest rise of ln k_max in a panel there, and how many angles of a panel tell."""


@njit
def transit_time(log_rho0, n_rho, h_deficit, edges, top, v_a, beta, viscosity, ma, scale, mfp):
    """Angle integrals of eq. A2, (5, n_rho): M_0, <1/xi>, <1/xi^2> - <1/xi>^2, and the integrand.

    M_0 = int dxi xi sin^{3/2}(theta) [H(rho sin(theta)/L) - H(rho k_max sin(theta))] and the
    averages over its integrand; the last rows are the largest integrands, without xi dxi, at
    xi < 1/2 and at xi < 1 / `FAR`.

    Quadrature in theta, split where the damping that sets k_max changes: at the edges of what
    collisionless damping leaves at k_par = 1/l_mfp (a row of `cone_edges`; clamped between them),
    at top, where viscous damping takes over, and where that leaves nothing, k_max L = 1.
    """
    moments = np.zeros((5, n_rho))
    log_kv = log_k_viscous(v_a, viscosity, ma, scale)
    log_kc = log_k_collisionless(beta, ma, scale)
    ends = _panel_ends(edges, top, log_kv + np.log(scale))
    growth = np.exp(0.5 * LOG_STEP)
    for panel in range(ends.size - 1):
        half = 0.5 * (ends[panel + 1] - ends[panel])
        is_last = panel == ends.size - 2
        if ends[panel + 1] < 0.2:  # a narrow cone counts as theta^{7/2}
            nodes, weights = _X12, _W12
        elif is_last:
            nodes, weights = _X24, _W24
        else:  # exponentials of 1/(beta cos^2 theta)
            nodes, weights = _X48, _W48
        for node in range(nodes.size if half > 0.0 else 0):
            theta = ends[panel] + half * (1.0 + nodes[node])
            sin, cos = np.sin(theta), np.cos(theta)
            log_k = _log_k_end(np.log(sin / cos), cos, is_last, log_kv, log_kc, beta, mfp)
            measure = half * weights[node] * sin**2.5
            log_u0 = log_rho0 + log_k + np.log(sin)
            inner = 0.5 * np.sqrt(np.exp(log_rho0) * sin / scale)
            outer = 0.5 * np.exp(0.5 * log_u0)
            for i in range(n_rho):
                log_u = log_u0 + i * LOG_STEP
                deficit = outer if log_u < _LOG_H_MIN else _h_deficit(log_u, h_deficit)
                power = max(deficit - inner, 0.0)
                value = measure * power
                inner *= growth
                outer *= growth
                moments[0, i] += value * cos
                moments[1, i] += value
                moments[2, i] += value / cos
                if cos < 0.5:
                    moments[3, i] = max(moments[3, i], power)
                if cos * FAR < 1.0:
                    moments[4, i] = max(moments[4, i], power)
    for i in range(n_rho):
        if moments[0, i] > 0.0:
            moments[1, i] /= moments[0, i]
            moments[2, i] = moments[2, i] / moments[0, i] - moments[1, i] ** 2
    return moments


@njit
def nodes_of_all_angles(
    log_rho0, n_rho, h_deficit, edges, top, v_a, beta, viscosity, ma, scale, mfp, steepest
):
    """The integral over xi in eq. A2 as a sum that any function of xi can be put under.

    As `transit_time`, with nodes close enough for a resonance of a width sqrt(Ma) in y out to
    1/xi = steepest.

    Returns
    -------
    inverse_cos : (n_nodes,) 1/xi
    values : (n_rho, n_nodes) weights, such that their sum over nodes is M_0
    """
    log_kv = log_k_viscous(v_a, viscosity, ma, scale)
    log_kc = log_k_collisionless(beta, ma, scale)
    coarse = _panel_ends(edges, top, log_kv + np.log(scale))
    n_splits = max(1, int(np.log(steepest) / _FINE_STEP) + 1)
    splits = np.arccos(np.exp(-_FINE_STEP * np.arange(1, n_splits + 1)))
    ends = np.sort(np.concatenate((coarse, splits, _steep(coarse, log_kc, beta, mfp))))
    inverse_cos = np.empty(ends.size * _X12.size)
    values = np.zeros((n_rho, ends.size * _X12.size))
    growth = np.exp(0.5 * LOG_STEP)
    count = 0
    for panel in range(ends.size - 1):
        half = 0.5 * (ends[panel + 1] - ends[panel])
        if half <= 1e-15 or ends[panel] >= coarse[-1]:
            continue
        is_last = ends[panel] >= coarse[-2]
        for node in range(_X12.size):
            theta = ends[panel] + half * (1.0 + _X12[node])
            sin, cos = np.sin(theta), np.cos(theta)
            log_k = _log_k_end(np.log(sin / cos), cos, is_last, log_kv, log_kc, beta, mfp)
            measure = half * _W12[node] * sin**2.5 * cos
            inverse_cos[count] = 1.0 / cos
            log_u0 = log_rho0 + log_k + np.log(sin)
            inner = 0.5 * np.sqrt(np.exp(log_rho0) * sin / scale)
            outer = 0.5 * np.exp(0.5 * log_u0)
            for i in range(n_rho):
                log_u = log_u0 + i * LOG_STEP
                deficit = outer if log_u < _LOG_H_MIN else _h_deficit(log_u, h_deficit)
                values[i, count] = measure * max(deficit - inner, 0.0)
                inner *= growth
                outer *= growth
            count += 1
    return inverse_cos[:count], np.ascontiguousarray(values[:, :count])


@njit
def _steep(ends, log_kc, beta, mfp):
    """Angles at which to split panels in which k_max rises: at low beta by orders of magnitude
    within degrees, where electrons cease to damp."""
    splits = np.empty((ends.size - 2) * _SAMPLES)
    count = 0
    for panel in range(ends.size - 2):
        step = (ends[panel + 1] - ends[panel]) / _SAMPLES
        lowest = np.inf
        for i in range(1, _SAMPLES if step > 0.0 else 1):
            theta = ends[panel] + i * step
            x, cos = np.log(np.tan(theta)), np.cos(theta)
            log_k = _log_k_end(x, cos, False, 0.0, log_kc, beta, mfp)
            if log_k > lowest + _RISE:
                splits[count] = theta
                count += 1
                lowest = log_k
            lowest = min(lowest, log_k)
    return splits[:count]


@njit
def _log_k_end(x, cos, is_viscous, log_kv, log_kc, beta, mfp):
    """ln k_max at x = ln tan(theta), on the viscous or on the collisionless (clamped) branch."""
    if is_viscous:
        return log_kv + viscous_cutoff(x)[0] - np.log(cos)
    return max(log_kc + collisionless_cutoff(x, beta)[0], -np.log(mfp)) - np.log(cos)


@njit
def _panel_ends(edges, top, log_kv_scale):
    """Angles (rad) between which k_max(theta) is smooth, from 0 to where k_max L = 1 or pi/2."""
    ends = np.empty(edges.size + 3)
    ends[0], ends[1] = 0.0, np.arctan(np.exp(edges[0]))
    count = 2
    for e in range(1, edges.size, 2):
        if edges[e] < edges[e + 1]:
            ends[count], ends[count + 1] = (
                np.arctan(np.exp(edges[e])),
                np.arctan(np.exp(edges[e + 1])),
            )
            count += 2
    ends[count] = np.arctan(np.exp(top))
    # viscous k_max = K_v sin(theta)^(-4/3)
    last = np.arcsin(min(1.0, np.exp(0.75 * log_kv_scale)))
    ends[count + 1] = max(last, ends[count])
    return ends[: count + 2]


@njit
def _h_deficit(log_u, table):
    """H(0) - H(u) from its table, u above the small-argument limit sqrt(u)/2."""
    position = (log_u - _LOG_H_MIN) / H_STEP
    i = int(position)
    if i >= table.size - 1:
        return table[table.size - 1]
    x = position - i
    return (1.0 - x) * table[i] + x * table[i + 1]
