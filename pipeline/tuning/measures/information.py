"""What the data cost a theory: information gained over the prior, constrained dimensions.

    ln Z = <ln L> - D_KL        fit minus cost
    D_KL = int P ln(P / prior)  nats by which the posterior is narrower than the prior

with means over the posterior (Handley & Lemos 2019, arXiv:1903.06682), and how many parameters the
data constrain (`pipeline.tuning.estimators.dimensionality`). D_KL mixes tuning with the precision
of the data, since precise data narrow any model: hence its excess over a baseline on the same data
(`pipeline.tuning.measures.excess`), and that at equal discrepancy. It is never taken from the shape
of the posterior (a Gaussian's entropy is off by 12 nats on a banana), only from ln L and ln Z.

The errors are the leading order of the bootstrap over points, sum_i (w_i psi_i)^2 with psi the
influence of a point on the estimate. Those of <ln L> and ln Z are added as if independent. They
rise and fall together, so the error of D_KL errs on the large side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.marginal import amplitude_columns
from pipeline.tuning.estimators.dimensionality import dimensionality, peak_dimensionality
from pipeline.tuning.estimators.effective import (
    SURPRISE,
    chain_mean,
    chain_size,
    ensembles_differ,
    scatter_probability,
    weighted_size,
)
from pipeline.tuning.measures.columns import Theme, number, over_baselines, with_note
from pipeline.tuning.measures.evidence import GROUP, SHARED_ERROR
from pipeline.tuning.measures.measure import EVERY_SELECTION, Measure, Measured, register

NATS_PER_BIT = float(np.log(2.0))
LEAST_DRAWS = 400
"""Effective draws below which a variance is not trusted: its error is 10% for a Gaussian."""
PEAK_FACTOR = 1.5
"""By how much two dimensionalities may differ before the posterior is called non-Gaussian."""
MATERIAL = 0.5
"""Scatter of runs below which it only widens the error: seeds of one sampler scatter by 0.1."""


@dataclass(frozen=True)
class Information:
    """Fit, cost and dimensionality of one posterior.

    Attributes
    ----------
    log_z, log_z_error : of the prior normalised to its constraints, nats; NaN where not known
    mean_log_likelihood, mean_log_likelihood_error : <ln L> over the posterior, nats
    cost, cost_error : D_KL, nats; NaN where ln Z is not known
    dimensionality, dimensionality_error : d = 2 Var(ln L), at fixed amplitudes of the discrepancy
        where those are told
    dimensionality_total : 2 Var(ln L) of everything
    peak_dimensionality : d by how far ln L rises above its mean, the same for a Gaussian posterior
    parameters : how many are sampled, without the amplitudes
    effective_draws : what it rests on
    runs : how many independent runs are combined
    reasons : why not to trust it, in words; empty if there is none
    """

    log_z: float
    log_z_error: float
    mean_log_likelihood: float
    mean_log_likelihood_error: float
    cost: float
    cost_error: float
    dimensionality: float
    dimensionality_error: float
    dimensionality_total: float
    peak_dimensionality: float
    parameters: int
    effective_draws: float
    runs: int
    reasons: tuple[str, ...]

    @property
    def cost_bits(self) -> float:
        """D_KL in bits."""
        return self.cost / NATS_PER_BIT

    @property
    def cost_bits_error(self) -> float:
        """Error of D_KL in bits."""
        return self.cost_error / NATS_PER_BIT

    def with_log_z_error(self, error: float) -> Information:
        """The same with ln Z known no better than to `error`, nats; so the cost."""
        extra = np.sqrt(max(error**2 - self.log_z_error**2, 0.0))
        return replace(
            self,
            log_z_error=float(max(self.log_z_error, error)),
            cost_error=float(np.hypot(self.cost_error, extra)),
        )


def weighted_information(run, amplitudes: Sequence[int] = ()) -> Information:
    """Information of weighted points.

    Parameters
    ----------
    run : `pipeline.tuning.estimators.weighted.WeightedRun`, or anything with its theta,
        log_likelihood, log_weight, log_z and log_z_error
    amplitudes : columns of theta that are amplitudes of a discrepancy
    """
    used = run.log_weight > run.log_weight.max() - 40.0  # the rest weighs nothing
    log_l, weight = run.log_likelihood[used], np.exp(run.log_weight[used])
    weight = weight / weight.sum()
    mean = float(weight @ log_l)
    mean_error = float(np.linalg.norm(weight * (log_l - mean)))
    given = run.theta[used][:, list(amplitudes)]
    return _information(
        (float(run.log_z), float(run.log_z_error)),
        (mean, mean_error),
        dimensionality(log_l, weight, given),
        2.0 * float(weight @ (log_l - mean) ** 2),
        run.theta.shape[1] - len(amplitudes),
        weighted_size(run.log_weight[used]),
        [],
    )


def chain_information(
    log_likelihood: np.ndarray,
    parameters: int,
    log_z: float = np.nan,
    log_z_error: float = np.nan,
) -> Information:
    """Information of the chains of an ensemble sampler.

    Parameters
    ----------
    log_likelihood : (n_ensembles, n_steps, n_walkers) total ln L, burn-in removed
    parameters : how many are sampled
    log_z, log_z_error : nats, e.g. by `pipeline.tuning.measures.bridge`
    """
    mean, mean_error = chain_mean(log_likelihood)
    d, d_error = chain_mean(2.0 * (log_likelihood - mean) ** 2)
    flat = log_likelihood.ravel()
    peak = peak_dimensionality(flat - flat.mean(), np.full(flat.size, 1.0 / flat.size))
    p = ensembles_differ(log_likelihood)
    reasons = []
    if p < SURPRISE:
        means = ", ".join(f"{value:.2f}" for value in log_likelihood.mean(axis=(1, 2)))
        reasons.append(f"the ensembles disagree about <ln L>: {means} (p = {p:.1g})")
    return _information(
        (float(log_z), float(log_z_error)),
        (mean, mean_error),
        (d, d_error, peak),
        d,
        parameters,
        chain_size(log_likelihood),
        reasons,
    )


def _information(log_z, mean, dimensions, total, parameters, size, reasons) -> Information:
    d, d_error, from_peak = dimensions
    if not size >= LEAST_DRAWS:
        reasons.append(f"only {size:.0f} effective draws, {LEAST_DRAWS} are wanted")
    # up to one dimension both are small numbers whose ratio says nothing
    if max(d, from_peak) > PEAK_FACTOR * max(min(d, from_peak), 1.0):
        reasons.append(
            f"ln L is not spread as in one Gaussian mode: d = {d:.1f} by its variance, "
            f"{from_peak:.1f} by its upper end; neither counts the constrained parameters"
        )
    if d > parameters + 3.0 * d_error:
        reasons.append(
            f"d = {d:.1f} exceeds the {parameters} parameters, so it does not count what the data "
            "constrain; data that pull against the prior do this"
        )
    return Information(
        log_z=log_z[0],
        log_z_error=log_z[1],
        mean_log_likelihood=mean[0],
        mean_log_likelihood_error=mean[1],
        cost=mean[0] - log_z[0],
        cost_error=float(np.hypot(mean[1], log_z[1])),
        dimensionality=d,
        dimensionality_error=d_error,
        dimensionality_total=total,
        peak_dimensionality=from_peak,
        parameters=parameters,
        effective_draws=size,
        runs=1,
        reasons=tuple(reasons),
    )


def combine(parts: Sequence[Information]) -> Information:
    """Mean of independent runs, e.g. seeds; its errors are the larger of quoted and scattered."""
    combined, reasons = {}, {reason: None for part in parts for reason in part.reasons}
    for name in ("log_z", "mean_log_likelihood", "cost", "dimensionality"):
        values = np.array([getattr(part, name) for part in parts])
        errors = np.array([getattr(part, f"{name}_error") for part in parts])
        quoted = np.sqrt(np.sum(errors**2)) / len(parts)
        scatter = values.std(ddof=1) if len(parts) > 1 else 0.0
        combined[name] = float(values.mean())
        combined[f"{name}_error"] = float(max(quoted, scatter / np.sqrt(len(parts))))
        if len(parts) > 1 and scatter > MATERIAL and scatter_probability(values, errors) < SURPRISE:
            texts = ", ".join(f"{v:.2f}" for v in values)
            reasons[f"{len(parts)} runs disagree about {name}: {texts}"] = None
    return Information(
        **combined,
        dimensionality_total=float(np.mean([part.dimensionality_total for part in parts])),
        peak_dimensionality=float(np.mean([part.peak_dimensionality for part in parts])),
        parameters=parts[0].parameters,
        effective_draws=float(sum(part.effective_draws for part in parts)),
        runs=sum(part.runs for part in parts),
        reasons=tuple(reasons),
    )


THEME = Theme(
    "Fit and cost",
    "ln Z = <ln L> - D_KL: how well the data are met, and how far the prior had to shrink for "
    "it, each theory at the discrepancy that it needs: one that fits worse learns less and "
    "looks cheaper. 'At equal discrepancy' compares the information of Fisher matrices with "
    "every amplitude at 10%. Constrained parameters: 2 Var(ln L) at fixed amplitudes of the "
    "discrepancy, of how many.",
    30,
)


def _make(study):
    """ln Z with the error that goes beyond what the runs claim."""
    columns = amplitude_columns(study.problem)
    found = combine([weighted_information(run, columns) for run in study.runs])
    return found.with_log_z_error(study.posterior.log_z_error)


def _rows(i, results):
    mean, error = i.mean_log_likelihood, i.mean_log_likelihood_error
    yield Measured("mean_log_likelihood", mean, error, "nats", "", i.reasons)
    yield Measured("cost", i.cost_bits, i.cost_bits_error, "bits", "", i.reasons)
    d, error, of = i.dimensionality, i.dimensionality_error, f"of {i.parameters}"
    yield Measured("dimensionality", d, error, "parameters", of, i.reasons)
    yield Measured("dimensionality_total", i.dimensionality_total, np.nan, "parameters")


register(
    Measure(
        "information",
        Information,
        GROUP,
        _make,
        selections=EVERY_SELECTION,
        settings=lambda study: {"shared_error": SHARED_ERROR},
        rows=_rows,
        columns=(
            number(THEME, "<ln L> [nats]", "mean_log_likelihood"),
            number(THEME, "D_KL [bits]", "cost"),
            over_baselines(THEME, "Delta D_KL", "bits", "cost"),
            over_baselines(THEME, "at equal discrepancy, cost", "bits", "cost_matched"),
            with_note(THEME, "constrained parameters", "dimensionality"),
        ),
    )
)
