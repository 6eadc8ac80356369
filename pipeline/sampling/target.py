"""What the moves see of a problem: a density without walls or funnels, and its points.

Two changes of coordinates make posteriors easier. The probit of the prior's CDF,
z = Phi^-1(F(theta)), has a standard normal for a prior, with its bounds at infinity. And the
amplitudes of the model discrepancy, a funnel, are integrated out: for each point they are drawn
from their conditional posterior, which nodes and lines between them give as a density q(a | theta),
and

    target = L(theta, a) N(z) p(a) / q(a | theta),

which is the likelihood averaged over amplitudes, but for a ripple of the sum that depends on a.
A Metropolis step with this ratio is one in (theta, a) with the proposal q for a, so the chain has
the exact posterior of all coordinates however few the nodes are, and one prediction of the model
serves for everything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from pipeline.marginal import Marginal, constraints_on_amplitudes

NODES = 48
"""Amplitudes per group that draws are made from: enough that the ripple is some per cent (0.03 to
0.08 in ln of the target, standard deviation over amplitudes, at posterior draws of two_phase)."""
_FARTHEST = 8.0
"""Standard deviations of the prior beyond which its CDF is 0 or 1 in double precision."""
_LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass
class Points:
    """Points at which the model was asked.

    Attributes
    ----------
    coords : (n, problem.ndim) all coordinates, amplitudes drawn
    log_prob : (n,) of the problem
    blobs : (n, n_blobs + 1) the problem's blobs, then ln of the target
    """

    coords: np.ndarray
    log_prob: np.ndarray
    blobs: np.ndarray

    @property
    def log_target(self) -> np.ndarray:
        """(n,) -inf where the prior or the model says no."""
        return self.blobs[:, -1]


def joined(parts: list[Points]) -> Points:
    """Points one after the other."""
    names = ("coords", "log_prob", "blobs")
    return Points(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


class Target:
    """The density in z of a problem.

    Parameters
    ----------
    problem : as `pipeline.problem.Problem`
    nodes : amplitudes per group

    Attributes
    ----------
    ndim : of z
    evaluations : of the model since it was last set to 0; points outside the prior cost none
    """

    def __init__(self, problem, nodes: int = NODES):
        self.problem = problem
        # An amplitude that a constraint bounds is sampled like any other parameter.
        constrained = bool(constraints_on_amplitudes(problem))
        self._marginal = None if constrained else Marginal(problem, nodes)
        if self._marginal is not None and not self._marginal.groups:
            self._marginal = None
        self._columns = slice(None) if self._marginal is None else self._marginal.others
        self.ndim = problem.ndim if self._marginal is None else self._marginal.ndim
        self.evaluations = 0

    def log_prob(self, coords: np.ndarray) -> np.ndarray:
        """As the problem's, counted."""
        columns = np.asarray(self.problem.log_prob(coords))
        self.evaluations += int(np.sum(columns[:, 1] > -np.inf))
        return columns

    def to_normal(self, coords: np.ndarray) -> np.ndarray:
        """z (n, ndim) of coordinates (n, problem.ndim)."""
        z = ndtri(self.problem.prior_cdf(coords)[:, self._columns])
        return np.clip(z, -_FARTHEST, _FARTHEST)

    def at(self, z: np.ndarray, random) -> Points:
        """Points at z (n, ndim).

        Parameters
        ----------
        random : `numpy.random.RandomState` or `Generator`, of the amplitudes; as many numbers are
            taken whatever the points are
        """
        whole = np.full((len(z), self.problem.ndim), 0.5)
        whole[:, self._columns] = ndtr(z)
        coords = self.problem.prior_transform(whole)
        found = self.of(coords, random)
        beyond = np.any(np.abs(z) > _FARTHEST, axis=1)
        found.blobs[beyond, -1] = -np.inf
        return found

    def of(self, coords: np.ndarray, random) -> Points:
        """Points at coordinates (n, problem.ndim), of which amplitudes do not matter."""
        if self._marginal is None:
            columns, log_weight = self.log_prob(coords), np.zeros(len(coords))
        else:
            coords, columns, log_weight = self._with_amplitudes(coords, random)
        inside = columns[:, 1] > -np.inf
        log_target = np.full(len(coords), -np.inf)
        z = self.to_normal(coords[inside])
        log_normal = -0.5 * np.einsum("ij,ij->i", z, z) - 0.5 * self.ndim * _LOG_2PI
        log_likelihood = columns[inside, 2:].sum(axis=1)
        log_target[inside] = log_likelihood + log_normal + log_weight[inside]
        return Points(coords, columns[:, 0].copy(), np.column_stack([columns[:, 1:], log_target]))

    def _with_amplitudes(self, coords, random):
        """Coordinates with amplitudes drawn, columns as of ``log_prob``, ln p(a) / q(a)."""
        problem, marginal = self.problem, self._marginal
        coords = np.array(coords)
        uniform = random.uniform(size=(2, len(coords), len(marginal.groups)))
        columns = np.full((len(coords), 1 + len(problem.blob_names)), -np.inf)
        log_weight = np.zeros(len(coords))
        inside = np.flatnonzero(problem.log_prior(coords) > -np.inf)
        if not inside.size:
            return coords, columns, log_weight
        self.evaluations += inside.size
        values = problem.values(coords[inside])
        predictions = problem.likelihood.predict(values)
        levels = marginal.by_amplitude_of(predictions)
        possible = np.all([np.isfinite(level).any(axis=1) for level in levels], axis=0)
        levels = [np.where(possible[:, None], level, 0.0) for level in levels]
        amplitudes, log_density = marginal.draw(levels, uniform[:, inside])
        coords[np.ix_(inside, marginal.columns)] = amplitudes
        values = problem.values(coords[inside])
        log_likelihood = problem.likelihood.log_likelihood_of(predictions, values)
        columns[inside, 1] = problem.prior.log_density_unconstrained(coords[inside])
        columns[inside, 2:] = problem.possible(log_likelihood, values)
        columns[inside, 0] = columns[inside, 1:].sum(axis=1)
        log_prior = problem.log_prior_terms(coords[inside])[:, marginal.columns].sum(axis=1)
        log_weight[inside] = log_prior - log_density
        return coords, columns, log_weight


class Counted:
    """A problem whose evaluations are added to those of a `Target`."""

    def __init__(self, target: Target):
        self._target = target

    def __getattr__(self, name):
        return getattr(self._target.problem, name)

    def log_prob(self, coords):
        return self._target.log_prob(coords)
