"""Calibration sets on local cores: each worker samples one set at a time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection

from tqdm import tqdm

from pipeline.calibration.sets import Calibration
from pipeline.exit_codes import EXIT_OK
from pipeline.sampling.interrupt import StopRequest
from pipeline.sampling.threads import limit_threads
from transport.errors import CrtuneError, CrtuneWarning

_LOOK = 0.5  # s
_LAST_WORDS = 300.0  # s for a checkpoint when the parent is gone


def make_sets(
    calibration: Calibration, numbers: Sequence[int], workers: int = 1, progress: bool = True
) -> int:
    """Make the sets that are missing; the same call goes on where one was interrupted.

    Returns
    -------
    exit code: 0 if all are there, else that of an interruption

    Raises
    ------
    CrtuneError: bad input, or a worker that was killed
    """
    missing = calibration.missing(numbers)
    calibration.folder.mkdir(parents=True, exist_ok=True)
    with tqdm(
        total=len(numbers), initial=len(numbers) - len(missing), unit="set", disable=not progress
    ) as bar:
        if workers == 1 or len(missing) < 2:
            return _one_by_one(calibration, missing, bar)
        return _side_by_side(calibration, missing, min(workers, len(missing)), bar)


def _one_by_one(calibration, missing, bar) -> int:
    with StopRequest(bar.write) as stop:
        for number in missing:
            code = stop.exit_code if stop() else calibration.make(number)
            if code:
                return code
            bar.update()
    return EXIT_OK


def _side_by_side(calibration, missing, workers, bar) -> int:
    limit_threads()  # before the workers import numpy
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _ready)
    try:
        with StopRequest(bar.write) as stop:
            pending = {pool.submit(_make, calibration, number) for number in missing}
            while pending:
                done, pending = wait(pending, timeout=_LOOK, return_when=FIRST_COMPLETED)
                bar.update(sum(future.result() == EXIT_OK for future in done))
                if stop():
                    for future in pending:
                        future.cancel()
                    for process in list((pool._processes or {}).values()):
                        process.terminate()  # asks for a checkpoint
                    break
    except BrokenProcessPool:
        raise CrtuneError(
            "a worker process was killed (out of memory?); finished sets are safe, give the same "
            "command again"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)
    return stop.exit_code if stop() else EXIT_OK


# In the worker ---------------------------------------------------------------------------------

_stop = StopRequest()  # for signals between two sets; sampling has its own


def _ready() -> None:
    warnings.simplefilter("ignore", CrtuneWarning)  # the parent has built the problem too
    _stop.__enter__()
    threading.Thread(target=_watch_parent, daemon=True).start()


def _watch_parent() -> None:
    """A worker whose parent was killed writes its checkpoint and leaves."""
    connection.wait([multiprocessing.parent_process().sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_LAST_WORDS)
    os._exit(1)


def _make(calibration: Calibration, number: int) -> int:
    return _stop.exit_code if _stop() else calibration.make(number)
