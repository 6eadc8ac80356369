"""The march from high to low rigidity for one species, compiled, for all walkers at once.

Implicit BDF2 in ln R of u = f / g, g being a guess of f with d ln g / d ln R a difference of
fourth order: where g is f itself the error is that of those, not of BDF2, so that a second march
with the result of the first as its guess is exact to fourth order (deferred correction).
"""

from __future__ import annotations

import numpy as np

from transport.constants import LIGHT_SPEED
from transport.fast_modes.jit import njit

REFERENCE_SLOPE = 4.5
"""Of f ~ R^-4.5, about what every spectrum here has."""
JUMP = 1.5
"""Most by which ln(R^4.5 f) changes within a step of a smooth spectrum. Where more, at a cutoff, a
step is made with that power law as the guess: f is what has cooled in from above, almost none."""


@njit
def trends(log_f, last, settled, step):
    """d ln f / d ln R at ascending nodes, of fourth order where smooth, and where it jumps.

    Parameters
    ----------
    log_f : (T, n, m)
    last : (T, n) last node below a cutoff, beyond which it jumps; -1 where there is none
    settled : (n,) walkers that are left out
    step : of the nodes in ln R

    Returns
    -------
    trend, jumps : (T, n, m); jumps[..., j] between the nodes j and j + 1
    """
    n_terms, n, m = log_f.shape
    trend = np.empty(log_f.shape)
    jumps = np.zeros(log_f.shape, dtype=np.bool_)
    for row in range(n_terms * n):
        t, i = row // n, row % n
        if settled[i]:
            continue
        f, jump = log_f[t, i], jumps[t, i]
        for j in range(m - 1):
            jump[j] = j == last[t, i] or abs(f[j] - f[j + 1] - REFERENCE_SLOPE * step) > JUMP
        for j in range(m):
            low, high = max(j - 2, 0), min(j + 2, m - 1)
            while (low < j and jump[j - 1]) or (low < j - 1 and jump[low]):
                low += 1
            while (high > j and jump[j]) or (high > j + 1 and jump[high - 1]):
                high -= 1
            if high - low == 4:
                value = (f[j - 2] - 8.0 * f[j - 1] + 8.0 * f[j + 1] - f[j + 2]) / (12.0 * step)
            elif low < j < high:
                value = (f[j + 1] - f[j - 1]) / (2.0 * step)
            elif high - low == 2:  # one-sided
                sign = 1.0 if high > j else -1.0
                near, far = f[j + int(sign)], f[j + 2 * int(sign)]
                value = sign * (-3.0 * f[j] + 4.0 * near - far) / (2.0 * step)
            elif high > low:
                value = (f[high] - f[low]) / step
            else:
                value = -REFERENCE_SLOPE
            trend[t, i, j] = value
    return trend, jumps


@njit
def march(
    source,
    gain,
    rate,
    slope,
    intercept,
    speed,
    rising,
    unconfined,
    last_below,
    guess,
    trend,
    jumps,
    settled,
    step,
    flux,
    base,
):
    """Fill `flux` and `base`, (T, n, m): flux through each term, f at its base.

    Terms t = 0 .. T-1 lie on top of each other, the first on the disk; f falls by
    intercept + slope * flux across each. From the top term down, everything is a + b x with x the f
    at the base of the top term, and the disk gives x.

    Parameters
    ----------
    source : (n, m) Q
    gain, rate : (n, m) F(0+) = Q + gain df/dlnp + rate f of the disk, cm/s
    slope, intercept, speed, guess : (T, n, m); speed is the jump at the base of each term
    trend, jumps : (T, n, m) of the guess, as `trends` gives them
    rising : whether the top term has a speed that rises all the way: -(1/3) df/dlnp = f of its law
    unconfined : (n, m) where it does not hold particles, which stream at the speed of light there
    last_below : (n,) the last node below a cutoff of the top term, -1 where there is none
    settled : (n,) walkers that are left as they are
    """
    n_terms, n, m = slope.shape
    top = n_terms - 1
    d, e = np.empty(n_terms), np.empty(n_terms)
    # of each term: flux = fa x + fb, f at its base = ba x + bb
    fa, fb = np.empty(n_terms), np.empty(n_terms)
    ba, bb = np.empty(n_terms), np.empty(n_terms)
    last, before = np.empty(n_terms), np.empty(n_terms)
    for i in range(n):
        if settled[i]:
            continue
        for j in range(m - 1, -1, -1):
            for t in range(n_terms):  # df/dlnR = d f + e
                if j == m - 1 or (t == top and j == last_below[i]):
                    d[t], e[t] = trend[t, i, j], 0.0
                elif jumps[t, i, j]:
                    d[t] = -REFERENCE_SLOPE - 1.0 / step
                    e[t] = base[t, i, j + 1] * np.exp(REFERENCE_SLOPE * step) / step
                elif j == m - 2 or jumps[t, i, j + 1] or 4.0 * last[t] <= before[t]:
                    d[t] = trend[t, i, j] - 1.0 / step
                    e[t] = guess[t, i, j] * last[t] / step
                else:
                    d[t] = trend[t, i, j] - 1.5 / step
                    e[t] = guess[t, i, j] * (4.0 * last[t] - before[t]) / (2.0 * step)
            ba[top], bb[top] = 1.0, 0.0
            free = unconfined[i, j]
            while True:
                if free:
                    fa[top], fb[top] = LIGHT_SPEED, 0.0
                elif rising:
                    fa[top] = -d[top] / (3.0 * slope[top, i, j])
                    fb[top] = -(e[top] / 3.0 + intercept[top, i, j]) / slope[top, i, j]
                else:
                    fa[top] = 1.0 / slope[top, i, j]
                    fb[top] = -intercept[top, i, j] / slope[top, i, j]
                below_a, below_b = fa[top], fb[top]
                for t in range(top, -1, -1):
                    if t < top:
                        fa[t], fb[t] = below_a, below_b
                        ba[t] = ba[t + 1] + slope[t, i, j] * fa[t]
                        bb[t] = bb[t + 1] + intercept[t, i, j] + slope[t, i, j] * fb[t]
                    v = speed[t, i, j]
                    below_a = fa[t] - v * (1.0 + d[t] / 3.0) * ba[t]
                    below_b = fb[t] - v * ((1.0 + d[t] / 3.0) * bb[t] + e[t] / 3.0)
                disk = gain[i, j] * d[0] + rate[i, j]
                x = (source[i, j] + gain[i, j] * e[0] + disk * bb[0] - below_b) / (
                    below_a - disk * ba[0]
                )
                if free or x * LIGHT_SPEED >= fa[top] * x + fb[top] > 0.0:
                    break
                free = True  # the tangent is below free streaming, which is the law there
            for t in range(n_terms):
                flux[t, i, j] = fa[t] * x + fb[t]
                base[t, i, j] = ba[t] * x + bb[t]
                before[t] = last[t]
                last[t] = base[t, i, j] / guess[t, i, j]
