"""Draws of the prior with their predictions, made once for all mock data of a calibration.

Walkers that start from the prior spend most of a short warm-up on their way to the posterior. Every
mock's truth is a draw of the prior itself, so the likeliest of many other draws lie near its
posterior, and their predictions do not depend on the data: a likelihood of each is all that a mock
costs. Walkers start from draws taken with weights L^b, with b such that some twice as many draws as
walkers share the weight. A start is no part of what a calibration tests: the chain that is kept has
forgotten it, or its ranks show that it has not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.marginal import Marginal, in_blocks
from pipeline.tuning.estimators.effective import power

DRAWS = 20_000
_NODES = 16
"""Amplitudes per group that a likelihood is averaged over, enough to rank draws by."""
_SHARED = 2.0
"""Draws that share the weight, per walker."""


@dataclass(frozen=True)
class Bank:
    """Draws of a problem's prior.

    Attributes
    ----------
    theta : (n, ndim) coordinates
    predictions : data set name to (n, n_bins)
    """

    theta: np.ndarray
    predictions: dict[str, np.ndarray]

    @classmethod
    def of(cls, problem, seed, draws: int = DRAWS) -> Bank:
        """Draw and predict: the same of the same seed, a `numpy.random.SeedSequence`."""
        theta = problem.sample_prior(draws, np.random.default_rng(seed))
        parts = [problem.likelihood.predict(problem.values(part)) for part in in_blocks(theta)]
        return cls(theta, {k: np.concatenate([p[k] for p in parts]) for k in parts[0]})

    @property
    def possible(self) -> np.ndarray:
        """(n,) bool: draws for which the model has a prediction of everything."""
        return np.all([np.isfinite(p).all(axis=1) for p in self.predictions.values()], axis=0)

    def near(self, problem, count: int, rng: np.random.Generator) -> np.ndarray:
        """Draws near the posterior of a problem with other data, (count, ndim), all different.

        Parameters
        ----------
        problem : with scenario and prior of those that the bank was made of
        """
        log_l = self._log_likelihood(problem)
        possible = np.flatnonzero(np.isfinite(log_l))
        if len(possible) < 2 * count:
            return problem.sample_prior(count, rng)
        log_l = log_l[possible]
        log_weight = power(log_l, min(_SHARED * count, 0.9 * len(log_l))) * log_l
        # Those with the largest ln w plus Gumbel noise are a sample without replacement.
        order = np.argsort(log_weight + rng.gumbel(size=len(log_l)))[::-1]
        return self.theta[possible[order[:count]]]

    def _log_likelihood(self, problem) -> np.ndarray:
        """(n,) of all draws, amplitudes averaged over."""
        marginal = Marginal(problem, _NODES)
        if not marginal.groups:
            return problem.likelihood.log_likelihood_of(
                self.predictions, problem.values(self.theta)
            ).sum(axis=1)
        levels = marginal.by_amplitude_of(self.predictions)
        with np.errstate(invalid="ignore"):
            return sum(
                np.logaddexp.reduce(level + share, axis=1)
                for level, share in zip(levels, marginal.log_share, strict=True)
            )
