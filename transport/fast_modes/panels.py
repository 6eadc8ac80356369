"""Adaptive Gauss-Kronrod quadrature of many integrals at once.

The rule and its error estimate are QUADPACK's QK15 (Piessens et al. 1983); what is added is that
panels of all integrals are evaluated in one call of the integrand.
"""

from __future__ import annotations

import numpy as np

_HALF_NODES = [
    0.991455371120812639206854697526329,
    0.949107912342758524526189684047851,
    0.864864423359769072789712788640926,
    0.741531185599394439863864773280788,
    0.586087235467691130294144691693013,
    0.405845151377397166906606412076961,
    0.207784955007898467600689403773245,
]
_HALF_KRONROD = [
    0.022935322010529224963732008058970,
    0.063092092629978553290700663189204,
    0.104790010322250183839876322541518,
    0.140653259715525918745189590510238,
    0.169004726639267902826583426598550,
    0.190350578064785409913256402421014,
    0.204432940075298892414161999234649,
]
_HALF_GAUSS = [0.0, 0.129484966168869693270611432679082, 0.0, 0.279705391489276667901467771423780]
_HALF_GAUSS += [0.0, 0.381830050505118944950369775488975, 0.0]

NODES = np.array([-x for x in _HALF_NODES] + [0.0] + _HALF_NODES[::-1])
"""(15,) Kronrod nodes on [-1, 1], ascending."""
KRONROD = np.array([*_HALF_KRONROD, 0.209482141084727828012999174891714, *_HALF_KRONROD[::-1]])
GAUSS = np.array([*_HALF_GAUSS, 0.417959183673469387755102040816327, *_HALF_GAUSS[::-1]])


def panel_integrals(values, half_width):
    """Integrals over panels and their errors.

    Parameters
    ----------
    values : (..., 15) integrand at the nodes
    half_width : (...) half the width of each panel

    Returns
    -------
    integral, error : (...) each; the error is QUADPACK's rescaled |Kronrod - Gauss|
    """
    integral = half_width * (values @ KRONROD)
    difference = np.abs(integral - half_width * (values @ GAUSS))
    mean = (values @ KRONROD)[..., None] / 2.0
    spread = half_width * (np.abs(values - mean) @ KRONROD)
    with np.errstate(divide="ignore", invalid="ignore"):
        rescaled = spread * np.minimum(1.0, (200.0 * difference / spread) ** 1.5)
    return integral, np.where(spread > 0, rescaled, difference)


def integrate(integrand, group, lower, upper, n_groups, rtol, offset=0.0, max_rounds=60):
    """Integrals of non-negative functions, each over the union of its own panels.

    Parameters
    ----------
    integrand : (group (m,), x (m, 15)) -> values (m, 15) and their own errors (m, 15)
    group : (m,) index of the integral that each starting panel belongs to
    lower, upper : (m,) ends of the starting panels; put known kinks and jumps there
    n_groups : number of integrals
    rtol : error wanted, relative to integral + offset
    offset : (n_groups,) or scalar, a positive part of each result known beforehand
    max_rounds : panels are halved at most this often

    Returns
    -------
    integral, error : (n_groups,) each; the errors include those of the integrand

    Raises
    ------
    ArithmeticError: the tolerance was not reached
    """
    total, error, inner = np.zeros((3, n_groups))

    def add(weights):
        return np.bincount(group, weights, n_groups)

    for _ in range(max_rounds):
        half, centre = (upper - lower) / 2.0, (upper + lower) / 2.0
        values, value_errors = integrand(group, centre[:, None] + half[:, None] * NODES)
        part, part_error = panel_integrals(values, half)
        # Half of what the tolerance still allows is shared by the panels of this round, so that
        # something is left for the halves of those that need more than their share.
        allowed = rtol * (total + add(part) + offset) - error
        share = allowed / 2.0 / np.maximum(np.bincount(group, minlength=n_groups), 1)
        enough = add(part_error) <= allowed
        keep = enough[group] | (part_error <= share[group])
        total += add(part * keep)
        error += add(part_error * keep)
        inner += add(half * (value_errors @ KRONROD) * keep)
        if keep.all():
            return total, error + inner
        group = np.repeat(group[~keep], 2)
        ends = np.stack([lower, centre, upper], axis=1)[~keep]
        lower, upper = ends[:, :2].ravel(), ends[:, 1:].ravel()
    raise ArithmeticError(f"{len(group)} panels miss rtol={rtol:g} after {max_rounds} halvings")
