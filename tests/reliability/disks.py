"""A disk that is full, for everything that writes: one clear error, and the old file is whole."""

from __future__ import annotations

import os
import resource
import signal

from tests.reliability.writers import Writer
from transport.errors import CrtuneError

_TOLD, _WRITTEN, _TRACEBACK = 0, 3, 4


def fill_disk(writer: Writer, limits) -> dict[str, int]:
    """Write where files may not grow beyond each of `limits` bytes.

    Returns
    -------
    how often the writer ``told`` that there is no space, and how often it had ``written``

    Raises
    ------
    AssertionError: another error, or a file that is not whole afterwards
    """
    writer.prepare(1)
    writer.write(1)
    writer.close()
    before = writer.check()
    counts = {"told": 0, "written": 0}
    for number, limit in enumerate(limits, 2):
        child = os.fork()
        if child == 0:
            _write_once(writer, number, limit)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (_TOLD, _WRITTEN), f"{writer.name}: code {code} below {limit} bytes"
        counts["told" if code == _TOLD else "written"] += 1
        after = writer.check()
        assert after >= before, f"{writer.name}: went back from {before} to {after}"
        before = after
    return counts


def _write_once(writer, number, limit):
    writer.prepare(number)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    code = _WRITTEN
    try:
        for _ in range(20):
            writer.write(number)
    except CrtuneError as error:
        code = _TOLD if "cannot be written" in str(error) or "space" in str(error) else _TRACEBACK
    except BaseException:
        import traceback

        traceback.print_exc()
        code = _TRACEBACK
    finally:
        os._exit(code)
