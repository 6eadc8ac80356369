"""Markov moves under the prior cut at a threshold: {theta: g(theta) <= t}.

The walkers are two halves, and each proposes from what the other knows. Seven proposals in ten
come from a Gaussian mixture fitted to the other half's survivors and frozen, with the
Metropolis-Hastings ratio that makes it exact whatever the fit. In 15 dimensions only a few in a
hundred are taken, but each of those forgets everything, and most of the others leave the prior,
which costs no evaluation. The rest is differential evolution, as in emcee: it needs no fit and
follows curved sets; one in ten of its steps is a whole difference (gamma = 1), which jumps between
separate parts.

A mixture fitted to a half's own ancestors keeps it where it happens to be: volumes in 5 dimensions
came out 3% too large at every level.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.tuning.estimators.mixture import Mixture

_MIXTURE_SHARE = 0.7  # of the proposals
_LEAP_SHARE = 0.1  # of the differential ones
_ACCEPTANCE = 0.25  # what the scale of the differential steps is steered to


class Walkers:
    """Walkers of one level, in equilibrium with the prior cut at `threshold`.

    Parameters
    ----------
    g, log_prior : as in `pipeline.tuning.estimators.subset`
    theta, values : (n, ndim), (n,) where they are, and g there, all at most `threshold`
    mixtures : what each half of the walkers proposes from, fitted to what the other half was
    scale : of the differential steps, in units of 2.38 / sqrt(2 ndim)

    Attributes
    ----------
    calls : evaluations of g so far
    """

    def __init__(
        self,
        g: Callable[[np.ndarray], np.ndarray],
        log_prior: Callable[[np.ndarray], np.ndarray],
        theta: np.ndarray,
        values: np.ndarray,
        threshold: float,
        mixtures: tuple[Mixture, Mixture],
        scale: float,
    ):
        self._g, self._log_prior, self._mixtures = g, log_prior, mixtures
        self.theta, self.values, self.threshold = theta.copy(), values.copy(), threshold
        self._prior = log_prior(theta)
        self._halves = np.array_split(np.arange(len(theta)), 2)
        self._proposal = np.concatenate(
            [m.log_density(theta[half]) for m, half in zip(mixtures, self._halves, strict=True)]
        )
        self._start = theta.copy()
        self._scale = scale
        self._taken = self._tried = self.calls = 0

    def move(self, rng: np.random.Generator) -> None:
        """Propose one step to each walker."""
        first, second = self._halves
        self._move_half(first, second, self._mixtures[0], rng)
        self._move_half(second, first, self._mixtures[1], rng)

    def memory(self) -> float:
        """Correlation with the start over walkers, averaged over coordinates."""
        now = self.theta - self.theta.mean(axis=0)
        then = self._start - self._start.mean(axis=0)
        with np.errstate(invalid="ignore"):
            each = (now * then).sum(axis=0) / np.sqrt((now**2).sum(axis=0) * (then**2).sum(axis=0))
        return float(np.mean(np.nan_to_num(each, nan=1.0)))

    def next_scale(self) -> float:
        """Scale for the next level, towards an acceptance of `_ACCEPTANCE`."""
        rate = self._taken / max(self._tried, 1)
        return float(np.clip(self._scale * np.exp(2.0 * (rate - _ACCEPTANCE)), 0.05, 2.0))

    def _move_half(self, movers, others, mixture, rng):
        n, ndim = len(movers), self.theta.shape[1]
        first = rng.integers(len(others), size=n)
        second = (first + rng.integers(1, len(others), size=n)) % len(others)
        gamma = self._scale * 2.38 / np.sqrt(2 * ndim) * np.exp(0.3 * rng.standard_normal(n))
        leap = rng.random(n) < _LEAP_SHARE
        gamma[leap] = 1.0
        here = self.theta[movers]
        there = here + gamma[:, None] * (self.theta[others[first]] - self.theta[others[second]])
        mixed = rng.random(n) < _MIXTURE_SHARE
        there[mixed] = rng.permutation(mixture.draws(int(mixed.sum()), rng))

        prior, proposal = self._log_prior(there), mixture.log_density(there)
        log_ratio = prior - self._prior[movers]
        log_ratio[mixed] += (self._proposal[movers] - proposal)[mixed]
        accepted = np.log(rng.random(n)) < log_ratio
        values = np.full(n, np.inf)
        if accepted.any():
            values[accepted] = self._g(there[accepted])
            self.calls += int(accepted.sum())
        accepted &= values <= self.threshold
        moved = movers[accepted]
        self.theta[moved], self.values[moved] = there[accepted], values[accepted]
        self._prior[moved], self._proposal[moved] = prior[accepted], proposal[accepted]
        small = ~mixed & ~leap
        self._taken += int((accepted & small).sum())
        self._tried += int(small.sum())
