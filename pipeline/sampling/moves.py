"""Moves of emcee for a `Target`.

`MixtureMove` draws proposals from a mixture of Gaussians that was fitted during the warm-up, and
is frozen. With probability r_k(z) = w_k N_k(z) / q(z) a walker at z counts to component k, and

    z' = mu_k + sqrt(1 - e^2) (z - mu_k) + e L_k x,    x standard normal,

which leaves q as it is whatever e is (pCN, Cotter et al. 2013, in each component; with e = 1 and
k ~ w_k it is an independence proposal, Tierney 1994). So it is accepted with probability
min(1, p(z') q(z) / (p(z) q(z'))). Independent proposals go everywhere, and stick where q has a
hole; short steps leave holes.

`DifferentialEvolutionMove` (ter Braak 2006) knows no mixture, and so enters and leaves what the
mixture misses.
"""

from __future__ import annotations

import emcee
import numpy as np
from emcee.moves import Move

from pipeline.sampling.mixture import Mixture, log_sum
from pipeline.sampling.target import Target

INDEPENDENT = 0.5
"""Share of the mixture's proposals that do not depend on where the walker is."""

STEP_SIZES = (0.1, 0.6)
"""Range of e of the others, drawn evenly in its logarithm."""


class TargetMove(Move):
    """A Metropolis step in z for walkers whose blobs end with ln of the target.

    Parameters
    ----------
    target : what to sample
    """

    def __init__(self, target: Target):
        self.target = target

    def propose(self, model, state):
        """One step of all walkers, as emcee asks for it."""
        state = emcee.State(state, copy=True)
        accepted = np.zeros(len(state.coords), dtype=bool)
        z = self.target.to_normal(state.coords)
        for chosen, others in self.split(len(z), model.random):
            proposed, log_ratio = self.proposals(z[chosen], z[others], model.random)
            found = self.target.at(proposed, model.random)
            with np.errstate(invalid="ignore"):
                log_ratio = log_ratio + found.log_target - state.blobs[chosen, -1]
            taken = np.log(model.random.uniform(size=len(chosen))) < log_ratio
            rows = chosen[taken]
            z[rows] = proposed[taken]
            state.coords[rows] = found.coords[taken]
            state.log_prob[rows] = found.log_prob[taken]
            state.blobs[rows] = found.blobs[taken]
            accepted[rows] = True
        return state, accepted

    def split(self, count: int, random):
        """Pairs of rows: walkers to move, and those that their proposals may depend on."""
        everybody = np.arange(count)
        return [(everybody, everybody[:0])]

    def proposals(self, z, others, random):
        """Proposals (n, ndim) for walkers z (n, ndim), and ln of q(z | z') / q(z' | z), (n,)."""
        raise NotImplementedError


class MixtureMove(TargetMove):
    """Proposals that leave a frozen mixture as it is; see above.

    Parameters
    ----------
    target, mixture : in the same coordinates
    """

    def __init__(self, target: Target, mixture: Mixture):
        super().__init__(target)
        self.mixture = mixture

    def __str__(self):
        return f"MixtureMove({len(self.mixture.weights)} components)"

    def proposals(self, z, others, random):
        mixture, (n, d) = self.mixture, z.shape
        terms = mixture.log_terms(z)
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
        proposed = mean + np.sqrt(1.0 - step**2) * (z - mean) + step * noise
        return proposed, log_q - mixture.log_density(proposed)


class DifferentialEvolutionMove(TargetMove):
    """Steps along the difference of two walkers of the other half of the ensemble.

    Parameters
    ----------
    gamma : length of a step in units of the difference, by default 2.38 / sqrt(2 ndim)
    """

    JITTER = 1e-5

    def __init__(self, target: Target, gamma: float | None = None):
        super().__init__(target)
        self.gamma = 2.38 / np.sqrt(2.0 * target.ndim) if gamma is None else gamma

    def __str__(self):
        return f"DifferentialEvolutionMove(gamma={self.gamma:.4g})"

    def split(self, count, random):
        order = random.permutation(count)
        return [(order[::2], order[1::2]), (order[1::2], order[::2])]

    def proposals(self, z, others, random):
        n, m = len(z), len(others)
        first = random.randint(m, size=n)
        second = (first + 1 + random.randint(m - 1, size=n)) % m
        gamma = self.gamma * (1.0 + self.JITTER * random.standard_normal(size=(n, 1)))
        return z + gamma * (others[first] - others[second]), np.zeros(n)


def evolution_moves(target: Target) -> list[tuple[Move, float]]:
    """Moves before there is a mixture, as (move, probability): one step in ten is as long as the
    difference, which can carry a walker from one mode to another."""
    return [
        (DifferentialEvolutionMove(target), 0.9),
        (DifferentialEvolutionMove(target, gamma=1.0), 0.1),
    ]


def frozen_moves(target: Target, mixture: Mixture) -> list[tuple[Move, float]]:
    """Moves of the chain that is kept."""
    return [
        (MixtureMove(target, mixture), 0.9),
        (DifferentialEvolutionMove(target), 0.08),
        (DifferentialEvolutionMove(target, gamma=1.0), 0.02),
    ]


def describe_moves(moves) -> str:
    """A mix in words, for the chain file."""
    return ", ".join(f"{weight:g} {move}" for move, weight in moves)
