"""Runs of a case's posterior, kept on disk: made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields, replace

from pipeline.tuning.estimators.bridged import BRIDGED_ESTIMATOR, BridgedSettings, run_bridged
from pipeline.tuning.estimators.nested import NestedSettings
from pipeline.tuning.estimators.weighted import WeightedRun
from pipeline.tuning.study import store
from pipeline.tuning.study.cases import Case
from pipeline.tuning.study.nested_runs import nested_run

_NAME = "posterior_seed"


def posterior_run(
    case: Case,
    seed: int,
    settings: BridgedSettings | None = None,
    nested: NestedSettings | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> WeightedRun:
    """The posterior of a case: from disk where it is there, else made.

    By nested sampling where the frozen proposal and its chain leave too few effective draws.

    Parameters
    ----------
    nested : settings of that second route
    tell : called with a few words if the run is not there yet

    Raises
    ------
    CrtuneError: as `run_bridged`
    """
    settings = settings or BridgedSettings()
    problem = case.problem()

    def make():
        run = run_bridged(problem, settings, seed, tell)
        if run.converged:
            return run
        other = nested_run(case, seed, nested, tell=tell)
        if not other.converged:
            return run
        shared = {f.name: getattr(other, f.name) for f in fields(WeightedRun)}
        return replace(WeightedRun(**shared), calls=run.calls + other.calls)

    return store.remember(_path(case, seed), WeightedRun, _key(problem, settings, seed), make)


def stored_seeds(case: Case, settings: BridgedSettings | None = None) -> tuple[int, ...]:
    """Seeds of the runs that are on disk and need not be made, ascending."""
    settings, problem = settings or BridgedSettings(), case.problem()
    names = sorted(path.stem for path in case.folder.glob(f"{_NAME}*.h5"))
    seeds = [int(n.removeprefix(_NAME)) for n in names if n[len(_NAME) :].isdecimal()]
    return tuple(
        seed
        for seed in sorted(seeds)
        if store.stored_key(_path(case, seed)) == _key(problem, settings, seed)
    )


def _path(case, seed):
    return case.folder / f"{_NAME}{seed}.h5"


def _key(problem, settings, seed):
    return store.key_of(problem, str(BRIDGED_ESTIMATOR), bridged=asdict(settings), seed=seed)
