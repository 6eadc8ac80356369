"""Information against the precision of the data: the likelihood raised to a power beta.

L^beta is the likelihood of data whose covariance is 1/beta times as large. With means over its
posterior,

    ln Z(beta) = ln <L^beta>_prior,  D_KL(beta) = beta <ln L> - ln Z(beta),
    d(beta) = 2 beta^2 Var(ln L),    dD_KL / dln beta = d(beta) / 2,

so the cost of ever better data grows at half the number of constrained parameters, amplitudes of a
discrepancy and the funnels they make included (`pipeline.tuning.estimators.dimensionality`). One
nested run serves every beta from its own down to 0, for its points cover the whole prior.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from pipeline.marginal import Marginal
from pipeline.tuning.estimators.effective import weighted_size
from pipeline.tuning.measures.evidence import GROUP
from pipeline.tuning.measures.information import NATS_PER_BIT
from pipeline.tuning.measures.measure import EVERY_SELECTION, Measure, Measured, register

LEAST_POINTS = 100
"""Effective points below which nothing is quoted: D_KL is then uncertain by more than 0.1 nats."""


@dataclass(frozen=True)
class TemperedCurve:
    """Evidence, cost and dimensionality at powers of the likelihood.

    Attributes
    ----------
    beta : (n,) ascending; 1 is the data as they are
    log_z, log_z_error : (n,) nats
    cost, cost_error : (n,) D_KL, nats
    dimensionality, dimensionality_error : (n,)
    effective_points : (n,); where it is below `LEAST_POINTS` the others are NaN
    """

    beta: np.ndarray
    log_z: np.ndarray
    log_z_error: np.ndarray
    cost: np.ndarray
    cost_error: np.ndarray
    dimensionality: np.ndarray
    dimensionality_error: np.ndarray
    effective_points: np.ndarray


def tempered_curve(run, beta: np.ndarray | None = None, marginal=None) -> TemperedCurve:
    """The curve of weighted points.

    Parameters
    ----------
    run : `pipeline.tuning.estimators.weighted.WeightedRun`
    beta : (n,) powers above 0; default 46 from 1e-3 to 1, 15 a decade
    marginal : `pipeline.marginal.Marginal` of the problem of a run whose
        amplitudes were integrated, as they are here at every beta

    Raises
    ------
    ValueError: amplitudes were integrated, and there is no `marginal`
    """
    beta = np.geomspace(1e-3, 1.0, 46) if beta is None else np.asarray(beta, dtype=float)
    possible = np.isfinite(run.log_likelihood)
    log_l, log_v = run.log_likelihood[possible], run.log_volume[possible]
    if marginal is not None:
        levels, log_share = marginal.by_amplitude(run.theta[possible]), marginal.log_share
    elif np.allclose(log_v + log_l - run.log_z, run.log_weight[possible], atol=1e-6):
        levels, log_share = [log_l[:, None]], np.zeros((1, 1))
    else:
        raise ValueError("amplitudes were integrated out of this run: give `marginal`")
    rows = np.array([_at(b, levels, log_share, log_v) for b in beta])
    rows[rows[:, -1] < LEAST_POINTS, :-1] = np.nan
    return TemperedCurve(beta, *rows.T)


def _at(beta, levels, log_share, log_v):
    """The fields of `TemperedCurve` after beta.

    Errors are as in `pipeline.tuning.measures.information`.
    """
    pairs = zip(levels, log_share, strict=True)
    of_groups = [_over_amplitudes(beta, level, share) for level, share in pairs]
    log_l, mean_l, variance_l = np.sum(of_groups, axis=0)
    log_w = log_v + log_l
    log_z = logsumexp(log_w)
    weight = np.exp(log_w - log_z)
    mean = weight @ mean_l
    deviation = beta * (mean_l - mean)
    square = deviation**2 + beta**2 * variance_l
    dimensionality = 2.0 * (weight @ square)
    return (
        log_z,
        np.linalg.norm(weight),
        beta * mean - log_z,
        np.linalg.norm(weight * (deviation - 1.0)),
        dimensionality,
        np.linalg.norm(weight * (2.0 * square - dimensionality)),
        weighted_size(log_w),
    )


def _over_amplitudes(beta, level, log_share):
    """ln <L^beta>, mean and variance of ln L at each point, (3, n), over amplitudes (n, nodes)."""
    log_p = beta * level + log_share
    log_l = logsumexp(log_p, axis=1)
    p = np.exp(log_p - log_l[:, None])
    mean = np.sum(p * level, axis=1)
    return log_l, mean, np.sum(p * (level - mean[:, None]) ** 2, axis=1)


def _make(study):
    marginal = Marginal(study.problem, study.settings.nodes)
    return tempered_curve(study.posterior, marginal=marginal)


def _rows(curve, results):
    """The cost of data a tenth as precise, in variance."""
    k = int(np.argmin(np.abs(np.log10(curve.beta) + 1.0)))
    cost, error = curve.cost[k] / NATS_PER_BIT, curve.cost_error[k] / NATS_PER_BIT
    reasons = results.information.reasons if results.information is not None else ()
    yield Measured("cost_tempered", cost, error, "bits", f"of L^{curve.beta[k]:.2g}", reasons)


register(Measure("tempered", TemperedCurve, GROUP, _make, selections=EVERY_SELECTION, rows=_rows))
