"""Fast kernel for the diffusion coefficient in fast-mode turbulence (Appendix A, eqs. A1-A6).

The integrals are those of `transport.fast_modes.tables`; this module adds the plasma. On a
geometric grid every length 1/k_par = U rho falls on one line of points, so the surviving cone is
solved once per point, and the grid of each state is shifted so that the mean free path, where
damping changes from viscous to collisionless and the cone jumps, is a point of it.
"""

from __future__ import annotations

import numpy as np

from transport.constants import LIGHT_SPEED, PROTON_MASS_GEV
from transport.fast_modes.cone import (
    collisionless_cutoff,
    cone_edges,
    log_k_collisionless,
    log_k_viscous,
    viscous_cutoff,
)
from transport.fast_modes.jit import njit
from transport.fast_modes.tables import (
    H_MIN,
    H_STEP,
    LOG_STEP,
    MA_MAX,
    MA_MIN,
    T_MIN,
    T_STEP,
    universal_tables,
)
from transport.plasma import (
    GV_IN_GAUSS_CM,
    alfven_speed,
    braginskii_viscosity,
    ion_mean_free_path,
    plasma_beta,
    thermal_speed,
)

_LOG_H_MIN = np.log(H_MIN)
_X12, _W12 = np.polynomial.legendre.leggauss(12)
_X24, _W24 = np.polynomial.legendre.leggauss(24)


def kappa_turb(
    rigidity, magnetic_field, density, temperature, ma, outer_scale, mean_free_path=None
):
    """Spatial diffusion coefficient of protons in weak fast-mode turbulence, eq. A3.

    Parameters
    ----------
    rigidity : (n_R,) GV, ascending
    magnetic_field, density, temperature, ma, outer_scale : (n,) or scalar; G, cm^-3, K, -, cm
    mean_free_path : (n,) cm; by default `transport.plasma.ion_mean_free_path`

    Returns
    -------
    (n, n_R) cm^2/s

    Raises
    ------
    ValueError: Ma outside the tables, or a gyroradius above a tenth of the outer scale
    """
    rigidity = np.atleast_1d(np.asarray(rigidity, float))
    if mean_free_path is None:
        mean_free_path = ion_mean_free_path(density, temperature)
    b, n, t, ma, scale, mfp = (
        np.ascontiguousarray(a, float)
        for a in np.broadcast_arrays(
            *np.atleast_1d(magnetic_field, density, temperature, ma, outer_scale, mean_free_path)
        )
    )
    _check(rigidity, b, ma, scale)
    v_a = alfven_speed(b, n)
    viscosity = braginskii_viscosity(mfp, thermal_speed(t))
    out = np.empty((len(b), len(rigidity)))
    _kappa_batch(
        np.log(rigidity), b, v_a, plasma_beta(b, n, t), viscosity, ma, scale, mfp,
        *universal_tables(), out,
    )  # fmt: skip
    return out


def _check(rigidity, b, ma, scale):
    if not np.all((ma >= MA_MIN) & (ma <= MA_MAX)):
        raise ValueError(f"Ma must lie in [{MA_MIN}, {MA_MAX}], got {ma.min():g} to {ma.max():g}")
    if np.any(GV_IN_GAUSS_CM * rigidity[-1] / b > 0.1 * scale):
        raise ValueError(
            f"the gyroradius at {rigidity[-1]:g} GV exceeds a tenth of the outer scale L"
        )


@njit
def _kappa_batch(
    log_r, b, v_a, beta, viscosity, ma, scale, mfp,
    u, cone, log_ma, gauss, y_table, weight_table, h_deficit, out,
):  # fmt: skip
    n_u, n_y = u.size, y_table.shape[1]
    nodes = np.empty((5, n_y))
    y, weight, shift, damping, stretch = nodes
    a = np.empty((4, n_u, n_y))
    for w in range(b.size):
        _interpolate_ma(np.log(ma[w]), log_ma, gauss, y_table, weight_table, a, y, weight)
        for k in range(n_y):
            stretch[k] = np.sqrt(1.0 + y[k] * y[k])
            shift[k] = np.log(stretch[k]) / LOG_STEP
            damping[k] = np.exp(-y[k] * y[k] / ma[w]) if y[k] * y[k] < 60.0 * ma[w] else 0.0
        # rigidity grid: two points of margin, shifted so that ln l_mfp is on the grid of ln(U rho)
        log_gyro = np.log(GV_IN_GAUSS_CM / b[w])
        offset = (np.log(mfp[w]) - np.log(u[0]) - log_gyro - log_r[0]) / LOG_STEP
        start = log_r[0] + (offset - np.ceil(offset) - 1.0) * LOG_STEP
        n_r = int((log_r[-1] - start) / LOG_STEP) + 5
        below = int(shift[n_y - 1]) + 4
        log_rho0 = start - below * LOG_STEP + log_gyro  # ln rho of the first row
        n_rho = n_r + below
        jump = int(np.rint((np.log(mfp[w]) - np.log(u[0]) - log_rho0) / LOG_STEP))

        log_length0 = log_rho0 + np.log(u[0])
        top, edges, kinks = cone_edges(log_length0, LOG_STEP, n_rho + n_u - 1, jump, v_a[w],
                                       beta[w], viscosity[w], ma[w], scale[w], mfp[w])  # fmt: skip
        g = _gyroresonance(edges, (kinks - log_length0) / LOG_STEP, n_rho, jump, u, cone, a)
        total, bends = _sum_of_parts(g)
        moments = _transit_time(log_rho0, n_rho, h_deficit, edges[n_rho + n_u - 1, 0], top,
                                v_a[w], beta[w], viscosity[w], ma[w], scale[w], mfp[w])  # fmt: skip
        for j in range(log_r.size):
            r = np.exp(log_r[j])
            speed = LIGHT_SPEED * r / np.sqrt(r * r + PROTON_MASS_GEV**2)
            row = below + (log_r[j] - start) / LOG_STEP
            integral = _pitch_angle_integral(row, g, total, bends, moments, nodes,
                                             v_a[w] / speed, ma[w])  # fmt: skip
            prefactor = np.sqrt(scale[w] * np.exp(log_gyro) * r) / (2.0 * np.sqrt(np.pi))
            out[w, j] = speed * prefactor / ma[w] ** 1.5 * integral


