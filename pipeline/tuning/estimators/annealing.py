"""From the prior to the posterior by adaptive importance sampling at rising powers of L.

Prior draws are weighted with L^beta, beta as high as leaves `wanted` effective draws; to these a
proposal is fitted (`pipeline.sampling.fitting.fit_proposal`: straight coordinates, a mixture of
Gaussians in them), its draws join those before, all of them weighted against the mixture of
everything that was drawn from (the balance heuristic, Veach & Guibas 1995; Cornuet et al. 2012),
and beta rises until it is 1. Ten rounds of some thousand draws do what takes an ensemble thousands
of steps, and draws from the whole prior are what it begins with, so that a mode has to be small to
be missed.

The points are for fits and starts alone: weighted against proposals that were fitted to
themselves, they give an evidence that is too low (by 0.1 to 0.5 nats here).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from pipeline.marginal import in_blocks
from pipeline.sampling.fitting import fit_proposal
from pipeline.sampling.moves import Proposal
from pipeline.sampling.target import Points, Target, joined
from pipeline.tuning.estimators.effective import power, tempered, weighted_size
from transport.errors import CrtuneError

PER_COMPONENT = 8
"""Draws per coordinate that a component of a mixture needs, at least."""
_LIGHT = 1e-5
"""Share of the largest weight below which a point is left out of a fit."""
_MOST_ROUNDS = 60


@dataclass(frozen=True)
class Annealed:
    """What is known at the end.

    Attributes
    ----------
    points : all that were drawn
    log_weight : (n,) ln of their posterior weights, in any normalisation
    stages : proposals, from the prior to the posterior
    proposal : fitted to the posterior
    """

    points: Points
    log_weight: np.ndarray
    stages: tuple[Proposal, ...]
    proposal: Proposal


def log_normal(z: np.ndarray) -> np.ndarray:
    """ln density of a standard normal at points (n, d), (n,)."""
    return -0.5 * np.einsum("ij,ij->i", z, z) - 0.5 * z.shape[1] * np.log(2.0 * np.pi)


def prior_points(target: Target, n: int, rng) -> tuple[np.ndarray, Points]:
    """z (n, ndim) and the points of draws from the prior, its constraints included."""
    points = _evaluated(target.of, target.problem.sample_prior(n, rng), rng)
    return target.to_normal(points.coords), points


def proposal_points(target: Target, proposal: Proposal, n: int, rng) -> tuple[np.ndarray, Points]:
    """z (n, ndim) and the points of draws from a proposal."""
    z = proposal.draws(n, rng)
    return z, _evaluated(target.at, z, rng)


def _evaluated(evaluate, rows: np.ndarray, rng) -> Points:
    """Points of many rows, some at a time."""
    return joined([evaluate(part, rng) for part in in_blocks(rows)])


def anneal(target: Target, rng, prior_draws: int, batch: int, wanted: float, components: int):
    """Proposals from the prior to the posterior, `Annealed`.

    Parameters
    ----------
    prior_draws, batch : drawn at first, and in each round
    wanted : effective draws that are fitted to
    components : of the mixtures, at most

    Raises
    ------
    CrtuneError: the likelihood is impossible at almost every point of the prior
    """
    problem, kept = target.problem, target.problem.kept_share.log
    z, found = prior_points(target, prior_draws, rng)
    possible = int(np.isfinite(found.log_target).sum())
    if possible < 2 * target.ndim:
        raise CrtuneError(
            f"the likelihood is impossible almost everywhere in the prior of "
            f"{problem.scenario.name} ({possible} possible points of {prior_draws}); loosen the "
            "priors or the cuts"
        )
    points, stages = [found], []
    log_prior = [log_normal(z) - kept]
    log_q, counts = [log_prior[0]], [prior_draws]
    log_l = found.log_target - log_normal(z)
    for _ in range(_MOST_ROUNDS):
        base = np.concatenate(log_prior) - balance(log_q, counts)
        beta = power(log_l, wanted, base)
        proposal = _fit(z, base, beta, log_l, components, rng)
        if beta == 1.0:
            break
        new, found = proposal_points(target, proposal, batch, rng)
        stages.append(proposal)
        log_prior.append(log_normal(new) - kept)
        there = [log_prior[-1], *(stage.log_density(new) for stage in stages)]
        log_q = [
            np.concatenate(p) for p in zip([*log_q, proposal.log_density(z)], there, strict=True)
        ]
        counts.append(batch)
        points.append(found)
        log_l = np.concatenate([log_l, found.log_target - log_normal(new)])
        z = np.concatenate([z, new])
    return Annealed(joined(points), tempered(log_l, 1.0, base), tuple(stages), proposal)


def balance(log_q, counts) -> np.ndarray:
    """ln of sum_k n_k q_k of densities (n_proposals, n), (n,)."""
    return logsumexp(np.asarray(log_q) + np.log(counts)[:, None], axis=0)


def _fit(z, base, beta, log_l, components, rng):
    log_weight = tempered(log_l, beta, base)
    weight = np.exp(log_weight - log_weight.max())
    weight = np.minimum(weight / weight.sum(), 1.0 / np.sqrt(len(weight)))  # Ionides 2008
    heavy = weight > _LIGHT * weight.max()
    size = weighted_size(log_weight)
    k = int(np.clip(size / (PER_COMPONENT * z.shape[1]), 1, components))
    return fit_proposal(z[heavy], weight[heavy], k, rng)
