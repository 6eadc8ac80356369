"""Two hosts whose clocks differ by an hour want to write the same ensemble."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import time
from pathlib import Path

from pipeline.chains import lock

_BEAT, _STALE = 0.05, 0.6  # s, in the place of 10 and 120


def two_writers(folder: Path, hours: float) -> int:
    """Let a live writer of another host, `hours` ahead, keep its lock; then kill it.

    Returns
    -------
    attempts that were refused while it was alive

    Raises
    ------
    AssertionError: the lock of a live writer was taken, or that of a dead one never
    """
    target = folder / "ensemble_00.h5"
    context = multiprocessing.get_context("fork")
    owner = context.Process(target=_hold, args=(target, hours))
    owner.start()
    refused = 0
    try:
        _wait(lambda: lock.read_owner(target.with_suffix(".lock")))
        until = time.monotonic() + 3 * _STALE
        while time.monotonic() < until:
            refused += _is_refused(target)
            time.sleep(_BEAT)
    finally:
        os.kill(owner.pid, signal.SIGKILL)
        owner.join()
    _wait(lambda: not _is_refused(target))
    return refused


def _hold(target: Path, hours: float) -> None:
    """In another process: a host of its own with a clock of its own."""
    real, name = time.time, socket.gethostname()
    time.time = lambda: real() + 3600.0 * hours
    socket.gethostname = lambda: f"{name}-other"
    lock.HEARTBEAT = _BEAT
    lock.WriterLock(target, stale_after=_STALE).acquire()
    while True:
        time.sleep(1)


def _is_refused(target: Path) -> bool:
    try:
        with lock.WriterLock(target, stale_after=_STALE) as held:
            assert "no sign of life" in held.takeover, "a lock was free that is held"
    except lock.LockedError:
        return True
    return False


def _wait(condition) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until, "waited for 20 s"
        time.sleep(_BEAT)
