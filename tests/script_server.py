"""Runs the project's scripts many times without paying their start-up each time.

A server process imports what the scripts import, then forks for every request: the child is a
process of its own, with the command line, folder, environment and rights that were asked for, and
runs the script as ``__main__``. `ScriptServer` is the client; `run_fresh` starts a new interpreter.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import resource
import runpy
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_TIMEOUT = 120.0


@dataclass(frozen=True)
class Ended:
    """How a script ended: exit code (negative: signal), what it printed."""

    code: int
    stdout: str
    stderr: str


class ScriptServer:
    """Client of a server process; ``run("predict", "--list")`` runs scripts/predict.py."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.script_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def run(self, script, *arguments, cwd=ROOT, env=None, ordinary=False, most_bytes=None) -> Ended:
        """Run a script to its end.

        Parameters
        ----------
        env : variables to set; None removes one
        ordinary : give up root's privilege to read and write whatever it likes
        most_bytes : limit of the size of any file written
        """
        request = {
            "script": script,
            "arguments": [str(a) for a in arguments],
            "cwd": str(cwd),
            "env": env or {},
            "ordinary": ordinary,
            "most_bytes": most_bytes,
        }
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=30)


def run_fresh(*command, cwd=ROOT, env=None, ordinary=False, stdout=subprocess.PIPE) -> Ended:
    """Run a command in a new process, for what only shows at start-up; parameters as above."""
    wanted = {k: v for k, v in {**os.environ, **(env or {})}.items() if v is not None}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=wanted,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=_TIMEOUT,
        preexec_fn=become_ordinary if ordinary else None,
    )
    return Ended(done.returncode, done.stdout or "", done.stderr)


def become_ordinary() -> None:
    """Let file permissions count for this process and its children, also when it is root's."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    overrides = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    for capability in overrides:
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP: not regained by exec
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    sets = (ctypes.c_uint32 * 6)()
    if libc.capget(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capget")
    keep = 0xFFFFFFFF & ~sum(1 << c for c in overrides)
    for i in range(3):
        sets[i] &= keep
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _child(request, out, err) -> None:
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(request["cwd"])
    for name, value in request["env"].items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    if request["most_bytes"] is not None:
        limit = request["most_bytes"]
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if request["ordinary"]:
        become_ordinary()
    path = ROOT / "scripts" / f"{request['script']}.py"
    sys.argv = [str(path), *request["arguments"]]
    sys.path[0] = str(path.parent)
    try:
        runpy.run_path(str(path), run_name="__main__")
        code = 0
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _serve() -> None:
    for module in ("figures.corner_plot", "figures.posterior_spectra", "figures.spectra_plot"):
        importlib.import_module(f"pipeline.{module}")
    for module in ("predict", "sampling.rounds", "posterior.summary"):
        importlib.import_module(f"pipeline.{module}")
    from likelihoods.reading import read_measurement

    read_measurement("voyager1_bc")  # astropy's reader is imported at first use
    for line in sys.stdin:
        request = json.loads(line)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            pid = os.fork()
            if pid == 0:
                _child(request, out, err)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode(errors="replace"))
        print(json.dumps({"code": code, "stdout": texts[0], "stderr": texts[1]}), flush=True)


if __name__ == "__main__":
    _serve()