@njit
def _lagrange4(x):
    """Weights of the cubic through points -1, 0, 1, 2 at x in [0, 1]."""
    return (
        -x * (x - 1.0) * (x - 2.0) / 6.0,
        (x + 1.0) * (x - 1.0) * (x - 2.0) / 2.0,
        -(x + 1.0) * x * (x - 2.0) / 2.0,
        (x + 1.0) * x * (x - 1.0) / 6.0,
    )


@njit
def _lagrange6(x):
    """Weights of the quintic through points -2, -1, 0, 1, 2, 3 at x in [0, 1]."""
    a, b, c, d, e, f = x + 2.0, x + 1.0, x, x - 1.0, x - 2.0, x - 3.0
    return (
        -b * c * d * e * f / 120.0,
        a * c * d * e * f / 24.0,
        -a * b * d * e * f / 12.0,
        a * b * c * e * f / 12.0,
        -a * b * c * d * f / 24.0,
        a * b * c * d * e / 120.0,
    )


@njit
def _interpolate_ma(x, log_ma, gauss, y_table, weight_table, a, y, weight):
    """Gaussian weights (4, n_u, n_y) and pitch-angle nodes (n_y,) at this ln Ma, in place."""
    position = (x - log_ma[0]) / (log_ma[1] - log_ma[0])
    i = min(max(int(position), 1), log_ma.size - 3)
    y[:], weight[:], a[:] = 0.0, 0.0, 0.0
    c = _lagrange4(position - i)
    for q in range(4):
        row, factor = i - 1 + q, c[q]
        for k in range(y.size):
            y[k] += factor * y_table[row, k]
            weight[k] += factor * weight_table[row, k]
        source, target = gauss[row].ravel(), a.ravel()
        for j in range(target.size):
            target[j] += factor * source[j]


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
def _gyroresonance(edges, kinks, n_rho, jump, u, cone, a):
    """G(rho, y) on the grid, (2, n_rho, n_y): collisionless and viscous part.

    The Gaussian transform along each line of constant U rho. The wave power is piecewise linear
    between grid points; at the jump each side counts for its own half, and at a kink the triangle
    between the curve and its chord is added. The two parts are kept apart because each is
    log-smooth in rho while their sum bends where one takes over.
    """
    _, n_u, n_y = a.shape
    collisionless, collisionless_left, viscous, viscous_left = a[0], a[1], a[2], a[3]
    n_line = edges.shape[0] - 1 - kinks.size
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
    for q in range(kinks.size):
        m = int(np.floor(kinks[q]))
        x = kinks[q] - m
        if m < 0 or m + 1 >= n_line or m + 1 > jump:
            continue
        _cone_row(edges[m], cone, left)
        _cone_row(edges[m + 1 if m + 1 < jump else n_line], cone, right)
        _cone_row(edges[n_line + 1 + q], cone, row)
        for j in range(max(0, m - n_rho + 1), min(n_u - 1, m + 1)):
            # the weights take g / U as linear in ln U
            at_kink = row[j] / u[j] * (row[j + 1] * u[j] / (row[j] * u[j + 1])) ** x
            triangle = at_kink - (1.0 - x) * left[j] / u[j] - x * right[j + 1] / u[j + 1]
            for k in range(n_y):
                g[0, m - j, k] += triangle * (
                    (1.0 - x) * u[j] * (collisionless[j, k] - collisionless_left[j, k])
                    + x * u[j + 1] * collisionless_left[j + 1, k]
                )
    return g


@njit
def _sum_of_parts(g):
    """G = collisionless + viscous, (n_y, n_rho), and where it bends, (n_y, n_rho) bool."""
    _, n_rho, n_y = g.shape
    total = np.empty((n_y, n_rho))
    for i in range(n_rho):
        for k in range(n_y):
            total[k, i] = g[0, i, k] + g[1, i, k]
    bends = np.ones((n_y, n_rho), dtype=np.bool_)
    for k in range(n_y):
        for i in range(2, n_rho - 3):
            middle = total[k, i] * total[k, i + 1]
            outer = total[k, i - 1] * total[k, i + 2]
            bends[k, i] = abs(outer - middle) > 0.02 * middle  # not a power law
    return total, bends


