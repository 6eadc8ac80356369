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

The integral is a Gauss-Legendre sum in the sampled coordinate, ln a, over all of the prior. Around
its peak ln L_g varies over tenths of an e-fold; where it rises more steeply, at the smallest
amplitudes of states that do not fit, the likelihood is negligible. Against a fine grid 64 nodes are
off by 4e-8 at most for posterior states under the prior sets of this project, whose amplitudes span
five to eight e-folds, and by less than 1e-3 under log-normal and uniform priors.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp, roots_legendre

from likelihoods.discrepancy_groups import parameter_name
from transport.errors import CrtuneError

NODES = 64
"""Amplitudes per group for the integral."""
DRAWN_NODES = 256
"""Amplitudes per group to draw from: spread evenly over cells as wide as those of 64 nodes, draws
would lower <ln L> by 0.04 nats under `wide`; with these it is 0.003."""
_TAIL = 1e-16
"""Prior mass that is left out at either end."""
_BLOCK = 1000
"""States that are predicted at a time, some 30 MB."""


def amplitude_columns(problem) -> list[int]:
    """Which coordinates of a `pipeline.problem.Problem` are amplitudes of its discrepancy, one for
    each group; amplitudes that the prior fixes are none."""
    names = [p.name for p in problem.parameters]
    amplitudes = [parameter_name(group) for group in _groups(problem)]
    return [names.index(name) for name in amplitudes if name in names]


def _groups(problem):
    """Groups of the discrepancy, those whose amplitude is fixed last."""
    groups = getattr(getattr(problem, "likelihood", None), "groups", ())
    fixed = getattr(problem.prior, "fixed", {}) if groups else {}
    return tuple(sorted(groups, key=lambda group: parameter_name(group) in fixed))


