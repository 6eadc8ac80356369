"""ln Z from the chains of an ensemble sampler, by bridge sampling (Meng & Wong 1996).

With draws of the posterior p* / Z and of a proposal q of known density,

    Z = <p* h>_q / <q h>_p,   h = 1 / (s_p p* / Z + s_q q),   s the shares of (effective) draws,

in which the two sides cross once. The proposal is a mixture of Gaussians, fitted to one half of
the ensembles and bridged to the other, then the other way round: fitted and bridged to the same
draws, ln Z would be biased.

Everything happens in the probit of the prior's CDF, z = Phi^-1(F(theta)). There the prior is a
standard normal and its bounds are at infinity. The joint constraints remain walls, which the
proposal may overlap: p* is 0 there.

The error is that of Fruehwirth-Schnatter (2004), with the autocorrelation of the chains, or half
the difference of the two ways where that is larger. It cannot know of a mode that every ensemble
missed: nested sampling can.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_expit, logsumexp, ndtr, ndtri

from pipeline.tuning.estimators.effective import UNCONVERGED, chain_size
from pipeline.tuning.estimators.mixture import Mixture, fit_mixture, missed_components
from pipeline.tuning.measures.columns import number
from pipeline.tuning.measures.evidence import CHAINS, CHECKS, THEME
from pipeline.tuning.measures.measure import Measure, Measured, register

LEAST_DRAWS = 400
"""Effective draws of every coordinate below which ln Z is not trusted."""
MATERIAL = 0.1
"""Nats by which mixtures of different size may always differ."""
_DRAWS_PER_COMPONENT = 10
"""Draws per coordinate that a component needs for its covariance."""
_LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True)
class BridgeEvidence:
    """Evidence of the prior normalised to its constraints.

    Attributes
    ----------
    log_z, log_z_error : nats, of the mixture of least error
    components : (n,) sizes of the mixtures tried
    log_z_by_size, error_by_size : (n,) nats
    chosen : size that `log_z` is from
    effective_draws : of the coordinate that mixes worst, in the draws used
    calls : evaluations of the model
    reasons : why not to trust it, in words; empty if there is none
    """

    log_z: float
    log_z_error: float
    components: np.ndarray
    log_z_by_size: np.ndarray
    error_by_size: np.ndarray
    chosen: int
    effective_draws: float
    calls: int
    reasons: tuple[str, ...]

    def of_chains(self, converged: bool) -> BridgeEvidence:
        """The same, marked where the chains are not converged."""
        return self if converged else replace(self, reasons=(*self.reasons, UNCONVERGED))


def bridge_evidence(
    problem,
    chain: np.ndarray,
    rng: np.random.Generator,
    components=(1, 2, 4, 8, 16),
    draws: int = 4000,
    proposals: int = 2000,
) -> BridgeEvidence:
    """Evidence from posterior draws, with 2 `draws` + 2 `proposals` a size evaluations at most.

    Parameters
    ----------
    problem : as `pipeline.problem.Problem`
    chain : (n_ensembles, n_steps, n_walkers, ndim) sampled coordinates, burn-in removed; thinned
        evenly to the number of draws wanted
    components : sizes of mixtures to try, those left out that the draws are too few for
    draws : of the posterior in either half
    proposals : draws of each mixture
    """
    halves = _halves(chain, draws)
    z = [_to_normal(problem, half) for half in halves]
    log_p = [_log_target(problem, half, points) for half, points in zip(halves, z, strict=True)]
    sizes = [min(chain_size(x) for x in np.moveaxis(points, -1, 0)) for points in z]
    fewest = min(points[..., 0].size for points in z)
    tried = [k for k in components if k == 1 or k * _DRAWS_PER_COMPONENT * problem.ndim <= fewest]
    rows, mixtures = [], []
    for k in tried:
        mixtures = [fit_mixture(points.reshape(-1, problem.ndim), k, rng) for points in z]
        (a, a_error), (b, b_error) = (
            _bridge(problem, mixtures[1 - i], z[i], log_p[i], sizes[i], proposals, rng)
            for i in range(2)
        )
        rows.append((0.5 * (a + b), max(0.5 * np.hypot(a_error, b_error), 0.5 * abs(a - b))))
    kept = problem.kept_share
    values, errors = np.array(rows).T
    values, errors = values - kept.log, np.hypot(errors, kept.log_error)
    best = int(np.nanargmin(errors)) if np.isfinite(errors).any() else 0
    return BridgeEvidence(
        log_z=float(values[best]),
        log_z_error=float(errors[best]),
        components=np.array(tried),
        log_z_by_size=values,
        error_by_size=errors,
        chosen=int(tried[best]),
        effective_draws=float(sum(sizes)),
        calls=sum(points[..., 0].size for points in z) + 2 * len(tried) * proposals,
        reasons=tuple(_reasons(tried, values, errors, best, sum(sizes), mixtures, z)),
    )


def _halves(chain, draws):
    """Two halves of the ensembles (of the steps, where there is one ensemble), thinned."""
    if len(chain) > 1:
        parts = [chain[0::2], chain[1::2]]
    else:
        middle = chain.shape[1] // 2
        parts = [chain[:, :middle], chain[:, middle:]]
    every = [max(1, -(-part[..., 0].size // draws)) for part in parts]
    return [part[:, ::n] for part, n in zip(parts, every, strict=True)]


def _to_normal(problem, theta):
    u = problem.prior_cdf(theta.reshape(-1, problem.ndim))
    tiny = np.finfo(float).tiny
    return ndtri(np.clip(u, tiny, 1.0 - np.finfo(float).epsneg)).reshape(theta.shape)


def _log_target(problem, theta, z):
    """ln of likelihood times prior density of z, the shape of z without its last axis."""
    log_l = problem.log_prob(theta.reshape(-1, problem.ndim))[:, 2:].sum(axis=1)
    return log_l.reshape(z.shape[:-1]) - 0.5 * (z**2 + _LOG_2PI).sum(axis=-1)


def _bridge(problem, mixture: Mixture, z, log_p, size, proposals, rng):
    """ln Z of the problem's own `log_prior`, and its error, by one mixture and held-out draws.

    Parameters
    ----------
    z, log_p : (n_ensembles, n_steps, n_walkers, ndim) and without the last axis
    size : effective number of these draws; only the efficiency depends on it
    """
    drawn = mixture.draws(proposals, rng)
    log_drawn = _log_target(problem, problem.prior_transform(ndtr(drawn)), drawn)
    at_p = log_p - mixture.log_density(z.reshape(-1, problem.ndim)).reshape(log_p.shape)
    at_q = log_drawn - mixture.log_density(drawn)
    if not np.isfinite(at_q).any():
        return float("nan"), float("inf")
    log_odds = np.log((size if np.isfinite(size) else log_p.size) / proposals)

    def terms(log_z):
        """ln of Z h and of p* h at the draws of p and of q."""
        return log_expit(log_z - at_p - log_odds), log_expit(at_q - log_z + log_odds)

    def imbalance(log_z):
        """Rises with ln Z; 0 where it solves the equation."""
        of_p, of_q = terms(log_z)
        return _log_mean(of_p) - _log_mean(of_q) + log_odds

    possible = np.concatenate([at_p.ravel(), at_q[np.isfinite(at_q)]])
    log_z = brentq(imbalance, possible.min() - 100.0, possible.max() + 100.0, xtol=1e-9)
    of_p, of_q = (np.exp(of - of.max()) for of in terms(log_z))
    variance_q = of_q.var() / of_q.mean() ** 2 / proposals
    variance_p = of_p.var() / of_p.mean() ** 2 / chain_size(of_p)
    return float(log_z), float(np.sqrt(variance_q + variance_p))


def _log_mean(x):
    return logsumexp(x) - np.log(x.size)


def _reasons(tried, values, errors, best, size, mixtures, z):
    """In words, why the result may be wrong."""
    reasons = []
    if not size >= LEAST_DRAWS:
        reasons.append(f"only {size:.0f} effective draws, {LEAST_DRAWS} are wanted")
    if not np.isfinite(errors[best]):
        reasons.append("no mixture overlaps the posterior, or a walker is frozen")
    for k, value, error in zip(tried, values, errors, strict=True):
        # the draws are the same, so the errors of two sizes do not add up: theirs are generous
        limit = 3.0 * np.hypot(error, errors[best]) + MATERIAL
        if error < 3.0 * errors[best] + MATERIAL and abs(value - values[best]) > limit:
            reasons.append(
                f"ln Z is {value:.2f} with {k} components and {values[best]:.2f} with {tried[best]}"
            )
    return reasons + missed_components(mixtures, z)


def _rows(found, results):
    yield Measured("log_z_bridge", found.log_z, found.log_z_error, "nats", "", found.reasons)


register(
    Measure(
        "bridge",
        BridgeEvidence,
        CHAINS,
        lambda study: bridge_evidence(
            study.problem, study.chains.chain, study.rng("bridge")
        ).of_chains(study.chains.verdict.converged),
        source="chains",
        applies=lambda study: study.chains is not None,
        settings=lambda study: {"steps": study.chains.verdict.steps},
        rows=_rows,
        columns=(
            number(THEME, "ln Z by bridge sampling [nats]", "log_z_bridge"),
            number(CHECKS, "bridge - evidence [nats]", "bridge_minus_evidence"),
        ),
    )
)
