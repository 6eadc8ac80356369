"""A mixture of Gaussians fitted to draws: a proposal, and a way to see who visits which mode."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

LEAST_SHARE = 0.02
"""Share of the draws below which a component is no mode worth a word."""
_ABSENT = 0.1
"""An ensemble with less than this times its due share of a component has missed it."""


@dataclass(frozen=True)
class Mixture:
    """Gaussians in whitened coordinates.

    Attributes
    ----------
    fitted : scikit-learn's GaussianMixture, of (z - centre) scale^-T
    centre, scale : (ndim,) and (ndim, ndim), mean and Cholesky factor of the draws' covariance
    """

    fitted: object
    centre: np.ndarray
    scale: np.ndarray

    def draws(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """(n, ndim)."""
        counts = rng.multinomial(n, self.fitted.weights_)
        parts = [
            mean + rng.standard_normal((count, len(mean))) @ np.linalg.cholesky(covariance).T
            for count, mean, covariance in zip(
                counts, self.fitted.means_, self.fitted.covariances_, strict=True
            )
        ]
        return self.centre + np.concatenate(parts) @ self.scale.T

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """(n,) of points (n, ndim)."""
        return self.fitted.score_samples(self._white(z)) - np.log(np.diag(self.scale)).sum()

    def component(self, z: np.ndarray) -> np.ndarray:
        """(n,) index of the likeliest component of each point."""
        return self.fitted.predict(self._white(z))

    def _white(self, z):
        return np.linalg.solve(self.scale, (z - self.centre).T).T


def fit_mixture(z: np.ndarray, size: int, rng: np.random.Generator) -> Mixture:
    """Fit to draws (n, ndim). Whitened first, as the fit's regularisation has an absolute scale."""
    from sklearn.mixture import GaussianMixture  # slow to import

    centre = z.mean(axis=0)
    scale = np.linalg.cholesky(np.atleast_2d(np.cov(z, rowvar=False)))
    fit = GaussianMixture(size, random_state=int(rng.integers(2**31)))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="sklearn")  # a proposal needs no convergence
        fit.fit(np.linalg.solve(scale, (z - centre).T).T)
    return Mixture(fit, centre, scale)


def missed_components(mixtures, chains) -> list[str]:
    """Components that some ensembles visit and others do not, in words.

    Parameters
    ----------
    mixtures : fitted to one chain each, since a mixture only knows the modes of its own draws
    chains : each (n_ensembles, n_steps, n_walkers, ndim), numbered alternately: the first holds
        the ensembles 0, 2, ..., the second 1, 3, ...; the halves of one ensemble, where there is
        only one each
    """
    found = {}
    for mixture in mixtures:
        size = len(mixture.fitted.weights_)
        shares = {}
        for i, chain in enumerate(chains):
            for j, one in enumerate(chain):
                labels = mixture.component(one.reshape(-1, one.shape[-1]))
                shares[2 * j + i] = np.bincount(labels, minlength=size) / len(labels)
        for column in np.transpose([shares[key] for key in sorted(shares)]):
            mean = column.mean()
            absent = np.flatnonzero(column < _ABSENT * mean)
            if mean >= LEAST_SHARE and absent.size:
                who = ", ".join(str(i) for i in absent)
                found[who] = max(mean, found.get(who, 0.0))
    return [
        f"a mode with {share:.0%} of all draws is missed by part {who} of the chains"
        for who, share in found.items()
    ]
