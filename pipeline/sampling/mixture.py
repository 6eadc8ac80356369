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
    coefficients : (k, 1 + d + d (d + 1) / 2) of `features` in ln of weight times density
    """

    weights: np.ndarray
    means: np.ndarray
    scales: np.ndarray

    def __post_init__(self):
        d = self.means.shape[1]
        inverse = np.stack([solve_triangular(s, np.eye(d), lower=True) for s in self.scales])
        white = np.matmul(inverse, self.means[:, :, None])[:, :, 0]
        log_det = np.log(np.diagonal(self.scales, axis1=1, axis2=2)).sum(axis=1)
        constant = np.log(self.weights) - log_det - 0.5 * d * _LOG_2PI
        constant -= 0.5 * np.einsum("ki,ki->k", white, white)
        linear = np.einsum("kji,kj->ki", inverse, white)
        row, column = np.triu_indices(d)
        square = np.where(row == column, -0.5, -1.0)
        square = square * np.matmul(inverse.transpose(0, 2, 1), inverse)[:, row, column]
        coefficients = np.concatenate([constant[:, None], linear, square], axis=1)
        object.__setattr__(self, "coefficients", coefficients)

    def log_terms(self, z: np.ndarray) -> np.ndarray:
        """ln of weight times density of each component, (n, k), at points (n, d)."""
        return (self.coefficients @ features(z)).T

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


def features(z: np.ndarray) -> np.ndarray:
    """1, every coordinate and every product of two, (1 + d + d (d + 1) / 2, n) of points (n, d).

    ln of a Gaussian is a linear function of these, and their sums over draws give its mean and
    covariance: one product of matrices does it for all components.
    """
    row, column = np.triu_indices(z.shape[1])
    return np.concatenate([np.ones((1, len(z))), z.T, (z[:, row] * z[:, column]).T])


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
    terms_of = features(x)
    previous = -np.inf
    prior = np.eye(d) * size ** (-2.0 / d)
    for _ in range(rounds):
        terms = mixture.coefficients @ terms_of
        top = terms.max(axis=0)
        shares = np.exp(terms - top)
        total = shares.sum(axis=0)
        now = float(w @ (top + np.log(total)))
        shares *= w / total
        mixture = _maximised(shares @ terms_of.T, effective, prior)
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


def _maximised(sums, effective, prior):
    """Weights, means and covariances of draws that belong to components by shares, of which `sums`
    (k, n_features) are the features' sums."""
    d = len(prior)
    sums = sums[sums[:, 0] * effective > 1.0]
    weight, means = sums[:, 0], sums[:, 1 : 1 + d] / sums[:, :1]
    square = np.empty((len(sums), d, d))
    row, column = np.triu_indices(d)
    square[:, row, column] = square[:, column, row] = sums[:, 1 + d :]
    scatter = square - weight[:, None, None] * means[:, :, None] * means[:, None, :]
    worth = _PRIOR_DRAWS * d
    covariance = (scatter * effective + worth * prior) / (weight * effective + worth)[:, None, None]
    return Mixture(weight / weight.sum(), means, np.linalg.cholesky(covariance))
