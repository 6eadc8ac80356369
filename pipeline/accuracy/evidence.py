"""Estimators of evidence and posterior side by side: ln Z, widths, and the mass in the tails.

The reference is importance sampling: proposals that an ensemble's chain and their own draws are
fitted to, in rounds (`pipeline.sampling.fitting`), weighed together without a cut. It knows neither
the bridge's frozen chain nor a nested sampler's bounds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import logsumexp

from pipeline.accuracy.efficiency import one_ensemble
from pipeline.sampling.fitting import Training
from pipeline.sampling.target import Target
from pipeline.tuning.estimators.annealing import log_normal
from pipeline.tuning.estimators.bridged import run_bridged
from pipeline.tuning.estimators.effective import weighted_quantiles, weighted_size
from pipeline.tuning.estimators.nested import NestedSettings, run_nested
from pipeline.tuning.estimators.weighted import WeightedRun

ROUNDS = (0.1, 0.2, 0.7)
"""Shares of the draws in each round."""
TAIL = 0.05
"""Mass beyond the quantiles at which tails are compared, on either side."""
_STEPS_PER_DRAW = 40.0
"""Steps of a walker taken to be worth an independent draw."""


def importance_run(problem, draws: int, walkers: int, warm_up: int, steps: int, seed: int = 1):
    """Importance sampling, as a `WeightedRun`.

    Parameters
    ----------
    problem : as `pipeline.problem.Problem`
    draws : of all rounds together
    walkers, warm_up, steps : of the ensemble whose chain the first proposal is fitted to
    """
    chain = one_ensemble(problem, steps, walkers, warm_up, seed)[0].chain
    target, rng = Target(problem), np.random.default_rng([seed, 3])
    z = target.to_normal(chain.reshape(-1, chain.shape[-1]))
    training = Training(target, z, len(z) / _STEPS_PER_DRAW, rng)
    for share in ROUNDS:
        training.add_round(int(share * draws))
    points, log_weight = training.points, training.log_weights()
    inside = points.log_target > -np.inf
    log_prior = log_normal(target.to_normal(points.coords[inside]))
    log_volume = log_weight[inside] - points.log_target[inside] + log_prior
    kept, total = problem.kept_share, logsumexp(log_weight)
    n_eff = weighted_size(log_weight)
    return WeightedRun(
        theta=points.coords[inside],
        log_likelihood=points.blobs[inside, 1:-1].sum(axis=1),
        log_volume=log_volume - np.log(len(log_weight)) - kept.log,
        log_weight=log_weight[inside] - total,
        log_z=float(total - np.log(len(log_weight)) - kept.log),
        log_z_error=float(np.hypot(1.0 / np.sqrt(n_eff), kept.log_error)),
        n_eff=n_eff,
        calls=target.evaluations,
        seed=seed,
        converged=True,
        method=f"importance sampling, {draws} draws",
        names=tuple(problem.names),
        labels=tuple(problem.labels),
    )


def estimators(live: list[int], seeds: list[int]) -> dict[str, Callable]:
    """Functions of a problem that give a `WeightedRun`, by name.

    Parameters
    ----------
    live : numbers of live points of nested sampling
    seeds : of every estimator
    """
    found: dict[str, Callable] = {}
    for seed in seeds:
        found[f"bridge, seed {seed}"] = lambda problem, s=seed: run_bridged(problem, seed=s)
        for n_live in live:
            settings = NestedSettings(n_live=n_live, doublings=0)
            found[f"nautilus, {n_live} live points, seed {seed}"] = (
                lambda problem, s=seed, o=settings: run_nested(problem, o, s)
            )
    return found


HEAD = (
    "| estimator | ln Z | its own error | effective draws | evaluations | least ratio of widths "
    "| of | least mass in a tail | of |\n|---|---|---|---|---|---|---|---|---|"
)


def row(name: str, run: WeightedRun, reference: WeightedRun) -> str:
    """One row of the table: widths as ratios to the reference's, and what is beyond its 5% and 95%
    quantiles as a ratio to what it has there."""
    cells = [name, f"{run.log_z:.2f}", f"{run.log_z_error:.2f}", f"{run.n_eff:.0f}", f"{run.calls}"]
    ratios, tails = width_ratios(run, reference), tail_ratios(run, reference)
    for values in (ratios, tails.min(axis=0)):
        worst = int(np.argmin(values))
        cells += [f"{values[worst]:.2f}", run.names[worst]]
    return f"| {' | '.join(cells)} |"


def width_ratios(run: WeightedRun, reference: WeightedRun) -> np.ndarray:
    """(ndim,) standard deviations in units of the reference's."""
    return _width(run) / _width(reference)


def _width(run):
    weight = run.weights / run.weights.sum()
    return np.sqrt(weight @ (run.theta - weight @ run.theta) ** 2)


def tail_ratios(run: WeightedRun, reference: WeightedRun) -> np.ndarray:
    """(2, ndim) mass below and above the reference's quantiles, in units of the reference's."""
    weight, found = run.weights / run.weights.sum(), np.empty((2, run.theta.shape[1]))
    for i, (here, there) in enumerate(zip(run.theta.T, reference.theta.T, strict=True)):
        low, high = weighted_quantiles(there, reference.weights, [TAIL, 1.0 - TAIL])
        of_reference = reference.weights / reference.weights.sum()
        found[0, i] = weight[here < low].sum() / of_reference[there < low].sum()
        found[1, i] = weight[here > high].sum() / of_reference[there > high].sum()
    return found
