"""How long a study will go on, from how long its finished tasks have taken."""

from __future__ import annotations

import time
from collections.abc import Sequence

from pipeline.tuning.study.plan import Task


class Forecast:
    """Seconds that are left.

    Tasks of one guess are of one kind. A kind of which some are finished is expected to go on as
    they did; another one to be off its guess by as much as all finished ones together.

    Parameters
    ----------
    tasks : all of them
    workers : tasks at a time
    """

    def __init__(self, tasks: Sequence[Task], workers: int):
        self._left = [task.guess for task in tasks]
        self._workers = min(workers, max(len(tasks), 1))
        self._taken: dict[float, list[float]] = {}
        self._changed = time.monotonic()

    def done(self, task: Task, seconds: float) -> None:
        """A task is finished; 0 seconds if it was made before."""
        self._left.remove(task.guess)
        self._changed = time.monotonic()
        if seconds:
            self._taken.setdefault(task.guess, []).append(seconds)

    def seconds(self) -> float | None:
        """Until the end; None before anything is finished."""
        if not self._taken:
            return None
        taken = sum(map(sum, self._taken.values()))
        scale = taken / sum(guess * len(times) for guess, times in self._taken.items())
        each = {guess: sum(times) / len(times) for guess, times in self._taken.items()}
        ahead = sum(each.get(guess, scale * guess) for guess in self._left) / self._workers
        return max(ahead - (time.monotonic() - self._changed), 0.0)

    def text(self) -> str:
        """E.g. ``1:05 h left``."""
        seconds = self.seconds()
        if seconds is None:
            return ""
        minutes = round(seconds / 60)
        return f"{minutes // 60}:{minutes % 60:02d} h left"
