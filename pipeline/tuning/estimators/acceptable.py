"""The acceptable fraction F(epsilon): how much of the prior matches the data within 1 + epsilon.

    F(epsilon) = P(g(theta) <= ln(1 + epsilon)) under the prior with its constraints,

-log2 F in bits: how often the prior must be halved for a theory to be that good. Unlike the
evidence it knows nothing of the data's errors, so it does not grow with their precision. g is one
of `pipeline.tuning.estimators.criteria`; the problem is to have no discrepancy amplitudes.

Three estimates that share nothing but g: a count over prior draws where F is moderate, subset
simulation where it is small, and a search of the floor below which it is zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from pipeline.tuning.estimators.criteria import CRITERIA, log_ratios
from pipeline.tuning.estimators.floors import FloorSettings, find_floor
from pipeline.tuning.estimators.subset import SubsetRun, SubsetSettings, subset_simulation

_LEAST_HITS = 10  # below this a count over prior draws says nothing
LN2 = float(np.log(2.0))

STATES_EPSILON = 1.0
"""States within this are kept, a factor of 2: the paper's own yardstick."""
MOST_STATES = 2000


@dataclass(frozen=True)
class AcceptableSettings:
    """How the fraction is measured.

    Attributes
    ----------
    epsilon_max, epsilon_min, points : the range, geometric in ln(1 + epsilon)
    draws : from the prior, for the plain count
    subset, floor : of the other two estimates
    """

    epsilon_max: float = 2.0
    epsilon_min: float = 0.1
    points: int = 30
    draws: int = 20_000
    subset: SubsetSettings = field(
        default_factory=lambda: SubsetSettings(walkers=128, max_moves=120, max_bits=36.0)
    )
    floor: FloorSettings = field(default_factory=FloorSettings)

    @property
    def log_factors(self) -> np.ndarray:
        """ln(1 + epsilon), (points,), falling."""
        return np.geomspace(np.log1p(self.epsilon_max), np.log1p(self.epsilon_min), self.points)


@dataclass(frozen=True)
class AcceptableFraction:
    """-log2 F over epsilon; arrays of shape (n,), epsilon falling.

    Attributes
    ----------
    criterion : a key of `pipeline.tuning.estimators.criteria.CRITERIA`
    epsilon : allowed relative error
    bits, bits_error : by subset simulation; bits are inf where epsilon is below the floor, and NaN
        where F is too small to measure although the floor is lower
    memory : how much the Markov chains behind each epsilon remembered of their start; `bits` is
        doubtful where this is above about 0.5
    plain_bits, plain_bits_error : by counting prior draws, NaN where fewer than 10 are acceptable
    agreement : largest difference of the two, in sigma; NaN where they nowhere overlap
    floor : smallest epsilon anywhere in the prior
    floor_theta : (ndim,) coordinates there
    floor_spread : how much higher in epsilon the median of the starts ended
    states : (n_states, ndim) prior draws that are within `STATES_EPSILON`, at most `MOST_STATES`
    names, labels : of the coordinates
    method : in words
    calls : evaluations of the model
    deepest_bits : a lower bound at every epsilon that no estimate reached: by the rarest states
        that every run of subset simulation got to, or by how many prior draws were counted; NaN
        where it was not kept
    """

    criterion: str
    epsilon: np.ndarray
    bits: np.ndarray
    bits_error: np.ndarray
    memory: np.ndarray
    plain_bits: np.ndarray
    plain_bits_error: np.ndarray
    agreement: float
    floor: float
    floor_theta: np.ndarray
    floor_spread: float
    states: np.ndarray
    names: tuple[str, ...]
    labels: tuple[str, ...]
    method: str
    calls: int
    deepest_bits: float = float("nan")

    def best_bits(self) -> tuple[np.ndarray, np.ndarray]:
        """-log2 F and its error, (n,) each: the weighted mean of counting and subset simulation,
        its error scaled by their difference in sigma where that is above 1, as the Particle Data
        Group does; where only one of them knows F, that one."""
        both = np.isfinite(self.bits) & np.isfinite(self.plain_bits)
        bits, error = self.bits.copy(), self.bits_error.copy()
        values = np.array([self.bits[both], self.plain_bits[both]])
        sigma = np.maximum([self.bits_error[both], self.plain_bits_error[both]], 1e-9)
        weight = sigma**-2.0
        bits[both] = (weight * values).sum(axis=0) / weight.sum(axis=0)
        scale = np.maximum(np.abs(values[0] - values[1]) / np.hypot(*sigma), 1.0)
        error[both] = scale / np.sqrt(weight.sum(axis=0))
        counted = np.isnan(bits)
        bits[counted], error[counted] = self.plain_bits[counted], self.plain_bits_error[counted]
        return bits, error


class PriorSample(NamedTuple):
    """Draws from the prior, evaluated once for every criterion.

    Attributes
    ----------
    theta : (n, ndim)
    log_ratios : (n, n_points) ln(model / data), inf where impossible
    """

    theta: np.ndarray
    log_ratios: np.ndarray


