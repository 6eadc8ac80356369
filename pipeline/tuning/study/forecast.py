"""How long a study will go on, from how long its finished tasks have taken."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from pipeline.tuning.study.plan import Task

_RIDGE = 1e-3  # keeps what no finished task tells at the mean of the others


class Forecast:
    """Seconds that are left.

    A task takes its guess, times a factor for tasks of one guess, which are of one kind, times one
    for its run. Both are fitted to the logarithms of what the finished tasks have taken; a kind or
    a run of which none is finished is as the others are.

    Parameters
    ----------
    tasks : all of them
    workers : tasks at a time
    """

    def __init__(self, tasks: Sequence[Task], workers: int):
        self._left = list(tasks)
        self._workers = min(workers, max(len(tasks), 1))
        self._taken: list[tuple[Task, float]] = []
        self._changed = time.monotonic()
        self._ahead: float | None = None

    def done(self, task: Task, seconds: float) -> None:
        """A task is finished; 0 seconds if it was made before, which tells nothing."""
        self._left.remove(task)
        self._changed = time.monotonic()
        if seconds:
            self._taken.append((task, seconds))
        if self._taken:
            self._ahead = float(self._expected(self._left).sum()) / self._workers

    def seconds(self) -> float | None:
        """Until the end; None before anything is finished."""
        if self._ahead is None:
            return None
        return max(self._ahead - (time.monotonic() - self._changed), 0.0)

    def text(self) -> str:
        """E.g. ``1:05 h left``."""
        seconds = self.seconds()
        if seconds is None:
            return ""
        minutes = round(seconds / 60)
        return f"{minutes // 60}:{minutes % 60:02d} h left"

    def _expected(self, tasks: Sequence[Task]) -> np.ndarray:
        """Seconds of tasks, (n,); those of the finished ones add up to what they took."""
        finished = [task for task, _ in self._taken]
        names = list(dict.fromkeys(n for task in (*finished, *tasks) for n in _names(task)))
        seconds = np.array([taken for _, taken in self._taken])
        design = _design(finished, names)
        target = np.log(seconds / _guesses(finished))
        mean = target.mean()
        factors = np.linalg.solve(
            design.T @ design + _RIDGE * np.eye(len(names)), design.T @ (target - mean)
        )

        def predicted(wanted):
            return _guesses(wanted) * np.exp(mean + _design(wanted, names) @ factors)

        return predicted(tasks) * (seconds.sum() / predicted(finished).sum())


def _names(task: Task) -> tuple[str, str]:
    return f"guess {task.guess}", f"run {task.case.run.name}"


def _design(tasks: Sequence[Task], names: Sequence[str]) -> np.ndarray:
    """1 where a task is of a kind or run, (n_tasks, n_names)."""
    return np.array([[float(n in _names(task)) for n in names] for task in tasks]).reshape(
        len(tasks), len(names)
    )


def _guesses(tasks: Sequence[Task]) -> np.ndarray:
    return np.array([task.guess for task in tasks], dtype=float)
