"""Fast kernel for the diffusion coefficient in fast-mode turbulence (Appendix A, eqs. A1-A6).

The integrals are those of `transport.fast_modes.tables`; this module adds the plasma. On a
geometric grid every length 1/k_par = U rho falls on one line of points, so the surviving cone is
solved once per point, and the grid of each state is shifted so that the mean free path, where
damping changes from viscous to collisionless and the cone jumps, is a point of it.
"""

from __future__ import annotations

import numpy as np

from transport.constants import LIGHT_SPEED, PROTON_MASS_GEV
from transport.fast_modes.cone import cone_edges
from transport.fast_modes.gyroresonance import gyroresonance, sum_of_parts
from transport.fast_modes.jit import njit
from transport.fast_modes.lagrange import lagrange4
from transport.fast_modes.pitch_angle import (
    DOUBT,
    SMALL_DRIFT,
    expanded,
    resonances,
    scattering_parts,
    summed,
)
from transport.fast_modes.tables import LOG_STEP, MA_MAX, MA_MIN, universal_tables
from transport.fast_modes.transit_time import nodes_of_all_angles, transit_time
from transport.plasma import (
    GV_IN_GAUSS_CM,
    alfven_speed,
    braginskii_viscosity,
    ion_mean_free_path,
    plasma_beta,
    thermal_speed,
)

LARGEST_GYRORADIUS = 0.1
"""In units of the outer scale; see the last paragraph of `transport.fast_modes.tables`."""
LIMITS = (
    f"for fast modes Ma must lie in [{MA_MIN}, {MA_MAX}] and the gyroradius below "
    f"{LARGEST_GYRORADIUS:g} L"
)


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
    (n, n_R) cm^2/s; NaN where the kernel is not good, see `LIMITS`: a likelihood counts such points
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
    good = (ma >= MA_MIN) & (ma <= MA_MAX)
    for array in (b, n, t, scale, mfp):
        good &= np.isfinite(array) & (array > 0.0)
    out = np.full((len(b), len(rigidity)), np.nan)
    if good.any():
        out[good] = _kappa(rigidity, *(array[good] for array in (b, n, t, ma, scale, mfp)))
    return out


def _kappa(rigidity, b, n, t, ma, scale, mfp):
    """`kappa_turb` of states whose Ma the tables have."""
    out = np.empty((len(b), len(rigidity)))
    _kappa_batch(
        np.log(rigidity), b, alfven_speed(b, n), plasma_beta(b, n, t),
        braginskii_viscosity(mfp, thermal_speed(t)), ma, scale, mfp, *universal_tables(), out,
    )  # fmt: skip
    out[GV_IN_GAUSS_CM * rigidity > LARGEST_GYRORADIUS * (b * scale)[:, None]] = np.nan
    return out


@njit
def _kappa_batch(
    log_r, b, v_a, beta, viscosity, ma, scale, mfp,
    u, cone, log_ma, gauss, y_table, weight_table, h_deficit, out,
):  # fmt: skip
    n_u, n_y = u.size, y_table.shape[1]
    nodes = np.empty((6, n_y))
    y, weight, shift, stretch = nodes[0], nodes[1], nodes[2], nodes[4]
    a = np.empty((4, n_u, n_y))
    for w in range(b.size):
        interpolate_ma(np.log(ma[w]), log_ma, gauss, y_table, weight_table, a, y, weight)
        set_nodes(nodes, ma[w])
        log_rho0, n_rho, jump, rows = rho_grid(log_r, b[w], mfp[w], u[0], shift[n_y - 1])
        log_length0 = log_rho0 + np.log(u[0])
        plasma = (v_a[w], beta[w], viscosity[w], ma[w], scale[w], mfp[w])
        top, edges, points, weights = cone_edges(
            log_length0, LOG_STEP, n_rho + n_u - 1, jump, *plasma
        )
        points = (points - log_length0) / LOG_STEP
        g = gyroresonance(edges, points, weights, n_rho, jump, u, cone, a)
        at_mfp = edges[n_rho + n_u - 1]
        moments = transit_time(log_rho0, n_rho, h_deficit, at_mfp, top, *plasma)
        hard = integrals(rows, log_r, g, moments, nodes, v_a[w], ma[w], out[w])
        if hard.any():
            which = np.flatnonzero(hard)
            first = int(rows[which[0]] - shift[n_y - 1]) - 1
            steepest = LIGHT_SPEED / v_a[w] * np.max((y + 7.0 * np.sqrt(ma[w])) / stretch)
            inverse_cos, values = nodes_of_all_angles(
                log_rho0 + first * LOG_STEP, int(rows[which[-1]]) + 3 - first, h_deficit, at_mfp,
                top, *plasma, steepest,
            )  # fmt: skip
            _hard_integrals(rows, first, log_r, which, g, inverse_cos, values, nodes, v_a[w],
                            ma[w], out[w])  # fmt: skip
        for j in range(log_r.size):
            gyroradius = GV_IN_GAUSS_CM / b[w] * np.exp(log_r[j])
            prefactor = np.sqrt(scale[w] * gyroradius) / (2.0 * np.sqrt(np.pi))
            out[w, j] *= _speed(log_r[j]) * prefactor / ma[w] ** 1.5


