"""Problems with closed-form answers and the interface of `pipeline.problem.Problem`.

Both have a uniform prior in a box and a normalised likelihood deep inside it, so the posterior is
the likelihood's own distribution and ln Z = -ln V with V the volume of the box. The banana is a
volume-preserving bend of the Gaussian: same ln Z, known draws, very different chains.
"""

from __future__ import annotations

import hashlib

import numpy as np

from priors.prior import KeptShare
from transport.parameters import Parameter


class GaussianProblem:
    """Correlated Gaussian in a box, split into two data sets, ``first`` and ``second``.

    Parameters
    ----------
    ndim : number of parameters, ``x0``, ``x1``, ...
    rho : correlation of every pair, used where `covariance` is not given
    covariance : (ndim, ndim)
    mean : (ndim,), default 0
    half_width : the box spans the mean +- this many standard deviations
    """

    def __init__(self, ndim=2, rho=0.0, covariance=None, mean=None, half_width=10.0):
        if covariance is None:
            covariance = np.full((ndim, ndim), rho) + (1.0 - rho) * np.eye(ndim)
        self.covariance = np.asarray(covariance, dtype=float)
        self.ndim = len(self.covariance)
        self.mean = np.zeros(self.ndim) if mean is None else np.asarray(mean, dtype=float)
        sd = np.sqrt(np.diag(self.covariance))
        self.lower, self.upper = self.mean - half_width * sd, self.mean + half_width * sd
        self._cholesky = np.linalg.cholesky(self.covariance)
        self._inverse_cholesky = np.linalg.inv(self._cholesky)
        self.parameters = tuple(
            Parameter(f"x{i}", "", f"x_{{{i}}}", f"toy coordinate {i}", float(self.mean[i]))
            for i in range(self.ndim)
        )
        self.names = tuple(p.coordinate_name for p in self.parameters)
        self.labels = tuple(p.coordinate_latex for p in self.parameters)
        self.dataset_names = ("first", "second")
        self.blob_names = ("log_prior", *(f"log_likelihood_{d}" for d in self.dataset_names))
        self.nan_count = 0
        self.evaluations = 0

    @property
    def log_evidence(self) -> float:
        """ln Z = -ln V, exact up to the tails outside the box."""
        return -float(np.log(self.upper - self.lower).sum())

    def log_prior(self, theta):
        theta = np.atleast_2d(theta)
        inside = np.all((theta >= self.lower) & (theta <= self.upper), axis=1)
        return np.where(inside, self.log_evidence, -np.inf)

    def log_likelihood(self, theta):
        """(n, 2): the terms of the first and of the second half of the whitened coordinates."""
        theta = np.atleast_2d(theta)
        self.evaluations += len(theta)
        white = (self._straighten(theta) - self.mean) @ self._inverse_cholesky.T
        terms = -0.5 * (white**2 + np.log(2 * np.pi)) - np.log(np.diag(self._cholesky))
        half = (self.ndim + 1) // 2
        return np.stack([terms[:, :half].sum(axis=1), terms[:, half:].sum(axis=1)], axis=1)

    def log_prob(self, theta):
        """(n, 1 + n_blobs): log-posterior, log-prior, log-likelihoods."""
        theta = np.atleast_2d(theta)
        log_prior = self.log_prior(theta)
        log_likelihood = np.full((len(theta), 2), -np.inf)
        inside = np.isfinite(log_prior)
        if inside.any():
            log_likelihood[inside] = self.log_likelihood(theta[inside])
        log_prob = log_prior + log_likelihood.sum(axis=1)
        return np.column_stack([log_prob, log_prior, log_likelihood])

    @property
    def kept_share(self):
        return KeptShare(1.0, 0.0, 0, {})

    def prior_transform(self, u):
        return self.lower + np.asarray(u) * (self.upper - self.lower)

    def prior_cdf(self, theta):
        return np.clip((np.asarray(theta) - self.lower) / (self.upper - self.lower), 0.0, 1.0)

    def sample_prior(self, n, rng):
        return self.prior_transform(rng.random((n, self.ndim)))

    def sample_posterior(self, n, rng):
        """Exact draws, (n, ndim)."""
        return self._bend(self.mean + rng.standard_normal((n, self.ndim)) @ self._cholesky.T)

    def values(self, theta):
        return {p.name: np.atleast_2d(theta)[:, i] for i, p in enumerate(self.parameters)}

    def fingerprint(self):
        numbers = np.concatenate([self.covariance.ravel(), self.mean, self.lower, self.upper])
        return {
            "scenario": type(self).__name__,
            "parameters": " ".join(self.names),
            "priors": hashlib.sha256(self.lower.tobytes() + self.upper.tobytes()).hexdigest(),
            "data": hashlib.sha256(numbers.tobytes()).hexdigest(),
        }

    def _straighten(self, theta):
        return theta

    def _bend(self, theta):
        return theta


class BananaProblem(GaussianProblem):
    """The Gaussian bent along pairs: x_(2i+1) is shifted by ``bend`` (x_(2i)^2 - 1) sd.

    The shift has unit Jacobian and zero mean, so for ``rho`` = 0 the means stay 0 and the variance
    of the bent coordinates is 1 + 2 bend^2.
    """

    def __init__(self, ndim=2, bend=0.5, half_width=25.0, **options):
        self.bend = bend
        super().__init__(ndim=ndim, half_width=half_width, **options)

    def _shift(self, even):
        sd = np.sqrt(np.diag(self.covariance))
        count = self.ndim // 2
        scaled = (even - self.mean[0 : 2 * count : 2]) / sd[0 : 2 * count : 2]
        return self.bend * sd[1::2][:count] * (scaled**2 - 1.0)

    def _bend(self, theta):
        bent = np.array(theta)
        bent[:, 1::2] += self._shift(bent[:, 0 : 2 * (self.ndim // 2) : 2])
        return bent

    def _straighten(self, theta):
        straight = np.array(theta)
        straight[:, 1::2] -= self._shift(straight[:, 0 : 2 * (self.ndim // 2) : 2])
        return straight

    def fingerprint(self):
        return {**super().fingerprint(), "bend": repr(self.bend)}
