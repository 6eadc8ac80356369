"""A change of coordinates that straightens curved ridges and evens out their width.

Along the principal axes of the draws, the widest first, each coordinate y_j is predicted from those
before it: its mean is a quadratic function f_j of them, the logarithm of its spread a sum g_j of
parabolas. Then

    x_j = (y_j - f_j(y_0 .. y_j-1)) exp(-g_j(y_0 .. y_j-1)),

a triangular map (Parno & Marzouk 2018), is undone coordinate by coordinate and has the Jacobian
exp(-sum g_j). A posterior of long, thin, bent ridges, which Gaussians tile badly, is nearly normal
in x. What is left to a mixture of Gaussians there is a proposal that is accepted half as often
again as without (measured on the stratified halo: 0.32 for 0.20).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_REACH = 4.0
"""Standard deviations at which the features level off, so that nothing explodes in the tails."""
_SHRINK = 0.01
"""Ridge of the regressions per draw: what the draws do not support stays 0."""
_LEAST, _MOST = -4.0, 3.0
"""Bounds of ln of the spread."""
_LEAST_GAIN = 0.01
"""Nats per unseen draw that a coordinate's terms must be worth."""
_NEWTON = 5


@dataclass(frozen=True)
class Straightening:
    """The map between z and x, both (n, d).

    Attributes
    ----------
    centre : (d,) mean of z
    axes : (d, d) columns are principal axes times standard deviations: z = centre + axes y
    shifts : (d, 1 + d (d + 3) / 2) coefficients of f_j, 0 where they belong to later coordinates
    spreads : (d, 1 + 2 d) those of g_j
    """

    centre: np.ndarray
    axes: np.ndarray
    shifts: np.ndarray
    spreads: np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "_inverse", np.linalg.inv(self.axes).T.copy())
        object.__setattr__(self, "_log_det", float(np.linalg.slogdet(self.axes)[1]))

    def forward(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x, and ln |dz / dx| (n,)."""
        y = (z - self.centre) @ self._inverse
        quadratic, parabolic = _features(y)
        spread = np.clip(parabolic @ self.spreads.T, _LEAST, _MOST)
        x = (y - quadratic @ self.shifts.T) * np.exp(-spread)
        return x, spread.sum(axis=1) + self._log_det

    def inverse(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """z, and ln |dz / dx| (n,)."""
        n, d = x.shape
        y, volume = np.empty((n, d)), np.full(n, self._log_det)
        t, ones = np.empty((n, d)), np.ones((n, 1))
        quadratic, parabolic = np.ones((n, self.shifts.shape[1])), np.ones((n, 1 + 2 * d))
        at = 1
        for j in range(d):
            spread = parabolic[:, : 1 + 2 * j] @ self.spreads[j, : 1 + 2 * j]
            np.clip(spread, _LEAST, _MOST, out=spread)
            y[:, j] = x[:, j] * np.exp(spread) + quadratic[:, :at] @ self.shifts[j, :at]
            volume += spread
            t[:, j] = _REACH * np.tanh(y[:, j] / _REACH)
            new = t[:, j, None] * np.concatenate([ones, t[:, : j + 1]], axis=1)
            quadratic[:, at : at + j + 2] = new
            parabolic[:, 1 + 2 * j], parabolic[:, 2 + 2 * j] = t[:, j], new[:, -1]
            at += j + 2
        return self.centre + y @ self.axes.T, volume


def _features(y):
    """Terms of f and of g; those of the first j coordinates come first."""
    t = _REACH * np.tanh(y / _REACH)
    n, d = t.shape
    ones = np.ones((n, 1))
    quadratic = [t[:, j, None] * np.concatenate([ones, t[:, : j + 1]], axis=1) for j in range(d)]
    parabolic = np.stack([t, t**2], axis=2).reshape(n, 2 * d)
    return np.concatenate([ones, *quadratic], axis=1), np.concatenate([ones, parabolic], axis=1)


def fit_straightening(z: np.ndarray, weights: np.ndarray | None = None) -> Straightening:
    """Fit to draws (n, d) of these weights (n,), by default equal."""
    n, d = z.shape
    w = np.full(n, 1.0) if weights is None else weights * (n / weights.sum())
    centre = w @ z / n
    covariance = (z - centre).T @ ((z - centre) * w[:, None]) / n
    covariance += 1e-9 * np.trace(covariance) / d * np.eye(d)
    values, vectors = np.linalg.eigh(covariance)
    axes = vectors[:, ::-1] * np.sqrt(values[::-1])
    y = (z - centre) @ np.linalg.inv(axes).T
    quadratic, parabolic = _features(y)
    shifts, spreads = np.zeros((d, quadratic.shape[1])), np.zeros((d, 1 + 2 * d))
    tried = np.arange(n) * 10 // n % 2 == 0  # in blocks: neighbours in a chain are alike
    for j in range(d):
        terms, of_spread = quadratic[:, : 1 + j * (j + 3) // 2], parabolic[:, : 1 + 2 * j]
        shift = _supported(_regression, _squares, terms, y[:, j], w, tried)
        residual = y[:, j] - terms @ shift
        spread = _supported(_log_spread, _misfit, of_spread, residual, w, tried)
        if np.any(shift[1:]) and np.any(spread[1:]):
            uneven = w * np.exp(-2.0 * np.clip(of_spread @ spread - spread[0], -2.0, 2.0))
            shift = _regression(terms, y[:, j], uneven)
            spread = _log_spread(of_spread, y[:, j] - terms @ shift, w)
        shifts[j, : len(shift)], spreads[j, : len(spread)] = shift, spread
    return Straightening(centre, axes, shifts, spreads)


def _supported(fit, loss, terms, values, weights, tried):
    """Coefficients, but the constant alone where all of them are not better for draws that the
    fit has not seen."""
    constant = np.zeros(terms.shape[1])
    constant[:1] = fit(terms[:, :1], values, weights)
    if terms.shape[1] == 1:
        return constant
    seen = fit(terms[tried], values[tried], weights[tried])
    unseen = (terms[~tried], values[~tried], weights[~tried])
    gain = loss(constant, *unseen) - loss(seen, *unseen)
    return fit(terms, values, weights) if gain > _LEAST_GAIN else constant


def _squares(shift, terms, values, weights):
    """Nats per draw of a normal whose width is that of the residuals."""
    return 0.5 * np.log(np.average((values - terms @ shift) ** 2, weights=weights) + 1e-12)


def _misfit(spread, terms, residual, weights):
    """Nats per draw of normals of these widths."""
    log_width = np.clip(terms @ spread, _LEAST, _MOST)
    each = log_width + 0.5 * residual**2 * np.exp(-2.0 * log_width)
    return np.average(each, weights=weights)


def _ridge(size, n):
    ridge = np.full(size, _SHRINK * n)
    ridge[0] = 1e-9 * n  # the constant is free
    return ridge


def _regression(terms, values, weights):
    weighted = terms * weights[:, None]
    gram = weighted.T @ terms
    gram[np.diag_indices_from(gram)] += _ridge(len(gram), weights.sum())
    return np.linalg.solve(gram, weighted.T @ values)


def _log_spread(terms, residual, weights):
    """Coefficients of ln of the spread: maximum likelihood by damped Newton steps."""
    n = weights.sum()
    found = np.zeros(terms.shape[1])
    found[0] = start = 0.5 * np.log(weights @ residual**2 / n + 1e-12)
    ridge = _ridge(len(found), n)
    for _ in range(_NEWTON):
        scaled = residual**2 * np.exp(-2.0 * np.clip(terms @ found, _LEAST, _MOST))
        away = found - np.eye(len(found))[0] * start
        gradient = terms.T @ (weights * (1.0 - np.minimum(scaled, 25.0))) + ridge * away
        curvature = (terms * (weights * (0.2 + 2.0 * np.minimum(scaled, 5.0)))[:, None]).T @ terms
        curvature[np.diag_indices_from(curvature)] += ridge
        step = np.linalg.solve(curvature, gradient)
        found = found - step / max(1.0, np.abs(step).max())
    return found
