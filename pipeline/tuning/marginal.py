"""A problem with the amplitudes of its model discrepancy integrated out.

A small amplitude has a high likelihood in a small volume, a large one a low likelihood in a large
volume: a funnel, the tip of which a nested sampler's bounds cut off. Each group of data has one
amplitude, of which its likelihood is a cheap function once the prediction is there, so

    L(theta) = prod_g int L_g(theta, a) p(a) da

is one more matrix product, and the sampler sees the theory's parameters alone. Afterwards
p(a | theta, data) gives every point its amplitudes back.

On a posterior of ten parameters, two of them amplitudes, whose ln Z is 469.29 +- 0.02 by bridge
sampling, nested sampling with 500 live points finds 468.99 with the amplitudes sampled, and 469.24
and 469.26 (two seeds) with the amplitudes integrated.

The integral is a Gauss-Legendre sum in the prior mass of the amplitude. ln L_g varies by at most
half the number of points per e-fold, so neighbouring nodes see almost the same; on problems of
this project 64 nodes agree with adaptive quadrature to 1e-6 (tests/tuning/test_marginal.py).
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp, roots_legendre

from likelihoods.discrepancy import parameter_name
from transport.errors import CrtuneError

NODES = 64
"""Amplitudes per group."""


def amplitude_columns(problem) -> list[int]:
    """Which coordinates of a `pipeline.problem.Problem` are amplitudes of its discrepancy."""
    names = {parameter_name(group) for group in _groups(problem)}
    return [i for i, p in enumerate(problem.parameters) if p.name in names] if names else []


def _groups(problem):
    return tuple(getattr(getattr(problem, "likelihood", None), "groups", ()))


class Marginal:
    """Likelihood of the coordinates that are no amplitude. Without amplitudes, the problem's own.

    Parameters
    ----------
    problem : as `pipeline.problem.Problem`
    nodes : amplitudes per group at which the likelihood is evaluated

    Raises
    ------
    CrtuneError: a constraint of the prior is on an amplitude

    Attributes
    ----------
    ndim : coordinates that are left
    log_share : (nodes,) ln of the prior mass that each amplitude stands for; (1,) zeros without
        amplitudes
    """

    def __init__(self, problem, nodes: int = NODES):
        self.problem = problem
        self.groups = _groups(problem)
        self._columns = amplitude_columns(problem)
        self._refuse_constraints()
        self._others = [i for i in range(problem.ndim) if i not in self._columns]
        self.ndim = len(self._others)
        x, weight = roots_legendre(nodes)
        self._mass = 0.5 * (1.0 + x)
        self._edges = np.concatenate([[0.0], np.cumsum(0.5 * weight)])
        self.log_share = np.log(0.5 * weight) if self.groups else np.zeros(1)
        grid = np.full((nodes, problem.ndim), 0.5)
        grid[:, self._columns] = self._mass[:, None]
        if self.groups:
            values = problem.values(problem.prior_transform(grid))
            self._amplitudes = {g: values[parameter_name(g)] for g in self.groups}

    def _refuse_constraints(self):
        """An amplitude can only be integrated by itself if it is free of the others."""
        amplitudes = {parameter_name(group) for group in self.groups}
        for constraint in self.problem.prior.constraints if self.groups else ():
            if constraint.name in amplitudes:
                raise CrtuneError(
                    f"{self.problem.prior.source}: constraint {constraint}: an amplitude of the "
                    "discrepancy is integrated out here and cannot be constrained; narrow its "
                    "prior instead"
                )

    def prior_transform(self, u: np.ndarray) -> np.ndarray:
        """All coordinates (n, problem.ndim) of points of the cube (n, ndim), amplitudes at their
        prior median."""
        whole = np.full((len(u), self.problem.ndim), 0.5)
        whole[:, self._others] = u
        return self.problem.prior_transform(whole)

    def by_amplitude(self, theta: np.ndarray) -> list[np.ndarray]:
        """ln L of each group at each amplitude, (n, nodes); of everything, (n, 1), without groups.

        Parameters
        ----------
        theta : (n, problem.ndim) coordinates; amplitudes in it do not matter
        """
        if not self.groups:
            return [self.problem.log_likelihood(theta).sum(axis=1)[:, None]]
        found = self.problem.likelihood.log_likelihood_by_amplitude(
            self.problem.values(theta), self._amplitudes
        )
        return [np.where(np.isfinite(found[g]), found[g], -np.inf) for g in self.groups]

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        """ln of the likelihood averaged over the prior of the amplitudes, (n,)."""
        return sum(logsumexp(x + self.log_share, axis=1) for x in self.by_amplitude(theta))

    def with_amplitudes(self, theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The same points with amplitudes drawn from p(a | theta, data), (n, problem.ndim).

        A draw is a node with its probability, spread evenly over the prior mass of the node.
        """
        if not self.groups:
            return theta
        mass = np.full(theta.shape, 0.5)
        for group, log_l in zip(self.groups, self.by_amplitude(theta), strict=True):
            log_p = log_l + self.log_share
            below = np.cumsum(np.exp(log_p - log_p.max(axis=1, keepdims=True)), axis=1)
            at = rng.random((len(theta), 1)) * below[:, -1:]
            node = np.minimum((below < at).sum(axis=1), len(self.log_share) - 1)
            spread = rng.random(len(theta)) * (self._edges[node + 1] - self._edges[node])
            column = self._column(group)
            mass[:, column] = self._edges[node] + spread
        drawn = theta.copy()
        drawn[:, self._columns] = self.problem.prior_transform(mass)[:, self._columns]
        return drawn

    def _column(self, group):
        names = [p.name for p in self.problem.parameters]
        return names.index(parameter_name(group))
