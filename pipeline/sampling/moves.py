"""Moves of emcee for a `Target`.

`MixtureMove` draws proposals from a mixture of Gaussians q, in straightened coordinates x, both
fitted during the warm-up and frozen. With probability r_k(x) = w_k N_k(x) / q(x) a walker at x
counts to component k, and

    x' = mu_k + sqrt(1 - e^2) (x - mu_k) + e L_k n,    n standard normal,

which leaves q as it is whatever e is (pCN, Cotter et al. 2013, in each component; with e = 1 and
k ~ w_k it is an independence proposal, Tierney 1994). So it is accepted with probability
min(1, p(x') q(x) / (p(x) q(x'))). Independent proposals go everywhere, and stick where q has a
hole; shorter steps leave holes.

`DifferentialEvolutionMove` (ter Braak 2006) knows no mixture, and so enters and leaves what the
mixture misses; in x its steps follow bent ridges.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import emcee
import numpy as np
from emcee.moves import Move

from pipeline.marginal import in_blocks
from pipeline.sampling.mixture import Mixture, log_sum
from pipeline.sampling.straightening import Straightening
from pipeline.sampling.target import Target

INDEPENDENT = 0.75
"""Share of the mixture's proposals that do not depend on where the walker is."""
STEP_SIZES = (0.15, 1.0)
"""Range of e of the others, drawn evenly in its logarithm."""


@dataclass(frozen=True)
class Proposal:
    """What a warm-up has learned: coordinates, and a density in them."""

    straightening: Straightening
    mixture: Mixture

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """(n,) in z, (n, ndim)."""
        return np.concatenate([self._log_density(part) for part in in_blocks(z)])

    def _log_density(self, z):
        x, log_volume = self.straightening.forward(z)
        return self.mixture.log_density(x) - log_volume

    def draws(self, n: int, random) -> np.ndarray:
        """z (n, ndim); `random` is a `numpy.random.RandomState` or a `Generator`."""
        return self.straightening.inverse(self.mixture.draws(n, random))[0]

    def arrays(self) -> dict[str, np.ndarray]:
        """For a file."""
        parts = (self.straightening, self.mixture)
        return {f"proposal_{f.name}": getattr(p, f.name) for p in parts for f in fields(p)}

    @classmethod
    def from_arrays(cls, array) -> Proposal:
        """From a function of a name that gives what `arrays` gave."""
        parts = [
            kind(*(array(f"proposal_{f.name}") for f in fields(kind)))
            for kind in (Straightening, Mixture)
        ]
        return cls(*parts)


class TargetMove(Move):
    """A Metropolis step for walkers whose blobs end with ln of the target.

    Parameters
    ----------
    target : what to sample
    straightening : coordinates x to propose in; by default z
    """

    def __init__(self, target: Target, straightening: Straightening | None = None):
        self.target, self.straightening = target, straightening

    def propose(self, model, state):
        """One step of all walkers, as emcee asks for it."""
        state = emcee.State(state, copy=True)
        accepted = np.zeros(len(state.coords), dtype=bool)
        x, log_volume = self._forward(self.target.to_normal(state.coords))
        for chosen, others in self.split(len(x), model.random):
            proposed, log_ratio = self.proposals(x[chosen], x[others], model.random)
            z, log_volume_there = self._inverse(proposed)
            found = self.target.at(z, model.random)
            with np.errstate(invalid="ignore"):
                log_ratio = log_ratio + log_volume_there - log_volume[chosen]
                log_ratio = log_ratio + found.log_target - state.blobs[chosen, -1]
            taken = np.log(model.random.uniform(size=len(chosen))) < log_ratio
            rows = chosen[taken]
            x[rows], log_volume[rows] = proposed[taken], log_volume_there[taken]
            state.coords[rows] = found.coords[taken]
            state.log_prob[rows] = found.log_prob[taken]
            state.blobs[rows] = found.blobs[taken]
            accepted[rows] = True
        return state, accepted

    def _forward(self, z):
        return (
            (z, np.zeros(len(z))) if self.straightening is None else self.straightening.forward(z)
        )

    def _inverse(self, x):
        return (
            (x, np.zeros(len(x))) if self.straightening is None else self.straightening.inverse(x)
        )

    def split(self, count: int, random):
        """Pairs of rows: walkers to move, and those that their proposals may depend on."""
        everybody = np.arange(count)
        return [(everybody, everybody[:0])]

    def proposals(self, x, others, random):
        """Proposals (n, ndim) for walkers x (n, ndim), and ln of q(x | x') / q(x' | x), (n,)."""
        raise NotImplementedError


