"""Engines that extend ensembles: in this process, or on local cores.

An engine gets tasks and gives reports; the chains do not depend on which engine ran them. Only
the recipe for the problem travels to a worker, which builds it once.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path

from pipeline.sampling.ensemble import EnsembleReport, EnsembleRun
from pipeline.sampling.threads import limit_threads
from transport.errors import CrtuneError, CrtuneWarning

_TICK = 0.5  # s between looks at the live files
_IDLE = 5.0  # s without work after which a worker that was told to stop leaves by itself
_LAST_WORDS = 300.0  # s that a worker without a parent may take to write its checkpoint


class WorkerDiedError(CrtuneError):
    """A worker process ended without a word."""


@dataclass(frozen=True)
class Task:
    """Extend one ensemble to `target` sampler steps.

    Attributes
    ----------
    build : makes the problem, without arguments; picklable, e.g. ``partial(build_problem, config)``
    folder, index, target : which ensemble, how far
    settings : the config's sampling section
    config_text : the resolved config
    """

    build: Callable
    folder: Path
    index: int
    target: int
    settings: object
    config_text: str = ""

    def run(self, problem, stop, tick=lambda: None) -> EnsembleReport:
        """Do it in this process."""
        ensemble = EnsembleRun(problem, self.folder, self.index, self.settings, self.config_text)
        return ensemble.extend(self.target, stop, tick)


class SerialEngine:
    """One ensemble after another in this process, with a problem that is built already."""

    def __init__(self, problem):
        self.problem = problem

    def extend(self, tasks, stop, tick=lambda: None) -> list[EnsembleReport]:
        """Run `tasks`; stops early when `stop()`; `tick` is called after every block."""
        reports = []
        for task in tasks:
            if stop():
                break
            reports.append(task.run(self.problem, stop, tick))
        return reports

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass


class LocalEngine:
    """Ensembles side by side on local cores, each worker with one thread and its own problem."""

    def __init__(self, workers: int):
        limit_threads()  # before the workers import numpy
        # Fresh interpreters: a fork would copy threads' locks and half-initialised libraries.
        context = multiprocessing.get_context("spawn")
        self._flag = context.RawValue(ctypes.c_int, 0)
        self._pool = ProcessPoolExecutor(
            workers, mp_context=context, initializer=_start_worker, initargs=(self._flag,)
        )

    def extend(self, tasks, stop, tick=lambda: None) -> list[EnsembleReport]:
        """Run `tasks`; `tick` is called twice a second. If one fails, the others write their
        checkpoints before its error is raised.

        Raises
        ------
        CrtuneError: what a worker said
        WorkerDiedError: a worker was killed
        """
        self._flag.value = 0
        reports, failures = [], []
        try:
            pending = {self._pool.submit(_work, task) for task in tasks}
            # A pool wakes its watchman just before it starts a worker, not after: until the next
            # submission the death of the last worker may go unseen.
            self._pool.submit(_nothing)
            while pending:
                done, pending = wait(pending, timeout=_TICK, return_when=FIRST_COMPLETED)
                for future in done:
                    error = future.exception()
                    (failures if error else reports).append(error or future.result())
                if stop() or failures:
                    self._flag.value = 1
                tick()
        except BrokenProcessPool as error:
            failures.append(error)
        finally:
            self._flag.value = 1  # also when a second Ctrl-C leaves this loop
        if stop() and all(isinstance(error, BrokenProcessPool) for error in failures):
            failures = []  # the signal that stops this process has ended a worker, too
        if failures:
            raise _most_telling(failures)
        return sorted(reports, key=lambda report: report.index)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._flag.value = 1
        self._pool.shutdown(wait=True, cancel_futures=True)


def _most_telling(failures) -> BaseException:
    """The error to show: one with a cause rather than its consequences."""
    for error in failures:
        if not isinstance(error, BrokenProcessPool):
            return error
    error = WorkerDiedError(
        "a worker process was killed (out of memory, or by hand); everything up to the last "
        "checkpoints is safe, give the same command again, perhaps with fewer --workers"
    )
    error.__cause__ = failures[0]
    return error


# In the worker ---------------------------------------------------------------------------------

_flag = None  # set by the parent: stop
_signalled = False  # a signal to this worker: stop
_orphaned = False  # the parent died: stop
_busy = False
_built: tuple[Callable, object] | None = None


def _start_worker(flag) -> None:
    global _flag
    _flag = flag
    warnings.simplefilter("ignore", CrtuneWarning)  # the parent has built the problem too
    # Ctrl-C reaches the whole process group; the parent decides and says so through the flag.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("SIGTERM", "SIGUSR1"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _note_signal)
    threading.Thread(target=_watch_parent, daemon=True, name="watch-parent").start()


def _note_signal(number, frame) -> None:
    global _signalled
    _signalled = True


def _watch_parent() -> None:
    """A worker whose parent was killed writes its checkpoint and leaves.

    One that was told to stop and is given nothing more to do leaves too: a worker that is killed
    while it holds a lock of the pool's queues leaves the others waiting for ever, and the pool,
    which has sent them SIGTERM, waiting for them.
    """
    global _orphaned
    parent, idle = multiprocessing.parent_process().sentinel, 0.0
    while not connection.wait([parent], timeout=_TICK):
        idle = idle + _TICK if _signalled and not _busy else 0.0
        if idle >= _IDLE:
            os._exit(1)
    _orphaned = True
    pause = threading.Event()
    waited = 0.0
    while _busy and waited < _LAST_WORDS:
        pause.wait(0.1)
        waited += 0.1
    os._exit(1)


def _stop() -> bool:
    return bool(_flag.value) or _signalled or _orphaned


def _nothing() -> None:
    pass


def _work(task: Task) -> EnsembleReport:
    global _busy, _built
    _busy = True
    try:
        if _stop():
            return EnsembleReport(task.index, 0, interrupted=True)
        if _built is None:
            _built = (task.build, task.build())
        return task.run(_built[1], _stop)
    finally:
        _busy = False