@njit
def _transit_time(log_rho0, n_rho, h_deficit, switch, top, v_a, beta, viscosity, ma, scale, mfp):
    """Angle integrals of eq. A2, (3, n_rho): M_0, <1/xi>, <1/xi^2> - <1/xi>^2.

    M_0 = int dxi xi sin^{3/2}(theta) [H(rho sin(theta)/L) - H(rho k_max sin(theta))] and the
    averages over its integrand.

    Quadrature in theta, split where the damping that sets k_max changes: collisionless below
    exp(switch), clamped at k_par = 1/l_mfp up to exp(top), viscous beyond.
    """
    ends = np.array([0.0, np.arctan(np.exp(switch)), np.arctan(np.exp(top)), 0.5 * np.pi])
    moments = np.zeros((3, n_rho))
    log_kv = log_k_viscous(v_a, viscosity, ma, scale)
    log_kc = log_k_collisionless(beta, ma, scale)
    growth = np.exp(0.5 * LOG_STEP)
    for panel in range(3):
        half = 0.5 * (ends[panel + 1] - ends[panel])
        # a narrow cone counts as theta^{7/2}: half the nodes do
        nodes, weights = (_X24, _W24) if ends[panel + 1] > 0.2 else (_X12, _W12)
        for node in range(nodes.size if half > 0.0 else 0):
            theta = ends[panel] + half * (1.0 + nodes[node])
            sin, cos = np.sin(theta), np.cos(theta)
            x = np.log(sin / cos)
            if panel == 2:
                log_k = log_kv + viscous_cutoff(x)[0] - np.log(cos)
            else:
                log_k = max(log_kc + collisionless_cutoff(x, beta)[0], -np.log(mfp)) - np.log(cos)
            measure = half * weights[node] * sin**2.5
            log_u0 = log_rho0 + log_k + np.log(sin)
            inner = 0.5 * np.sqrt(np.exp(log_rho0) * sin / scale)
            outer = 0.5 * np.exp(0.5 * log_u0)
            for i in range(n_rho):
                log_u = log_u0 + i * LOG_STEP
                deficit = outer if log_u < _LOG_H_MIN else _h_deficit(log_u, h_deficit)
                value = measure * max(deficit - inner, 0.0)
                inner *= growth
                outer *= growth
                moments[0, i] += value * cos
                moments[1, i] += value
                moments[2, i] += value / cos
    for i in range(n_rho):
        if moments[0, i] > 0.0:
            moments[1, i] /= moments[0, i]
            moments[2, i] = moments[2, i] / moments[0, i] - moments[1, i] ** 2
    return moments


@njit
def _h_deficit(log_u, table):
    """H(0) - H(u) from its table, u above the small-argument limit sqrt(u)/2."""
    position = (log_u - _LOG_H_MIN) / H_STEP
    i = int(position)
    if i >= table.size - 1:
        return table[table.size - 1]
    x = position - i
    return (1.0 - x) * table[i] + x * table[i + 1]


@njit
def _log_smooth_sum(g, i, k, x):
    """Sum of both parts of G, each interpolated in its logarithm."""
    c = _lagrange6(x)
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
def _pitch_angle_integral(row, g, total, bends, moments, nodes, speed_ratio, ma):
    """int dy (1 + y^2)^{-9/4} / (G + T) at one rigidity, row being that of rho = r_L.

    nodes holds y, its weight, its shift in rho, exp(-y^2 / Ma) and sqrt(1 + y^2). The average over
    angle of exp(a/xi - b/xi^2) in T is its second-order cumulant expansion: the exponents are of
    order v_A/v.
    """
    y, weight, shift, damping, stretch = nodes
    m0, mean, variance = moments
    integral = 0.0
    for k in range(y.size):
        position = row - shift[k]
        i = int(position)
        c0, c1, c2, c3 = _lagrange4(position - i)
        if bends[k, i]:
            scattering = _log_smooth_sum(g, i, k, position - i)
        else:
            t = total[k, i - 1 : i + 3]
            scattering = c0 * t[0] + c1 * t[1] + c2 * t[2] + c3 * t[3]
        if damping[k] > 0.0 and m0[i] > 0.0:
            t = m0[i - 1 : i + 3]
            drift = speed_ratio * stretch[k]
            a, b = 2.0 * y[k] * drift / ma, drift * drift / ma
            exponent = a * mean[i] + 0.5 * a * a * variance[i]
            exponent -= b * (variance[i] + mean[i] * mean[i])
            if abs(exponent) < 0.05:
                factor = 1.0 + exponent * (1.0 + exponent * (0.5 + exponent / 6.0))
            else:
                factor = np.exp(exponent)
            transit = c0 * t[0] + c1 * t[1] + c2 * t[2] + c3 * t[3]
            scattering += transit * damping[k] * factor
        integral += weight[k] / scattering
    return integral
