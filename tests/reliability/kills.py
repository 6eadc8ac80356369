"""SIGKILL at random moments of everything that writes: nothing stored is lost or half there."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tests.reliability.writers import Writer

_LONGEST = 0.08  # s until the kill


def kill_writer(writer: Writer, kills: int, rng) -> int:
    """Kill a process that does nothing but write, check its files, and begin again.

    Parameters
    ----------
    rng : `numpy.random.Generator`

    Returns
    -------
    kills that hit a process at work

    Raises
    ------
    AssertionError: a file is torn, or went back
    """
    number, before = 0, writer.check()
    for _ in range(kills):
        ready, told = os.pipe()
        child = os.fork()
        if child == 0:
            _write_for_ever(writer, number, told)
        os.close(told)
        os.read(ready, 1)  # the first write is done
        time.sleep(rng.uniform(0, _LONGEST))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.close(ready)
        assert os.WIFSIGNALED(status), f"{writer.name}: the writer ended by itself, {status}"
        after = writer.check()
        assert after >= before, f"{writer.name}: went back from {before} to {after}"
        before, number = after, max(number, after) + 1
    return kills


def _write_for_ever(writer, number, told):
    try:
        while True:
            writer.prepare(number)
            writer.write(number)
            number += 1
            os.write(told, b".")
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(1)


def litter(folder: Path) -> list[Path]:
    """Drafts and drafts of locks below a folder."""
    return [p for p in folder.rglob("*") if ".draft-" in p.name or ".lock." in p.name]