@njit
def set_nodes(nodes, ma):
    """Rows 2 to 5 of the nodes of `transport.fast_modes.pitch_angle`, from y and its weight."""
    y, weight, shift, damping, stretch, across = nodes
    for k in range(y.size):
        stretch[k] = np.sqrt(1.0 + y[k] * y[k])
        shift[k] = np.log(stretch[k]) / LOG_STEP
        damping[k] = np.exp(-y[k] * y[k] / ma) if y[k] * y[k] < 60.0 * ma else 0.0
        across[k] = weight[k] * stretch[k] ** 2 * np.sqrt(np.pi * ma) / (y[k] ** 3 + ma**1.5)


@njit
def rho_grid(log_r, b, mfp, u_min, largest_shift):
    """Grid of rho for ascending ln(R / GV), shifted so that l_mfp is a point of U rho.

    Returns
    -------
    log_rho0, n_rho : ln of its first point (cm), and its length
    jump : row at which rho u_min = l_mfp
    rows : (n_R,) where rho = r_L, as real numbers
    """
    log_gyro = np.log(GV_IN_GAUSS_CM / b)
    offset = (np.log(mfp) - np.log(u_min) - log_gyro - log_r[0]) / LOG_STEP
    # two points of margin
    start = log_r[0] + (offset - np.ceil(offset) - 1.0) * LOG_STEP
    n_r = int((log_r[-1] - start) / LOG_STEP) + 5
    below = int(largest_shift) + 4
    log_rho0 = start - below * LOG_STEP + log_gyro
    jump = int(np.rint((np.log(mfp) - np.log(u_min) - log_rho0) / LOG_STEP))
    return log_rho0, n_r + below, jump, below + (log_r - start) / LOG_STEP


@njit
def _speed(log_r):
    """Of protons, cm/s."""
    r = np.exp(log_r)
    return LIGHT_SPEED * r / np.sqrt(r * r + PROTON_MASS_GEV**2)


@njit
def integrals(rows, log_r, g, moments, nodes, v_a, ma, out):
    """Pitch-angle integrals, into out (n_R,), by the expansion in v_A/v; and where that fails."""
    total, bends, logs = sum_of_parts(g)
    gyro, transit = np.empty((2, nodes.shape[1]))
    hard = np.zeros(rows.size, dtype=np.bool_)
    for j in range(rows.size):
        drift = v_a / _speed(log_r[j])
        scattering_parts(rows[j], total, bends, logs, moments[0], nodes, gyro, transit)
        out[j], doubt = expanded(rows[j], gyro, transit, moments, nodes, drift, ma)
        hard[j] = doubt > DOUBT or drift > SMALL_DRIFT * np.sqrt(ma)
    return hard


@njit
def _hard_integrals(rows, first, log_r, which, g, inverse_cos, values, nodes, v_a, ma, out):
    """Those of the rigidities `which` are hard, angle by angle; values start at row `first`."""
    total, bends, logs = sum_of_parts(g)
    gyro, unused = np.empty((2, nodes.shape[1]))
    factors = np.empty((nodes.shape[1], inverse_cos.size))
    last = 0.0
    for j in which:
        drift = v_a / _speed(log_r[j])
        if abs(drift - last) > 1e-4 * drift:
            resonances(inverse_cos, nodes, drift, ma, factors)
            last = drift
        scattering_parts(rows[j], total, bends, logs, total[:, 0], nodes, gyro, unused)
        out[j] = summed(rows[j] - first, gyro, factors, values, nodes)


@njit
def interpolate_ma(x, log_ma, gauss, y_table, weight_table, a, y, weight):
    """Gaussian weights (4, n_u, n_y) and pitch-angle nodes (n_y,) at this ln Ma, in place."""
    position = (x - log_ma[0]) / (log_ma[1] - log_ma[0])
    i = min(max(int(position), 1), log_ma.size - 3)
    y[:], weight[:], a[:] = 0.0, 0.0, 0.0
    c = lagrange4(position - i)
    for q in range(4):
        row, factor = i - 1 + q, c[q]
        for k in range(y.size):
            y[k] += factor * y_table[row, k]
            weight[k] += factor * weight_table[row, k]
        source, target = gauss[row].ravel(), a.ravel()
        for j in range(target.size):
            target[j] += factor * source[j]
