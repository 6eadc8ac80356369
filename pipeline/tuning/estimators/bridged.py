"""Posterior and evidence from a frozen proposal and a short chain, some 70,000 evaluations.

A proposal is found by annealing (`pipeline.tuning.estimators.annealing`) and refitted twice to an
ensemble that moves as `pipeline.sampling.moves` does. Then everything is frozen, and drawn anew:
from the prior pi, from the proposals q_k of the annealing and of the end, and by the ensemble from
the posterior L pi / Z itself, of which as many states are kept as it is worth. All of these
together stand for the prior with

    volume_i = pi_i / (sum_k n_k q_k,i + m L_i pi_i / Z),    Z = sum_i volume_i L_i,

n_k and m the numbers of draws: the balance heuristic of multiple importance sampling, with the
posterior as one of the densities. Its Z is that of optimal bridge sampling (Meng & Wong 1996), of
several densities (Kong et al. 2003; Shirts & Chodera 2008). Where the proposal has a hole, and
importance sampling a weight that spoils it, here the posterior's own draws limit every weight to
1 / m; where the chain has not been, the draws of the others are.

The chain's walkers begin at the weighted points of the annealing, in all modes that these found.
Amplitudes of a model discrepancy are integrated while sampling, and drawn (`pipeline.sampling.
target`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace

import emcee
import numpy as np
from scipy.special import expit, logsumexp

from pipeline.sampling.fitting import fit_proposal
from pipeline.sampling.moves import Proposal, frozen_moves
from pipeline.sampling.target import Points, Target, joined
from pipeline.tuning.estimators.annealing import (
    PER_COMPONENT,
    anneal,
    balance,
    log_normal,
    prior_points,
    proposal_points,
)
from pipeline.tuning.estimators.weighted import WeightedRun

BRIDGED_ESTIMATOR = 3
"""Raised when the estimator changes what it gives, so that older runs are made again."""
_FITTED = 8000
"""States of the chain that a proposal is fitted to, at most."""


@dataclass(frozen=True)
class BridgedSettings:
    """How hard to work.

    Attributes
    ----------
    prior_draws, batch, wanted : of the annealing (`anneal`); as many prior draws again at the end
    components : of the mixtures
    walkers : of the ensemble
    adapting : steps after each of which the proposal is fitted again
    steps : that are kept
    proposal_draws, stage_draws : from the last proposal, and from each of the annealing's
    n_eff : least effective number of posterior draws
    doublings : how often the steps and draws may be doubled for it, before it gives up
    """

    prior_draws: int = 4000
    batch: int = 1500
    wanted: float = 500.0
    components: int = 12
    walkers: int = 300
    adapting: tuple[int, ...] = (40, 40)
    steps: int = 100
    proposal_draws: int = 4000
    stage_draws: int = 300
    n_eff: float = 800.0
    doublings: int = 2


def run_bridged(
    problem,
    settings: BridgedSettings | None = None,
    seed: int = 1,
    tell: Callable[[str], None] = lambda text: None,
) -> WeightedRun:
    """Sample the posterior of a problem and measure its evidence.

    Parameters
    ----------
    problem : as `pipeline.problem.Problem`
    seed : of all randomness
    tell : called with a few words whenever something is begun

    Raises
    ------
    CrtuneError: the likelihood is impossible at almost every point of the prior
    """
    settings = settings or BridgedSettings()
    rng, random = np.random.default_rng(seed), np.random.RandomState([seed, 1])
    target = Target(problem)
    tell(f"posterior, seed {seed}: annealing")
    found = anneal(
        target, rng, settings.prior_draws, settings.batch, settings.wanted, settings.components
    )
    chosen = rng.choice(
        len(found.log_weight),
        settings.walkers,
        p=np.exp(found.log_weight - logsumexp(found.log_weight)),
    )
    state, proposal = _state(found.points, chosen), found.proposal
    tell(f"posterior, seed {seed}: ensemble")
    for steps in settings.adapting:
        z, points = _moved(target, state, proposal, steps, random)
        state = _state(points[-1], slice(None))
        proposal = _refit(z[len(z) // 4 :], settings.components, rng)
    for doubling in range(settings.doublings + 1):
        work = replace(
            settings,
            steps=settings.steps * 2**doubling,
            proposal_draws=settings.proposal_draws * 2**doubling,
        )
        z, points = _moved(target, state, proposal, work.steps, random)
        state = _state(points[-1], slice(None))
        run = _run(target, work, found.stages, proposal, (z, points), seed, rng)
        if run.converged:
            break
        proposal = _refit(z[len(z) // 4 :], settings.components, rng)
    return run


def _state(points: Points, rows) -> emcee.State:
    return emcee.State(
        points.coords[rows], log_prob=points.log_prob[rows], blobs=points.blobs[rows]
    )


def _moved(target, state, proposal, steps, random):
    """z (steps, n_walkers, ndim) and `Points` of every step of an ensemble."""
    moves, shares = zip(*frozen_moves(target, proposal), strict=True)
    model = SimpleNamespace(random=random)
    z, points = [], []
    for _ in range(steps):
        state, _ = moves[random.choice(len(moves), p=shares)].propose(model, state)
        z.append(target.to_normal(state.coords))
        points.append(Points(state.coords, state.log_prob, state.blobs))
    return np.array(z), points


def _refit(z, components, rng) -> Proposal:
    flat = z.reshape(-1, z.shape[-1])
    if len(flat) > _FITTED:
        flat = flat[np.sort(rng.choice(len(flat), _FITTED, replace=False))]
    size = len(np.unique(flat, axis=0)) / (PER_COMPONENT * flat.shape[1])
    return fit_proposal(flat, None, int(np.clip(size, 1, components)), rng)


def _run(target, settings, stages, proposal, chain, seed, rng) -> WeightedRun:
    """Fresh draws of everything that is frozen, weighed together."""
    problem, kept = target.problem, target.problem.kept_share
    z, points = chain
    worth = _worth(z)
    steps, walkers = np.divmod(
        rng.choice(z.shape[0] * z.shape[1], worth, replace=False), z.shape[1]
    )
    of_chain = joined([_rows(points[i], walkers[steps == i]) for i in np.unique(steps)])
    parts = [prior_points(target, settings.prior_draws, rng)]
    counts = [settings.stage_draws] * len(stages) + [settings.proposal_draws]
    parts += [
        proposal_points(target, q, n, rng) for q, n in zip((*stages, proposal), counts, strict=True)
    ]
    drawn = joined([of_chain, *(p for _, p in parts)])
    at = np.concatenate([target.to_normal(of_chain.coords), *(z for z, _ in parts)])
    log_prior = log_normal(at)
    log_l = drawn.log_target - log_prior
    inside = np.isfinite(log_l)
    at, log_prior, log_l = at[inside], log_prior[inside] - kept.log, log_l[inside]
    log_q = balance(
        [log_prior, *(q.log_density(at) for q in (*stages, proposal))],
        [settings.prior_draws, *counts],
    )
    log_volume, log_z = solve(log_prior, log_l, log_q, worth)
    log_weight = log_volume + log_l - log_z
    weight = np.exp(log_weight)
    n_eff = 1.0 / np.sum(weight**2)
    log_odds = np.log(worth) + log_prior + log_l - log_z - log_q
    error = _error(log_odds, worth, settings.prior_draws + sum(counts))
    return WeightedRun(
        theta=drawn.coords[inside],
        log_likelihood=drawn.blobs[inside, 1:-1].sum(axis=1),
        log_volume=log_volume,
        log_weight=log_weight,
        log_z=float(log_z),
        log_z_error=float(np.hypot(error, kept.log_error)),
        n_eff=float(n_eff),
        calls=target.evaluations,
        seed=seed,
        converged=bool(n_eff >= settings.n_eff),
        method="frozen proposal and chain, bridged",
        names=tuple(problem.names),
        labels=tuple(problem.labels),
    )


def _rows(points, rows):
    return Points(points.coords[rows], points.log_prob[rows], points.blobs[rows])


def _worth(z) -> int:
    """Independent draws that the states (n_steps, n_walkers, ndim) of an ensemble are worth.

    By how much the means of walkers scatter, in the slowest coordinate; walkers began independent,
    so that each is worth one at least.
    """
    steps, walkers, _ = z.shape
    with np.errstate(invalid="ignore"):
        tau = (
            steps * z.mean(axis=0).var(axis=0, ddof=1) / z.reshape(steps * walkers, -1).var(axis=0)
        )
    return int(steps * walkers / np.clip(np.nanmax(tau), 2.0, steps))


def solve(log_prior, log_l, log_q, draws: int, rounds: int = 1000):
    """ln of the prior mass of each point (n,), and ln Z, by iteration of the equations above.

    Parameters
    ----------
    log_prior, log_l : (n,) ln of prior density and likelihood at points, those of the chain too
    log_q : (n,) ln of sum_k n_k q_k of everything that was drawn from but the posterior
    draws : of the posterior among them
    """
    log_z = logsumexp(log_prior + log_l - log_q)
    for _ in range(rounds):
        log_posterior = np.log(draws) + log_prior + log_l - log_z
        log_volume = log_prior - np.logaddexp(log_q, log_posterior)
        previous, log_z = log_z, logsumexp(log_volume + log_l)
        if abs(log_z - previous) < 1e-10:
            break
    return log_volume, log_z


def _error(log_odds: np.ndarray, draws: int, others: int) -> float:
    """Standard error of ln Z of a bridge (Meng & Wong 1996, eq. 4.2).

    Parameters
    ----------
    log_odds : (n,) ln of the posterior's share in the density at each point, over that of all
        others
    draws, others : of the posterior, and of everything else
    """
    overlap = np.sum(expit(log_odds) * expit(-log_odds))
    return float(np.sqrt(max(1.0 / overlap - 1.0 / draws - 1.0 / others, 1.0 / (draws + others))))
