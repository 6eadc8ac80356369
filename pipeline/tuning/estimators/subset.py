"""Subset simulation: small prior probabilities as products of moderate ones.

P(g <= t) is taken apart at falling thresholds t_1 > t_2 > ... that adapt to the samples, so that

    P(g <= t_(l+1)) = P(g <= t_l) P(g <= t_(l+1) | g <= t_l),

each conditional one about `SubsetSettings.share` (Au & Beck 2001, Prob. Eng. Mech. 16, 263). The
first is a count over prior draws. A later one is a count over all states of Markov chains that
start at survivors of the level before, hence in equilibrium, and move under the prior cut at t_l
(`pipeline.tuning.estimators.subset_moves`).

Chains of few moves leave many states copies of few ancestors, which biases the product. So each
level moves on until the walkers have forgotten where they began, `SubsetSettings.forget`; the run
says how well they did. Its own uncertainty takes the walkers of a level, each with all its states,
as independent of each other; what correlates them (common ancestors, proposals, levels) only shows
in the scatter of independent repetitions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.tuning.estimators.mixture import fit_mixture
from pipeline.tuning.estimators.subset_moves import Walkers

_BEST = 16  # points kept as starts for the search of the floor
_FIT_POINTS = 3000  # most survivors that the mixture is fitted to


@dataclass(frozen=True)
class SubsetSettings:
    """How subset simulation is run.

    Attributes
    ----------
    walkers : chains of a level, an even number, in two halves
    repetitions : independent runs, at least 2 for an uncertainty
    share : conditional probability of a level
    forget : a level ends when the walkers' coordinates correlate less than this with their start
    min_moves, max_moves : of a level
    components : of the Gaussian mixture that proposes
    max_bits : probabilities below 2^-max_bits are left alone
    """

    walkers: int = 256
    repetitions: int = 2
    share: float = 0.2
    forget: float = 0.2
    min_moves: int = 25
    max_moves: int = 200
    components: int = 4
    max_bits: float = 50.0


@dataclass(frozen=True)
class SubsetRun:
    """One repetition.

    Attributes
    ----------
    thresholds : (n_levels,) falling; the first is inf, that of the prior
    log_probability : (n_levels,) ln P(g <= threshold)
    values : g of all states of each level, ascending
    effective : (n_levels,) independent states that those of each level are worth
    memory : (n_levels,) correlation of the walkers with their start at the end of each level
    best : (n_best, ndim) coordinates of the lowest g met, best first
    best_values : (n_best,) their g
    kept : (n_kept, ndim) states with g <= the threshold that was asked for, from its level
    calls : evaluations of g
    """

    thresholds: np.ndarray
    log_probability: np.ndarray
    values: tuple[np.ndarray, ...]
    effective: np.ndarray
    memory: np.ndarray
    best: np.ndarray
    best_values: np.ndarray
    kept: np.ndarray
    calls: int

    def level(self, t: np.ndarray) -> np.ndarray:
        """Index of the level that thresholds (n,) are counted in."""
        return np.searchsorted(-self.thresholds, -np.asarray(t, dtype=float), side="right") - 1

    def log_fraction(self, t: np.ndarray) -> np.ndarray:
        """ln P(g <= t) of thresholds (n,); -inf where no state of the last level is that low."""
        return self.log_probability[self.level(t)] + self._log_share(t)

    def log_variance(self, t: np.ndarray) -> np.ndarray:
        """Variance of `log_fraction`, (n,), binomial in `effective` states at every level."""
        steps = np.append(np.exp(np.diff(self.log_probability)), 1.0)
        each = (1.0 / steps - 1.0) / self.effective
        before = np.cumsum(each) - each
        levels = self.level(t)
        with np.errstate(over="ignore"):
            here = np.expm1(-self._log_share(t)) / self.effective[levels]
        return before[levels] + here

    def _log_share(self, t):
        """ln of the share of states of its level below each t, (n,)."""
        pairs = zip(self.level(t), np.asarray(t, dtype=float), strict=True)
        with np.errstate(divide="ignore"):
            return np.array([np.log(np.mean(self.values[i] <= x)) for i, x in pairs])


def subset_simulation(
    g: Callable[[np.ndarray], np.ndarray],
    log_prior: Callable[[np.ndarray], np.ndarray],
    sample_prior: Callable[[int, np.random.Generator], np.ndarray],
    lowest: float,
    settings: SubsetSettings,
    rng: np.random.Generator,
    keep: float = -math.inf,
) -> SubsetRun:
    """One run down to P(g <= lowest), or `max_bits`, or to where g falls no further.

    It also ends where one half of the walkers has too few distinct survivors to fit a proposal to.

    Parameters
    ----------
    g : of coordinates (n, ndim), (n,); inf where impossible. Only asked inside the prior
    log_prior : log-density of coordinates, (n,), -inf outside, in any normalisation
    sample_prior : draws from it, (n, ndim)
    keep : threshold of which states are kept
    """
    theta = sample_prior(settings.walkers * settings.min_moves, rng)
    values = g(theta)
    calls, scale, memory = len(theta), 1.0, 0.0
    side = np.arange(len(theta)) % 2  # which half of the walkers a state belongs to
    thresholds, log_probability, levels, memories = [math.inf], [0.0], [], []
    effective = []
    best, best_values, kept = theta[:0], values[:0], theta[:0]
    while True:
        levels.append(np.sort(values))
        if thresholds[-1] > keep:  # the last of these levels is the one that `keep` is counted in
            kept = theta[values <= keep]
        memories.append(memory)
        best, best_values = _best(best, best_values, theta, values)
        t = float(np.quantile(values, settings.share, method="higher"))
        survivors = np.flatnonzero(values <= t)
        effective.append(_effective(values.reshape(-1, settings.walkers) <= t))
        log_p = log_probability[-1] + math.log(survivors.size / values.size)
        halves = [survivors[side[survivors] == i] for i in (0, 1)]
        deep = log_p < -settings.max_bits * math.log(2.0)
        thin = min(np.unique(values[half]).size for half in halves) < 2 * theta.shape[1]
        if deep or thin or t <= lowest or not t < thresholds[-1]:
            break
        thresholds.append(t)
        log_probability.append(log_p)
        fits = [
            fit_mixture(theta[rng.permutation(half)[:_FIT_POINTS]], settings.components, rng)
            for half in halves[::-1]
        ]
        count = settings.walkers // 2
        seeds = np.concatenate([rng.choice(h, count, replace=h.size < count) for h in halves])
        walkers = Walkers(g, log_prior, theta[seeds], values[seeds], t, tuple(fits), scale)
        theta, values, memory = _states(walkers, settings, rng)
        side = np.tile(np.repeat([0, 1], count), len(theta) // (2 * count))
        scale = walkers.next_scale()
        calls += walkers.calls
    return SubsetRun(
        thresholds=np.array(thresholds),
        log_probability=np.array(log_probability),
        values=tuple(levels),
        effective=np.array(effective),
        memory=np.array(memories),
        best=best,
        best_values=best_values,
        kept=kept,
        calls=calls,
    )


def _states(walkers, settings, rng):
    """All states of a level, (n, ndim), their g, and what memory is left."""
    theta, values = [], []
    for moves in range(1, settings.max_moves + 1):
        walkers.move(rng)
        theta.append(walkers.theta.copy())
        values.append(walkers.values.copy())
        memory = walkers.memory()
        if moves >= settings.min_moves and memory < settings.forget:
            break
    return np.concatenate(theta), np.concatenate(values), memory


def _effective(hits):
    """Independent draws with the same variance of the mean as the walkers' hits (n_moves, n)."""
    share = hits.mean()
    variance = hits.mean(axis=0).var(ddof=1) / hits.shape[1]
    return float(share * (1.0 - share) / variance) if variance > 0 else float(hits.size)


def _best(best, best_values, theta, values):
    """The lowest distinct values of g so far."""
    theta, values = np.concatenate([best, theta]), np.concatenate([best_values, values])
    _, first = np.unique(values, return_index=True)
    first = first[np.isfinite(values[first])][:_BEST]
    return theta[first], values[first]
