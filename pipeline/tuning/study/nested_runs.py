"""Nested runs of a case, kept on disk: made once, and resumed where they were interrupted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from pipeline.tuning.estimators.nested import (
    NESTED_ESTIMATOR,
    NestedRun,
    NestedSettings,
    run_nested,
)
from pipeline.tuning.study import store
from pipeline.tuning.study.cases import Case


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


def _path(case, seed):
    return case.folder / f"nested_seed{seed}.h5"


def _key(problem, settings, seed):
    return store.key_of(problem, str(NESTED_ESTIMATOR), nested=asdict(settings), seed=seed)