class MixtureMove(TargetMove):
    """Proposals that leave a frozen mixture as it is; see above.

    Parameters
    ----------
    target : what to sample
    proposal : what the warm-up has learned
    """

    def __init__(self, target: Target, proposal: Proposal):
        super().__init__(target, proposal.straightening)
        self.mixture = proposal.mixture

    def __str__(self):
        return f"MixtureMove({len(self.mixture.weights)} components)"

    def proposals(self, x, others, random):
        mixture, (n, d) = self.mixture, x.shape
        terms = mixture.log_terms(x)
        log_q = log_sum(terms)
        independent = random.uniform(size=n) < INDEPENDENT
        low, high = np.log(STEP_SIZES)
        step = np.where(independent, 1.0, np.exp(random.uniform(low, high, size=n)))[:, None]
        share = np.where(independent[:, None], mixture.weights, np.exp(terms - log_q[:, None]))
        below = np.cumsum(share, axis=1)
        at = random.uniform(size=(n, 1)) * below[:, -1:]
        chosen = np.minimum((below <= at).sum(axis=1), len(mixture.weights) - 1)
        mean, normal = mixture.means[chosen], random.standard_normal(size=(n, d))
        noise = np.einsum("nij,nj->ni", mixture.scales[chosen], normal)
        proposed = mean + np.sqrt(1.0 - step**2) * (x - mean) + step * noise
        return proposed, log_q - mixture.log_density(proposed)


class DifferentialEvolutionMove(TargetMove):
    """Steps along the difference of two walkers of the other half of the ensemble.

    Parameters
    ----------
    target, straightening : as of `TargetMove`
    gamma : length of a step in units of the difference, by default 2.38 / sqrt(2 ndim)
    """

    JITTER = 1e-5

    def __init__(self, target: Target, straightening=None, gamma: float | None = None):
        super().__init__(target, straightening)
        self.gamma = 2.38 / np.sqrt(2.0 * target.ndim) if gamma is None else gamma

    def __str__(self):
        return f"DifferentialEvolutionMove(gamma={self.gamma:.4g})"

    def split(self, count, random):
        order = random.permutation(count)
        return [(order[::2], order[1::2]), (order[1::2], order[::2])]

    def proposals(self, x, others, random):
        n, m = len(x), len(others)
        first = random.randint(m, size=n)
        second = (first + 1 + random.randint(m - 1, size=n)) % m
        gamma = self.gamma * (1.0 + self.JITTER * random.standard_normal(size=(n, 1)))
        return x + gamma * (others[first] - others[second]), np.zeros(n)


def evolution_moves(target: Target) -> list[tuple[Move, float]]:
    """Moves before there is a mixture, as (move, probability): one step in ten is as long as the
    difference, which can carry a walker from one mode to another."""
    return [
        (DifferentialEvolutionMove(target), 0.9),
        (DifferentialEvolutionMove(target, gamma=1.0), 0.1),
    ]


def frozen_moves(target: Target, proposal: Proposal) -> list[tuple[Move, float]]:
    """Moves of the chain that is kept."""
    straight = proposal.straightening
    return [
        (MixtureMove(target, proposal), 0.55),
        (DifferentialEvolutionMove(target, straight), 0.4),
        (DifferentialEvolutionMove(target, straight, gamma=1.0), 0.05),
    ]


def describe_moves(moves) -> str:
    """A mix in words, for the chain file."""
    return ", ".join(f"{weight:g} {move}" for move, weight in moves)
