"""Universal tables behind the fast-mode kernel: they hold no plasma, so one set serves all.

The coefficient of Appendix A is rewritten so that the plasma enters only through the surviving
cone. With y = mu / sqrt(1 - mu^2) (the cotangent of the pitch angle), the gyroradius of the
particle's own motion rho = r_L sqrt(1 - mu^2) and U = 1 / (k_par rho), eqs. A1-A3 become

    kappa = v sqrt(L r_L) / (2 sqrt(pi) Ma^{3/2})
            int_0^inf dy (1 + y^2)^{-9/4} / [G(rho, y) + T(rho, y)],
    G = int_0^inf dU U^{1/2} exp(-(y - U)^2 / Ma) W(t_c(U rho), U),
    W(t, U) = int_0^t dt' t' (1 + t'^2)^{-11/4} J_1'(t'/U)^2,
    T = int_0^1 dxi xi sin^{3/2}theta [H(rho sin(theta)/L) - H(rho k_max sin(theta))]
        exp(-(y - v_A sqrt(1 + y^2) / (v xi))^2 / Ma),
    H(u) = int_u^inf dt t^{-5/2} J_1(t)^2,

where t = tan(theta) and t_c(1/k_par) is the edge (or edges) of the surviving cone at parallel
wavenumber k_par. The resonance has become a Gaussian of constant width sqrt(Ma) in U: it can
neither narrow to nothing towards mu = 1 nor be missed by a grid.

The only approximation is to let U run to infinity where eq. A1 stops at k = 1/L, that is at
k_par L = xi: the Gaussian has killed the integrand there as long as r_L << L / 10.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import j1, jvp

LOG_STEP = 0.12
"""Step in ln of every geometric grid of the kernel (U, rho, rigidity)."""
U_MIN, U_MAX = 0.08, 19.0
SLOPES = (1.0, 2.0)
"""Powers of U that the product integration treats exactly: what a narrow cone gives under
collisionless and under viscous damping."""
MA_MIN, MA_MAX, MA_STEP = 0.04, 3.0, 0.03
T_MIN, T_MAX, T_STEP = 3e-4, 3e3, 0.02
H_MIN, H_MAX, H_STEP = 1e-2, 1e2, 0.02
INNER_NODES, OUTER_NODES = 24, 14
INNER_END, OUTER_END = 5.0, 10.0


class Tables(NamedTuple):
    """Arrays that the compiled kernel reads; see the module docstring for the symbols."""

    u: np.ndarray  # (n_u,) geometric grid of U
    cone: np.ndarray  # (n_t, n_u) W U^{1/2} (1 + t^2) / t^2 on the grid of ln t
    log_ma: np.ndarray  # (n_ma,)
    gauss: np.ndarray  # (n_ma, 4, n_u, n_y) weights of the Gaussian transform: for each of SLOPES
    #   those of the whole cells around a node and of the cell left of it alone
    y: np.ndarray  # (n_ma, n_y)
    y_weight: np.ndarray  # (n_ma, n_y) quadrature weights times (1 + y^2)^{-9/4}
    h_deficit: np.ndarray  # (n_h,) H(0) - H(u) on the grid of ln u


@lru_cache(maxsize=1)
def universal_tables() -> Tables:
    """All tables, built in memory in well under a second."""
    u = U_MIN * np.exp(LOG_STEP * np.arange(int(np.log(U_MAX / U_MIN) / LOG_STEP) + 2))
    log_ma = np.arange(np.log(MA_MIN), np.log(MA_MAX) + 2 * MA_STEP, MA_STEP)
    y, y_weight = _pitch_angle_nodes(np.exp(log_ma))
    weights = [_gaussian_weights(np.exp(log_ma), y, u, slope) for slope in SLOPES]
    gauss = np.ascontiguousarray(np.concatenate(weights, axis=1))
    return Tables(u, _cone_table(u), log_ma, gauss, y, y_weight, _h_deficit_table())


def _gauss_legendre(low, high, n):
    """Nodes and weights of n-point Gauss-Legendre rules on [low, high]; shape (..., n)."""
    x, w = np.polynomial.legendre.leggauss(n)
    low, high = np.asarray(low)[..., None], np.asarray(high)[..., None]
    return 0.5 * (high - low) * x + 0.5 * (high + low), 0.5 * (high - low) * w


def _pitch_angle_nodes(ma):
    """Quadrature nodes in y for each Ma, (n_ma, n_y), with the weight of the tail included.

    Transit-time damping shuts off as exp(-y^2 / Ma), so the integrand steps within the first few
    sqrt(Ma); beyond, it falls as y^-5, which closes the integral analytically.
    """
    inner_end = INNER_END * np.sqrt(ma)
    outer_end = OUTER_END * np.sqrt(1.0 + ma)
    y1, w1 = _gauss_legendre(np.zeros_like(ma), inner_end, INNER_NODES)
    log_y2, w2 = _gauss_legendre(np.log(inner_end), np.log(outer_end), OUTER_NODES)
    y = np.concatenate([y1, np.exp(log_y2), outer_end[:, None]], axis=1)
    w = np.concatenate([w1, w2 * np.exp(log_y2), outer_end[:, None] / 4.0], axis=1)
    return y, w * (1.0 + y**2) ** -2.25


def _gaussian_weights(ma, y, u, slope):
    """Product-integration weights of int dU g(U) exp(-(y-U)^2/Ma), (n_ma, 2, n_u, n_y).

    g(U) / U^slope is taken as piecewise linear in ln U; the Gaussian is integrated over each cell
    as finely as it needs. Below the first node g continues as U^slope.
    """
    x, w = np.polynomial.legendre.leggauss(24)
    x, w = 0.5 * (x + 1.0), 0.5 * w
    cells = u[:-1, None] * np.exp(LOG_STEP * x)  # (n_cell, 24)
    measure = LOG_STEP * w * cells ** (1.0 + slope)
    left = np.zeros((len(ma), y.shape[1], len(u)))
    right = np.zeros_like(left)
    for i, m in enumerate(ma):
        kernel = measure * np.exp(-((y[i][:, None, None] - cells) ** 2) / m)
        right[i, :, :-1] = kernel @ (1.0 - x)
        left[i, :, 1:] = kernel @ x
    low = u[0] ** (1.0 + slope) / (1.0 + slope)
    left[:, :, 0] = low * np.exp(-((y - 0.7 * u[0]) ** 2) / ma[:, None])
    # the weights act on values of g itself
    return np.stack([left + right, left], axis=1).transpose(0, 1, 3, 2) / u[:, None] ** slope


def _cone_table(u):
    """W(t, U) U^{1/2} (1 + t^2)/t^2 on the grid of ln t, shape (n_t, n_u)."""
    n_t = int(np.log(T_MAX / T_MIN) / T_STEP) + 2
    log_t = np.log(T_MIN) + T_STEP * np.arange(n_t)
    x, w = np.polynomial.legendre.leggauss(6)
    nodes = np.exp(log_t[:-1, None] + T_STEP * 0.5 * (x + 1.0))  # (n_t - 1, 6)
    measure = 0.5 * T_STEP * w * nodes**2 * (1.0 + nodes**2) ** -2.75
    w_mean = np.empty((n_t, len(u)))
    for j, u_j in enumerate(u):
        # where J_1' oscillates faster than the grid its square averages to the asymptotic mean
        arg = nodes / u_j
        square = np.where(arg < 2e3, jvp(1, arg) ** 2, 1.0 / (np.pi * arg))
        steps = np.sum(measure * square, axis=1)
        w_mean[0, j] = T_MIN**2 / 8.0 * (1.0 - 0.375 * (T_MIN / u_j) ** 2)
        w_mean[1:, j] = w_mean[0, j] + np.cumsum(steps)
    t2 = np.exp(2.0 * log_t)[:, None]
    return w_mean * (1.0 + t2) / t2 * np.sqrt(u)


def _h_deficit_table():
    """H(0) - H(u) = int_0^u t^{-5/2} J_1(t)^2 dt on the grid of ln u."""
    n_h = int(np.log(H_MAX / H_MIN) / H_STEP) + 2
    log_u = np.log(H_MIN) + H_STEP * np.arange(n_h)
    x, w = np.polynomial.legendre.leggauss(8)
    nodes = np.exp(log_u[:-1, None] + H_STEP * 0.5 * (x + 1.0))
    steps = np.sum(0.5 * H_STEP * w * nodes**-1.5 * j1(nodes) ** 2, axis=1)
    start = 0.5 * np.sqrt(H_MIN) * (1.0 - H_MIN**2 / 20.0)
    return start + np.concatenate([[0.0], np.cumsum(steps)])
