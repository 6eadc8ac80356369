"""Mixtures of Gaussians: fitted by expectation-maximisation, drawn from, evaluated in batches.

Small and in plain numpy, since a proposal is evaluated at every step (scikit-learn takes 0.3 s to
import and several times as long for a batch of forty), and since covariances need a prior here:
draws of a short warm-up are few and correlated, and a component that fits them too closely is a
proposal with holes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

_LOG_2PI = float(np.log(2.0 * np.pi))
_PRIOR_DRAWS = 2.0
"""Draws per coordinate that the prior of a component's covariance is worth."""
_LEAST_GAIN = 1e-3
"""Nats per draw and round of expectation-maximisation below which a fit has settled."""


@dataclass(frozen=True)
class Mixture:
    """Gaussians in d dimensions.

    Attributes
    ----------
    weights : (k,) adding up to 1
    means : (k, d)
    scales : (k, d, d) lower Cholesky factors of the covariances
    """

    weights: np.ndarray
    means: np.ndarray
    scales: np.ndarray

    def __post_init__(self):
        d = self.means.shape[1]
        inverse = np.stack([solve_triangular(s, np.eye(d), lower=True) for s in self.scales])
        object.__setattr__(self, "_inverse", inverse.transpose(0, 2, 1).copy())
        object.__setattr__(self, "_shift", np.einsum("kj,kji->ki", self.means, self._inverse))
        log_det = np.log(np.diagonal(self.scales, axis1=1, axis2=2)).sum(axis=1)
        object.__setattr__(self, "_constant", np.log(self.weights) - log_det - 0.5 * d * _LOG_2PI)

    def log_terms(self, z: np.ndarray) -> np.ndarray:
        """ln of weight times density of each component, (n, k), at points (n, d)."""
        white = np.matmul(z[None], self._inverse) - self._shift[:, None]
        return (self._constant[:, None] - 0.5 * np.einsum("kni,kni->kn", white, white)).T

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """(n,) of points (n, d)."""
        return log_sum(self.log_terms(z))

    def with_tails(self, tails: dict[float, float]) -> Mixture:
        """Each component beside copies of itself that are wider.

        Parameters
        ----------
        tails : share of the weight by the factor of all widths; the component keeps the rest
        """
        parts = {1.0: 1.0 - sum(tails.values()), **tails}
        return Mixture(
            np.concatenate([share * self.weights for share in parts.values()]),
            np.tile(self.means, (len(parts), 1)),
            np.concatenate([factor * self.scales for factor in parts]),
        )

    def draws(self, n: int, random) -> np.ndarray:
        """(n, d); `random` is a `numpy.random.RandomState` or a `Generator`."""
        chosen = random.choice(len(self.weights), size=n, p=self.weights)
        normal = random.standard_normal(size=(n, self.means.shape[1]))
        return self.means[chosen] + np.einsum("nij,nj->ni", self.scales[chosen], normal)


def log_sum(terms: np.ndarray) -> np.ndarray:
    """ln of the sum of exp of each row, (n, k) -> (n,); -inf where all are."""
    top = terms.max(axis=1)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return top + np.log(np.exp(terms - top[:, None]).sum(axis=1))


def fit_mixture(
    z: np.ndarray, size: int, rng: np.random.Generator, weights=None, rounds: int = 100
) -> Mixture:
    """Fit to draws (n, d), of these weights (n,) if they are not equal.

    The covariance of a component is shrunk towards that of all draws, scaled to the volume that
    one of `size` components should have, as far as it has few draws.
    """
    n, d = z.shape
    w = np.full(n, 1.0 / n) if weights is None else weights / weights.sum()
    effective = 1.0 / np.sum(w**2)
    centre = w @ z
    whole = (z - centre).T @ ((z - centre) * w[:, None])
    whole += 1e-9 * np.trace(whole) / d * np.eye(d)
    root = np.linalg.cholesky(whole)
    x = solve_triangular(root, (z - centre).T, lower=True).T
    mixture = _first_guess(x, size, w, rng)
    previous = -np.inf
    prior = np.eye(d) * size ** (-2.0 / d)
    for _ in range(rounds):
        terms = mixture.log_terms(x)
        total = log_sum(terms)
        mixture = _maximised(x, np.exp(terms - total[:, None]) * w[:, None], effective, prior)
        now = float(w @ total)
        if now - previous < _LEAST_GAIN:
            break
        previous = now
    return Mixture(
        mixture.weights,
        centre + mixture.means @ root.T,
        np.einsum("ij,kjl->kil", root, mixture.scales),
    )


def _first_guess(x, size, w, rng):
    """Means at draws far from each other (k-means++), all with the covariance of their cells."""
    means = [x[rng.choice(len(x), p=w)]]
    distance = np.sum((x - means[0]) ** 2, axis=1)
    for _ in range(size - 1):
        share = distance * w
        means.append(x[rng.choice(len(x), p=share / share.sum())])
        distance = np.minimum(distance, np.sum((x - means[-1]) ** 2, axis=1))
    d = x.shape[1]
    scales = np.tile(np.eye(d) * size ** (-1.0 / d), (size, 1, 1))
    return Mixture(np.full(size, 1.0 / size), np.array(means), scales)


def _maximised(x, shares, effective, prior):
    """Weights, means and covariances of draws that belong to components by `shares` (n, k)."""
    d = x.shape[1]
    weight = shares.sum(axis=0)
    kept = weight * effective > 1.0
    shares, weight = shares[:, kept], weight[kept]
    means = (shares.T @ x) / weight[:, None]
    scales = []
    worth = _PRIOR_DRAWS * d
    for column, mean, total in zip(shares.T, means, weight, strict=True):
        off = x - mean
        scatter = (off * column[:, None]).T @ off * effective
        covariance = (scatter + worth * prior) / (total * effective + worth)
        scales.append(np.linalg.cholesky(covariance))
    return Mixture(weight / weight.sum(), means, np.array(scales))
