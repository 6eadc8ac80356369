"""Evidence and posterior of a case, of several independent runs together.

One run (`pipeline.tuning.estimators.bridged`) claims an error of some 0.03 nats. Runs with other
seeds, warmed up anew, tell how much their proposals and chains matter, and what all of them may
have missed enters the error that is quoted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.tuning.estimators.weighted import WeightedRun
from pipeline.tuning.measures.columns import Theme, number, over_baselines, yes_no
from pipeline.tuning.measures.measure import (
    EVERY_SELECTION,
    Group,
    Measure,
    Measured,
    register,
)


@dataclass(frozen=True)
class Evidence:
    """ln Z of a case.

    Attributes
    ----------
    log_z : mean over the runs, nats
    log_z_error : of the mean: the largest of what the runs claim, what their scatter says, and
        `SHARED_ERROR`
    each : (n_seeds,) ln Z of every run
    converged : whether all runs are
    method : in words
    """

    log_z: float
    log_z_error: float
    each: np.ndarray
    converged: bool
    method: str


SHARED_ERROR = 0.15
"""Nats. What runs may share, so that the error is never taken to be less: on the two-phase model
with data at Earth two runs gave ln Z of 566.92 and 566.98, nested sampling 567.09, importance
sampling alone 567.0 to 567.1; on Kolmogorov diffusion with full transport 570.11, 570.13 and, by
nested sampling, 570.08. With Voyager importance sampling from 200,000 draws is higher by 0.10 to
0.20 for the two-phase model and the stratified halo, by 0.04 for Kolmogorov diffusion."""


def combine(runs: list[WeightedRun]) -> tuple[Evidence, WeightedRun]:
    """ln Z with its error from all runs, and one set of weighted points from all of them."""
    each = np.array([run.log_z for run in runs])
    claimed = np.array([run.log_z_error for run in runs])
    error = np.sqrt(np.mean(claimed**2) / len(runs))
    if len(runs) > 1:
        error = max(error, each.std(ddof=1) / np.sqrt(len(runs)))
    error = max(error, SHARED_ERROR)
    converged = all(run.converged for run in runs)
    method = ", ".join(dict.fromkeys(run.method for run in runs))
    evidence = Evidence(float(each.mean()), float(error), each, converged, method)
    share = np.log(len(runs))
    return evidence, WeightedRun(
        theta=np.concatenate([run.theta for run in runs]),
        log_likelihood=np.concatenate([run.log_likelihood for run in runs]),
        log_volume=np.concatenate([run.log_volume - share for run in runs]),
        log_weight=np.concatenate([run.log_weight - share for run in runs]),
        log_z=evidence.log_z,
        log_z_error=evidence.log_z_error,
        n_eff=float(sum(run.n_eff for run in runs)),
        calls=sum(run.calls for run in runs),
        seed=runs[0].seed,
        converged=converged,
        method=method,
        names=runs[0].names,
        labels=runs[0].labels,
    )


GROUP = Group("evidence", "ln Z, information, tempered curve, discrepancy needed")
CHAINS = Group("chains", "ln Z from the run's chains, and whether both samplers agree")
THEME = Theme(
    "Evidence",
    "ln Z of the prior normalised to its constraints; differences above 0 favour the scenario "
    "over the baseline on the same data.",
    20,
)
CHECKS = Theme(
    "Checks",
    "The posterior met its settings; emcee agrees with it; differences of ln Z to nested sampling "
    "and to bridge sampling from emcee's draws.",
    100,
)


def _rows(found, results):
    yield Measured(
        "log_z", found.log_z, found.log_z_error, "nats", f"{found.method}, {len(found.each)} runs"
    )
    yield Measured("posterior_converged", float(found.converged))
    if (bridge := results.bridge) is not None:
        error = float(np.hypot(bridge.log_z_error, found.log_z_error))
        difference = bridge.log_z - found.log_z
        yield Measured("bridge_minus_evidence", difference, error, "nats", "", bridge.reasons)


register(
    Measure(
        "evidence",
        Evidence,
        GROUP,
        lambda study: combine(study.runs)[0],
        selections=EVERY_SELECTION,
        settings=lambda study: {"shared_error": SHARED_ERROR},
        rows=_rows,
        columns=(
            number(THEME, "ln Z [nats]", "log_z"),
            over_baselines(THEME, "Delta ln Z", "nats", "log_z"),
            yes_no(CHECKS, "converged", "posterior_converged"),
        ),
    )
)
