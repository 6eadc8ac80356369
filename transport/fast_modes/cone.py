"""The surviving cone of fast modes: which angles cascade to a given parallel wavenumber.

Damping cuts the cascade at each angle theta where its rate exceeds the cascade rate (A4). In
x = ln tan(theta) the parallel wavenumber at that point is

    viscous, A4 = A5:        ln k_par = ln K_v + ln(1+t^2)/6 - 4x/3,
                             K_v = [6 Ma^2 v_A / (nu_B L^{1/2})]^{2/3},
    collisionless, A4 = A6:  ln k_par = ln K_c + ln(1+t^2)/2 - 4x - 2 ln b(t),
                             K_c = 16 Ma^4 / (pi beta L),

with b the bracket of A6. A mode is damped viscously up to k_par = 1/l_mfp; what survives that is
damped collisionlessly from there on. The first is monotonic in theta, the second is not: beside
the cone around the field there can be bands at large angles.
"""

import numpy as np

from transport.constants import ELECTRON_MASS, PROTON_MASS
from transport.fast_modes.jit import njit

_MASS_RATIO = ELECTRON_MASS / PROTON_MASS
_SQRT_MASS_RATIO = np.sqrt(_MASS_RATIO)
MAX_BANDS = 2
_GAUSS_NODES, _GAUSS_WEIGHTS = np.polynomial.legendre.leggauss(4)
_GAUSS_NODES, _GAUSS_WEIGHTS = 0.5 * (_GAUSS_NODES + 1.0), 0.5 * _GAUSS_WEIGHTS


@njit
def log_k_viscous(v_a, viscosity, ma, scale):
    """ln K_v of the module docstring."""
    return 2.0 / 3.0 * np.log(6.0 * ma**2 * v_a / (viscosity * np.sqrt(scale)))


@njit
def log_k_collisionless(beta, ma, scale):
    """ln K_c of the module docstring."""
    return np.log(16.0 * ma**4 / (np.pi * beta * scale))


@njit
def viscous_cutoff(x):
    """ln(k_par / K_v) at the viscous cutoff and its derivative."""
    t2 = np.exp(2.0 * x)
    return np.log1p(t2) / 6.0 - 4.0 / 3.0 * x, t2 / (3.0 * (1.0 + t2)) - 4.0 / 3.0


@njit
def collisionless_cutoff(x, beta):
    """ln(k_par / K_c) at the collisionless cutoff and its derivative."""
    t2 = np.exp(2.0 * x)
    z = (1.0 + t2) / beta
    ions = 5.0 * np.exp(-(1.0 - _MASS_RATIO) * z)
    total = _SQRT_MASS_RATIO + ions
    log_b = np.log(total) - _MASS_RATIO * z
    slope_b = -2.0 * t2 / beta * (_MASS_RATIO * _SQRT_MASS_RATIO + ions) / total
    return (
        0.5 * np.log1p(t2) - 4.0 * x - 2.0 * log_b,
        t2 / (1.0 + t2) - 4.0 - 2.0 * slope_b,
    )


@njit
def viscous_edge(level, guess):
    """x at which the viscous cutoff falls to ln(k_par / K_v) = level."""
    x = guess
    for _ in range(50):
        value, slope = viscous_cutoff(x)
        step = (value - level) / slope
        x -= step
        if abs(step) < 3e-4:  # Newton squares the error: 1e-7 is left
            break
    return x


@njit
def _collisionless_edge(level, beta, low, high, guess):
    """x in [low, high], where the cutoff is monotonic, with ln(k_par / K_c) = level."""
    falling = collisionless_cutoff(low, beta)[0] > collisionless_cutoff(high, beta)[0]
    x = min(max(guess, low), high)
    for _ in range(100):
        value, slope = collisionless_cutoff(x, beta)
        if (value > level) == falling:
            low = x
        else:
            high = x
        new = x - (value - level) / slope if slope != 0.0 else low - 1.0
        if not low <= new <= high:
            new = 0.5 * (low + high)
        if abs(new - x) < 3e-4:
            return new
        x = new
    return x


@njit
def _extrema(beta, low, high):
    """Ends of the monotonic pieces of the collisionless cutoff on [low, high], ascending."""
    ends = np.empty(2 * MAX_BANDS + 2)
    ends[0] = low
    count = 1
    # the term that can turn the slope, 4 t^2 / beta, stays below 3 up to here
    start = max(low, 0.5 * np.log(0.75 * beta))
    if start < high:
        n = int((high - start) / 0.02) + 2
        step = (high - start) / (n - 1)
        before = collisionless_cutoff(start, beta)[1]
        for i in range(1, n):
            after = collisionless_cutoff(start + i * step, beta)[1]
            if (before < 0.0) != (after < 0.0) and count < ends.size - 1:
                a, b = start + (i - 1) * step, start + i * step
                for _ in range(40):
                    middle = 0.5 * (a + b)
                    if (collisionless_cutoff(middle, beta)[1] < 0.0) == (before < 0.0):
                        a = middle
                    else:
                        b = middle
                ends[count] = 0.5 * (a + b)
                count += 1
            before = after
    ends[count] = high
    return ends[: count + 1]


