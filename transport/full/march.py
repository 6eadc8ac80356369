"""The march from high to low rigidity for one species, compiled, for all walkers at once.

Implicit BDF2 in ln R of u = f / g, g being a guess of f with d ln g / d ln R a difference of
fourth order: where g is f itself the error is that of those, not of BDF2, so that a second march
with the result of the first as its guess is exact to fourth order (deferred correction).
"""

from __future__ import annotations

import numpy as np

from transport.constants import LIGHT_SPEED
from transport.fast_modes.jit import njit

LIMIT = 0.5
"""Most by which the difference of fourth order may depart from the one-sided one: at a cutoff it
would otherwise oscillate."""


@njit
def trends(log_f, step):
    """d ln f / d ln R at ascending nodes, of fourth order where smooth, (..., m) as `log_f`.

    Parameters
    ----------
    log_f : (k, m)
    step : of the nodes in ln R
    """
    k, m = log_f.shape
    result = np.empty((k, m))
    for i in range(k):
        f = log_f[i]
        for j in range(m):
            if j + 2 < m:
                one_sided = (-3.0 * f[j] + 4.0 * f[j + 1] - f[j + 2]) / (2.0 * step)
            else:
                one_sided = (f[m - 1] - f[m - 2]) / step
            value = one_sided
            if 2 <= j < m - 2:
                value = (f[j - 2] - 8.0 * f[j - 1] + 8.0 * f[j + 1] - f[j + 2]) / (12.0 * step)
            elif j == 1 and m > 4:
                value = (
                    -3.0 * f[0] - 10.0 * f[1] + 18.0 * f[2] - 6.0 * f[3] + f[4]
                ) / (12.0 * step)  # fmt: skip
            elif j == 0 and m > 4:
                value = (
                    -25.0 * f[0] + 48.0 * f[1] - 36.0 * f[2] + 16.0 * f[3] - 3.0 * f[4]
                ) / (12.0 * step)  # fmt: skip
            result[i, j] = min(max(value, one_sided - LIMIT), one_sided + LIMIT)
    return result


@njit
def march(
    source, gain, rate, slope, intercept, speed, rising, unconfined, guess, trend, step, flux, base
):
    """Fill `flux` and `base`, (T, n, m): flux through each term, f at its base.

    Terms t = 0 .. T-1 lie on top of each other, the first on the disk; f falls by
    intercept + slope * flux across each. From the top term down, everything is a + b x with x the f
    at the base of the top term, and the disk gives x.

    Parameters
    ----------
    source : (n, m) Q
    gain, rate : (n, m) F(0+) = Q + gain df/dlnp + rate f of the disk, cm/s
    slope, intercept, speed, guess, trend : (T, n, m); speed is the jump at the base of each term
    rising : whether the top term has a speed that rises all the way: -(1/3) df/dlnp = f of its law
    unconfined : (n, m) where it does not hold particles, which stream at the speed of light there
    """
    n_terms, n, m = slope.shape
    top = n_terms - 1
    d, e = np.empty(n_terms), np.empty(n_terms)
    # of each term: flux = fa x + fb, f at its base = ba x + bb
    fa, fb = np.empty(n_terms), np.empty(n_terms)
    ba, bb = np.empty(n_terms), np.empty(n_terms)
    last, before = np.empty(n_terms), np.empty(n_terms)
    for i in range(n):
        for j in range(m - 1, -1, -1):
            for t in range(n_terms):  # df/dlnR = d f + e
                if j == m - 1:
                    d[t], e[t] = trend[t, i, j], 0.0
                elif j == m - 2 or 4.0 * last[t] <= before[t]:
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
