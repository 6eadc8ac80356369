"""A proposal fitted to a chain and to draws of its own, weighted by their importance, in rounds.

Draws of a short chain are few and correlated, and a proposal fitted to them has holes where walkers
stick later. So the fit is drawn from, the model is asked there, and the next fit is made of all
there is: the chain, and the draws of every round with the weights p / sum_r (n_r / n) q_r of all
the rounds' densities together (Owen & Zhou 2000; Cornuet et al. 2012), which stay bounded where a
single round's tails fail. One such draw is worth five to ten steps of a chain.

The components of a mixture have Gaussian tails, and a posterior that leaves the ridges of the fit
can be e^20 times what they say. Part of the weight of each belongs to wider copies of it.
"""

from __future__ import annotations

import numpy as np

from pipeline.marginal import in_blocks
from pipeline.sampling.mixture import fit_mixture, log_sum
from pipeline.sampling.moves import Proposal
from pipeline.sampling.straightening import fit_straightening
from pipeline.sampling.target import Points, Target, joined

TAILS = {1.5: 0.2, 2.5: 0.04}
"""Shares of a mixture that are so many times as wide."""
_FITTED = 16_000
"""Draws that a fit takes of the chain, and of all rounds, at most."""
_ROWS_PER_DRAW = 10.0
"""Rows of the chain that a fit takes for each independent draw: more of them teach it nothing."""
_PER_COMPONENT = 8
"""Independent draws per coordinate and component, at least."""
_COMPONENTS = 12


class Training:
    """What proposals are fitted to.

    Parameters
    ----------
    target : of the posterior
    z : (n, ndim) draws of a chain
    worth : independent draws that these are worth
    rng : `numpy.random.Generator`

    Attributes
    ----------
    points : `Points` of the rounds' draws so far; None before the first
    """

    def __init__(self, target: Target, z: np.ndarray, worth: float, rng):
        self.target, self.rng = target, rng
        most = min(_FITTED, max(int(_ROWS_PER_DRAW * worth), _PER_COMPONENT * target.ndim))
        if len(z) > most:
            z = z[np.sort(rng.choice(len(z), most, replace=False))]
        self._chain, self._worth = z, worth
        self._moved = len(np.unique(z, axis=0))
        self._rounds: list[tuple[Proposal, int]] = []
        self._drawn = np.empty((0, target.ndim))
        self._log_q = np.empty((0, 0))  # of every draw, of every round
        self.points: Points | None = None

    def add_round(self, count: int, stop=lambda: False) -> bool:
        """Fit, draw so many points of the fit, and ask the model there; False if stopped."""
        proposal = self.fit()
        z, found = proposal.draws(count, self.rng), []
        for part in in_blocks(z):
            if stop():
                return False
            found.append(self.target.at(part, self.rng))
        self.points = joined(found if self.points is None else [self.points, *found])
        here = [q.log_density(z) for q, _ in self._rounds]
        self._drawn = np.concatenate([self._drawn, z])
        self._rounds.append((proposal, count))
        before = np.concatenate([self._log_q, np.array(here).reshape(-1, count)], axis=1)
        self._log_q = np.concatenate([before, proposal.log_density(self._drawn)[None]])
        return True

    def log_weights(self) -> np.ndarray:
        """(n,) ln of target over density of `points`, whose mean is the integral of the target."""
        counts = np.array([count for _, count in self._rounds])
        share = np.log(counts / counts.sum())
        return self.points.log_target - log_sum((self._log_q + share[:, None]).T)

    def weights(self) -> np.ndarray | None:
        """(n,) of `points`, adding up to 1, none too heavy; None if there are none or all are 0."""
        return None if self.points is None else importance(self.log_weights())

    def fit(self) -> Proposal:
        """To all there is."""
        z, weights = self._chain, np.full(len(self._chain), self._worth / len(self._chain))
        independent, fresh = float(self._moved), self.weights()
        if fresh is not None:
            effective = 1.0 / np.sum(fresh**2)
            kept, fresh = thinned(fresh, _FITTED, self.rng)
            z = np.concatenate([z, self._drawn[kept]])
            weights = np.concatenate([weights, fresh * effective])
            independent = max(independent, effective)
        most = int(independent) // (_PER_COMPONENT * self.target.ndim)
        return fit_proposal(z, weights, int(np.clip(most, 1, _COMPONENTS)), self.rng)


def fit_proposal(z: np.ndarray, weights: np.ndarray | None, size: int, rng) -> Proposal:
    """Straight coordinates and a mixture in them, of draws (n, ndim) with weights (n,)."""
    straightening = fit_straightening(z, weights)
    x, _ = straightening.forward(z)
    return Proposal(straightening, fit_mixture(x, size, rng, weights).with_tails(TAILS))


def importance(log_weight: np.ndarray) -> np.ndarray | None:
    """Weights that add up to 1, cut at n^-1/2 (Ionides 2008); None if all are 0."""
    if not np.any(log_weight > -np.inf):
        return None
    weights = np.exp(log_weight - log_weight.max())
    weights = np.minimum(weights, weights.sum() / np.sqrt(len(weights)))
    return weights / weights.sum()


def thinned(weights: np.ndarray, count: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """Rows (m,) and their weights (m,), on average `count` at most: light rows stay with a
    probability in proportion to their weight, and then weigh as much as the least heavy, so that
    every sum over rows is right on average."""
    level, rows = 0.0, np.arange(len(weights))
    if np.count_nonzero(weights) > count:
        heavy_first = np.sort(weights)[::-1]
        # With the k heaviest whole, the rest adds up to (count - k) times the level.
        rest = heavy_first.sum() - np.concatenate([[0.0], np.cumsum(heavy_first)[: count - 1]])
        levels = rest / (count - np.arange(count))
        level = levels[np.argmax(heavy_first[:count] <= levels)]
    stay = rng.random(len(weights)) * level < weights
    return rows[stay], np.maximum(weights[stay], level)