class Marginal:
    """Likelihood of the coordinates that are no amplitude. Without amplitudes, the problem's own.

    Of a group whose amplitude is fixed all nodes are at that amplitude.

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
    others : (ndim,) their columns among the problem's
    columns : (n_columns,) those of the amplitudes that are not fixed
    log_share : (n_groups, nodes) ln of the prior mass that each amplitude stands for; (1, 1), 0,
        without amplitudes
    """

    def __init__(self, problem, nodes: int = NODES):
        self.problem = problem
        self.groups = _groups(problem)
        self.columns = amplitude_columns(problem)
        self._refuse_constraints()
        self.others = [i for i in range(problem.ndim) if i not in self.columns]
        self.ndim = len(self.others)
        self.log_share = np.zeros((1, 1))
        if self.groups:
            self._place(nodes)

    def _place(self, nodes):
        """Amplitudes by group, their shares, and where draws are made: the coordinates of the nodes
        and of both ends, and ln of the prior there."""
        ends = np.full((2, self.problem.ndim), 0.5)
        ends[:, self.columns] = [[_TAIL], [1.0 - _TAIL]]
        low, high = self.problem.prior_transform(ends)
        x, weight = roots_legendre(nodes)
        grid = low + 0.5 * (high - low) * (1.0 + x)[:, None]
        log_prior = self.problem.log_prior_terms(grid)[:, self.columns]
        log_share = log_prior + np.log(weight)[:, None]
        of_fixed = np.full((len(self.groups) - len(self.columns), nodes), -np.log(nodes))
        self.log_share = np.vstack([(log_share - logsumexp(log_share, axis=0)).T, of_fixed])
        self._at = np.vstack([low, grid, high])[:, self.columns].T.copy()
        self._log_prior = log_prior.T.copy()
        values = self.problem.values(grid)
        self._amplitudes = {group: values[parameter_name(group)] for group in self.groups}

    def _refuse_constraints(self):
        """An amplitude can only be integrated by itself if it is free of the others."""
        for constraint in constraints_on_amplitudes(self.problem):
            raise CrtuneError(
                f"{self.problem.prior.source}: constraint {constraint}: an amplitude of the "
                "discrepancy is integrated out here and cannot be constrained; narrow its "
                "prior instead"
            )

    def prior_transform(self, u: np.ndarray) -> np.ndarray:
        """All coordinates (n, problem.ndim) of points of the cube (n, ndim), amplitudes at their
        prior median."""
        whole = np.full((len(u), self.problem.ndim), 0.5)
        whole[:, self.others] = u
        return self.problem.prior_transform(whole)

    def by_amplitude(self, theta: np.ndarray) -> list[np.ndarray]:
        """ln L of each group at each amplitude, (n, nodes); of everything, (n, 1), without groups.

        Parameters
        ----------
        theta : (n, problem.ndim) coordinates; amplitudes in it do not matter
        """
        blocks = [self._by_amplitude(part) for part in in_blocks(theta)]
        return [np.concatenate(parts) for parts in zip(*blocks, strict=True)]

    def by_amplitude_of(self, predictions) -> list[np.ndarray]:
        """As `by_amplitude`, of a problem with amplitudes, from predictions already made."""
        likelihood = self.problem.likelihood
        found = likelihood.log_likelihood_by_amplitude_of(predictions, self._amplitudes)
        return [np.where(np.isfinite(found[g]), found[g], -np.inf) for g in self.groups]

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        """ln of the likelihood averaged over the prior of the amplitudes, (n,)."""
        levels = zip(self.by_amplitude(theta), self.log_share, strict=True)
        return sum(logsumexp(level + share, axis=1) for level, share in levels)

    def with_amplitudes(self, theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The same points with amplitudes drawn from p(a | theta, data), (n, problem.ndim)."""
        if not self.groups:
            return theta
        drawn = theta.copy()
        for rows, part in zip(in_blocks(np.arange(len(theta))), in_blocks(theta), strict=True):
            uniform = rng.random((2, len(part), len(self.groups)))
            drawn[np.ix_(rows, self.columns)], _ = self.draw(self._by_amplitude(part), uniform)
        return drawn

    def draw(self, levels, uniform: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Amplitudes from p(a | theta, data), as coordinates (n, n_columns), and the ln of the
        density that they were drawn from, (n,); fixed amplitudes are left out.

        The density is linear between nodes, and constant beyond the outermost.

        Parameters
        ----------
        levels : as of `by_amplitude`; each row with a finite one
        uniform : (2, n, n_groups) random numbers in [0, 1)
        """
        n, free = len(levels[0]), len(self.columns)
        drawn, log_density, rows = np.empty((n, free)), np.zeros(n), np.arange(n)
        for i, log_l in enumerate(levels[:free]):
            log_p = log_l + self._log_prior[i]
            height = np.exp(log_p - log_p.max(axis=1, keepdims=True))
            height = np.concatenate([height[:, :1], height, height[:, -1:]], axis=1)
            at = self._at[i]
            mass = 0.5 * (height[:, 1:] + height[:, :-1]) * (at[1:] - at[:-1])
            below = np.cumsum(mass, axis=1)
            sought = uniform[0][:, i, None] * below[:, -1:]
            cell = np.minimum((below <= sought).sum(axis=1), mass.shape[1] - 1)
            left, right = height[rows, cell], height[rows, cell + 1]
            u = np.clip(uniform[1][:, i], _TAIL, 1.0 - _TAIL)
            # The inverse of the CDF of a line from `left` to `right`, without cancellation.
            end = np.sqrt(left**2 + u * (right**2 - left**2))
            drawn[:, i] = at[cell] + u * (left + right) / (left + end) * (at[cell + 1] - at[cell])
            log_density += np.log(end / below[:, -1])
        return drawn, log_density

    def _by_amplitude(self, theta):
        if not self.groups:
            return [self.problem.log_likelihood(theta).sum(axis=1)[:, None]]
        return self.by_amplitude_of(self.problem.likelihood.predict(self.problem.values(theta)))


def constraints_on_amplitudes(problem) -> list:
    """Constraints of the prior that bound an amplitude of the discrepancy."""
    amplitudes = {parameter_name(group) for group in _groups(problem)}
    return [c for c in problem.prior.constraints if c.name in amplitudes] if amplitudes else []


def in_blocks(theta: np.ndarray) -> list[np.ndarray]:
    """Parts of (n, ndim) that fit into memory when they are predicted."""
    return np.array_split(theta, max(1, -(-len(theta) // _BLOCK)))