def prior_sample(problem, n: int, rng: np.random.Generator) -> PriorSample:
    """`n` draws from the prior of a problem without discrepancy."""
    theta = problem.sample_prior(n, rng)
    return PriorSample(theta, log_ratios(problem, theta))


def acceptable_fraction(
    problem,
    criterion: str,
    sample: PriorSample,
    rng: np.random.Generator,
    settings: AcceptableSettings | None = None,
    progress: Callable[[str], None] | None = None,
) -> AcceptableFraction:
    """Measure F(epsilon) of a problem without discrepancy.

    Parameters
    ----------
    criterion : a key of `pipeline.tuning.estimators.criteria.CRITERIA`
    sample : for the plain count
    progress : told in a few words what is done
    """
    settings = settings or AcceptableSettings()
    tell = progress or (lambda text: None)
    rule, t = CRITERIA[criterion], settings.log_factors

    def distance(theta):
        return rule.norm(problem, log_ratios(problem, theta))

    plain, plain_error = plain_bits(rule.norm(problem, sample.log_ratios), t)
    runs = []
    for i, child in enumerate(rng.spawn(settings.subset.repetitions)):
        tell(f"{criterion}: subset simulation {i + 1} of {settings.subset.repetitions}")
        runs.append(
            subset_simulation(
                distance,
                problem.log_prior,
                problem.sample_prior,
                t[-1],
                settings.subset,
                child,
                keep=np.log1p(STATES_EPSILON),
            )
        )
    bits, error = combined_bits(runs, t)
    tell(f"{criterion}: floor")
    starts = best_points(runs)
    if len(starts):
        floor = find_floor(problem, rule, starts, sample.theta.std(axis=0), settings.floor)
        lowest, theta, spread, calls = floor.g, floor.theta, floor.spread, floor.calls
    else:
        lowest, theta, spread, calls = np.inf, np.full(problem.ndim, np.nan), np.nan, 0
    return AcceptableFraction(
        criterion=criterion,
        epsilon=np.expm1(t),
        bits=np.where(t < lowest, np.inf, bits),
        bits_error=np.where(t < lowest, 0.0, error),
        memory=np.max([run.memory[run.level(t)] for run in runs], axis=0),
        plain_bits=plain,
        plain_bits_error=plain_error,
        agreement=_agreement(bits, error, plain, plain_error),
        floor=float(np.expm1(lowest)),
        floor_theta=theta,
        floor_spread=float(np.exp(lowest) * np.expm1(spread)),
        states=rng.permutation(np.concatenate([run.kept for run in runs]))[:MOST_STATES],
        names=tuple(problem.names),
        labels=tuple(problem.labels),
        method=f"subset simulation, {len(runs)} x {settings.subset.walkers} walkers",
        calls=len(sample.theta) + sum(run.calls for run in runs) + calls,
        deepest_bits=max(
            min(-float(run.log_probability[-1]) for run in runs) / LN2,
            math.log2(len(sample.theta) / _LEAST_HITS),
        ),
    )


def plain_bits(g: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """-log2 of the share of prior draws with g (n_draws,) <= t (n,), and its binomial error.

    NaN where fewer than 10 draws are in.
    """
    hits = np.searchsorted(np.sort(g), t, side="right")
    with np.errstate(divide="ignore"):
        bits = -np.log2(hits / g.size)
        error = np.sqrt((1.0 - hits / g.size) / hits) / LN2
    few = hits < _LEAST_HITS
    return np.where(few, np.nan, bits), np.where(few, np.nan, error)


def combined_bits(runs: list[SubsetRun], t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """-log2 of the mean F of independent repetitions at t (n,), and its standard error.

    The variance of one repetition is what they scatter by, or the mean of what they claim for
    themselves (`SubsetRun.log_variance`) where that is more: the scatter of two or three is often
    small by chance, and the claims miss what correlates the walkers of a run. NaN where a
    repetition did not get that far.
    """
    log_f = np.array([run.log_fraction(t) for run in runs])
    reached = np.isfinite(log_f).all(axis=0)
    bits, error = np.full(t.size, np.nan), np.full(t.size, np.nan)
    if reached.any():
        log_f, t = log_f[:, reached], t[reached]
        claimed = np.mean([run.log_variance(t) for run in runs], axis=0)
        variance = np.maximum(log_f.var(axis=0, ddof=1), claimed)
        bits[reached] = np.abs(logsumexp(log_f, axis=0) - np.log(len(runs))) / LN2
        error[reached] = np.sqrt(variance / len(runs)) / LN2
    return bits, error


def best_points(runs: list[SubsetRun]) -> np.ndarray:
    """(n, ndim) starts for the floor: best of every repetition first, then the second ones, ..."""
    ranked = [(rank, g, i) for i, r in enumerate(runs) for rank, g in enumerate(r.best_values)]
    points = [runs[i].best[rank] for rank, _, i in sorted(ranked)]
    return np.array(points) if points else np.empty((0, 0))


def _agreement(bits, error, plain, plain_error):
    both = np.isfinite(bits) & np.isfinite(plain) & (plain_error > 0)
    if not both.any():
        return float("nan")
    sigma = np.hypot(error[both], plain_error[both])
    return float(np.max(np.abs(bits[both] - plain[both]) / sigma))
