"""How far a run is, and at how many steps it is judged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.chains.files import read_header
from pipeline.chains.reader import read_progress
from pipeline.sampling.ensemble import ensemble_path, warm_up_path

_ROUND_GROWTH = 1.25


def targets(sampling, done: int) -> Iterator[int]:
    """Numbers of steps at which convergence is tested, from `done` steps on.

    They grow by a quarter from ``min_steps`` to ``max_steps``, in whole checkpoints.
    """
    unit = sampling.thin * max(1, sampling.checkpoint_steps // sampling.thin)
    last = _round_up(sampling.max_steps, sampling.thin)
    target = min(_round_up(sampling.min_steps, unit), last)
    while target < done and target < last:
        target = min(_round_up(_ROUND_GROWTH * target, unit), last)
    yield max(target, done)
    while target < last:
        target = min(_round_up(_ROUND_GROWTH * target, unit), last)
        if target > done:
            yield target


def _round_up(steps: float, unit: int) -> int:
    return int(-(-steps // unit)) * unit


def steps_done(folder: Path, ensembles: int, thin: int) -> list[int]:
    """Sampler steps stored of each ensemble, 0 where it has not been started."""
    paths = [ensemble_path(folder, index) for index in range(ensembles)]
    return [read_progress(path)[0] * thin if path.exists() else 0 for path in paths]


def steps_made(folder: Path, index: int) -> int:
    """Sampler steps made of an ensemble, those of its warm-up included."""
    for path, own in ((ensemble_path(folder, index), 1), (warm_up_path(folder, index), 0)):
        if path.exists():
            header, (stored, _) = read_header(path), read_progress(path)
            return stored * header.thin + own * header.warm_up.get("steps", 0)
    return 0