@njit
def _points_between(lengths, log_mfp, log_length0, log_step):
    """ln(1/k_par) between the points of the grid at which edges are needed, too, and weights there.

    The last of `lengths`, where the cone starts to shrink, bends the edges: weight 0. At the others
    bands appear or vanish as a square root: in the cells of the grid with such a point, those of a
    quadrature of the cell, whose weights add up to 1.
    """
    last = lengths.size - 1
    positions = (lengths - log_length0) / log_step
    points = np.empty(1 + (2 * last + 1) * _GAUSS_NODES.size)
    weights = np.empty(points.size)
    count = 0
    for s in range(lengths.size):
        cell = np.floor(positions[s])
        is_first = lengths[s] < log_mfp
        for other in range(lengths.size):
            same = np.floor(positions[other]) == cell and lengths[other] < log_mfp
            if same and (other < s or (s == last and other < last)):
                is_first = False
        if not is_first:
            continue
        if s == last:
            points[count], weights[count] = lengths[s], 0.0
            count += 1
            continue
        ends = np.sort(positions[(np.floor(positions) == cell) & (lengths < log_mfp)])
        ends = np.concatenate((np.array([cell]), ends, np.array([cell + 1.0])))
        for e in range(ends.size - 1):
            width = ends[e + 1] - ends[e]
            for q in range(_GAUSS_NODES.size):
                r = _GAUSS_NODES[q]  # dense at both ends, where there may be a square root
                points[count] = log_length0 + log_step * (ends[e] + width * r * r * (3.0 - 2.0 * r))
                weights[count] = width * 6.0 * r * (1.0 - r) * _GAUSS_WEIGHTS[q]
                count += 1
    return points[:count], weights[:count]


@njit
def cone_edges(log_length0, log_step, n, first_viscous, v_a, beta, viscosity, ma, scale, mfp):
    """Edges of the surviving angles on a geometric grid of 1/k_par.

    Parameters
    ----------
    log_length0, log_step, n : the grid of ln(1/k_par / cm)
    first_viscous : index from which on damping is viscous (1/k_par >= l_mfp)

    Returns
    -------
    top : x of the cone that viscous damping leaves at 1/k_par = l_mfp
    edges : (n + 1 + n_more, 1 + 2 MAX_BANDS) of x = ln tan(theta): the edge of the cone around
        the field, then lower and upper edges of bands (equal where there is none). Row n is the
        collisionless limit at 1/k_par = l_mfp, where the rows jump; the rows after it are those
        at more points, where edges bend.
    points : (n_more,) ln(1/k_par) of these, below l_mfp
    weights : (n_more,) 0 where the cone starts to shrink from its viscous width; else the point is
        one of a quadrature of a cell of the grid in which bands appear or vanish
    """
    log_kv = log_k_viscous(v_a, viscosity, ma, scale)
    level = -np.log(mfp) - log_kv
    top = viscous_edge(level, -0.75 * level if level > 0.0 else -level)
    log_kc = log_k_collisionless(beta, ma, scale)
    log_b0 = np.log(_SQRT_MASS_RATIO + 5.0 * np.exp(-(1.0 - _MASS_RATIO) / beta))
    log_b0 -= _MASS_RATIO / beta
    last = min(n, max(0, first_viscous))
    # below this edge the cone of the largest wavenumber lies: b falls with theta, so the
    # small-angle root is a lower bound
    bottom = -0.25 * (-log_length0 - log_kc + 2.0 * log_b0) - 0.01
    if last < n:
        bottom = min(bottom, -0.25 * (-np.log(mfp) - log_kc + 2.0 * log_b0) - 0.01)
    bottom = min(bottom, top - 0.01)
    ends = _extrema(beta, bottom, top)
    values = np.empty(ends.size)
    for s in range(ends.size):
        values[s] = collisionless_cutoff(ends[s], beta)[0]
    points, weights = _points_between(-values[1:] - log_kc, np.log(mfp), log_length0, log_step)

    edges = np.zeros((n + 1 + points.size, 1 + 2 * MAX_BANDS))
    x = top
    for m in range(max(0, first_viscous), n):
        level = -log_length0 - m * log_step - log_kv
        x = viscous_edge(level, x + 0.75 * log_step)
        edges[m, 0] = x
    guess = 0.5 * (ends[:-1] + ends[1:])
    guess[0] = bottom
    for row in range(last + 1 + points.size):
        if row < last:
            m, log_length = row, log_length0 + row * log_step
        elif row == last:
            m, log_length = n, np.log(mfp)
        else:
            m, log_length = n + row - last, points[row - last - 1]
        level = -log_length - log_kc
        column, inside = 0, values[0] > level
        for s in range(ends.size - 1):
            if (values[s] > level) != (values[s + 1] > level):
                x = _collisionless_edge(level, beta, ends[s], ends[s + 1], guess[s])
                guess[s] = x
                if column < edges.shape[1]:
                    edges[m, column] = x
                column += 1
                inside = not inside
        if inside and column < edges.shape[1]:
            edges[m, column] = top
    return top, edges, points, weights
