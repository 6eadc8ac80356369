"""Evidence and posterior of a case by nested sampling, kept on disk, several seeds combined.

One nested run claims an error of about 0.02 nats, but runs with other seeds scatter by more, and
what their bounds cut off may be missing in all of them. Both enter the error that is quoted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from pipeline.tuning.estimators.nested import (
    NESTED_ESTIMATOR,
    NestedRun,
    NestedSettings,
    run_nested,
)
from pipeline.tuning.study import store
from pipeline.tuning.study.cases import Case


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
    """

    log_z: float
    log_z_error: float
    each: np.ndarray
    converged: bool


SHARED_ERROR = 0.2
"""Nats. What seeds may share, so that the error is never taken to be less: with the default
settings ln Z differed from bridge sampling of converged emcee chains by 0.00 (Kolmogorov), -0.08
(two-phase) and -0.16 (stratified halo), all with Voyager."""


def nested_run(
    case: Case,
    seed: int,
    settings: NestedSettings | None = None,
    progress: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> NestedRun:
    """The nested run of a case: from disk where it is there, else made, resumed if interrupted.

    Parameters
    ----------
    progress : whether to draw a bar
    tell : called with a few words if the run is not there yet

    Raises
    ------
    CrtuneError: as `run_nested`
    """
    settings = settings or NestedSettings()
    problem = case.problem()
    path = _path(case, seed)

    def make():
        tell(f"nested sampling, seed {seed}")
        return run_nested(
            problem,
            settings,
            seed,
            checkpoint=path.with_suffix(".checkpoint"),
            progress=progress,
            title=f"{case} seed {seed}",
            tell=tell,
        )

    return store.remember(path, NestedRun, _key(problem, settings, seed), make)


def stored_seeds(case: Case, settings: NestedSettings | None = None) -> tuple[int, ...]:
    """Seeds of the nested runs that are on disk and need not be made, ascending."""
    settings, problem = settings or NestedSettings(), case.problem()
    names = sorted(path.stem for path in case.folder.glob("nested_seed*.h5"))
    seeds = [int(n.removeprefix("nested_seed")) for n in names if n[11:].isdecimal()]
    return tuple(
        seed
        for seed in sorted(seeds)
        if store.stored_key(_path(case, seed)) == _key(problem, settings, seed)
    )


def _path(case, seed):
    return case.folder / f"nested_seed{seed}.h5"


def _key(problem, settings, seed):
    return store.key_of(problem, str(NESTED_ESTIMATOR), nested=asdict(settings), seed=seed)


def combine(runs: list[NestedRun]) -> tuple[Evidence, NestedRun]:
    """ln Z with its error from all runs, and one set of weighted points from all of them."""
    each = np.array([run.log_z for run in runs])
    claimed = np.array([run.log_z_error for run in runs])
    error = np.sqrt(np.mean(claimed**2) / len(runs))
    if len(runs) > 1:
        error = max(error, each.std(ddof=1) / np.sqrt(len(runs)))
    error = max(error, SHARED_ERROR)
    converged = all(run.converged for run in runs)
    evidence = Evidence(float(each.mean()), float(error), each, converged)
    share = np.log(len(runs))
    return evidence, NestedRun(
        theta=np.concatenate([run.theta for run in runs]),
        log_likelihood=np.concatenate([run.log_likelihood for run in runs]),
        log_volume=np.concatenate([run.log_volume - share for run in runs]),
        log_weight=np.concatenate([run.log_weight - share for run in runs]),
        log_z=evidence.log_z,
        log_z_error=evidence.log_z_error,
        n_eff=float(sum(run.n_eff for run in runs)),
        n_live=min(run.n_live for run in runs),
        calls=sum(run.calls for run in runs),
        seed=runs[0].seed,
        converged=converged,
        names=runs[0].names,
        labels=runs[0].labels,
    )
