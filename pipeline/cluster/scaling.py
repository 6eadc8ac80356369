"""Weak scaling: does twice the work on twice the cores take as long? Ratios within one run.

The same ensembles, of the same seeds and steps, are made by one process and by each parallel
engine. Efficiency is the time of one ensemble alone over the time of `n` ensembles side by side,
1 if nothing is lost. The time counted is that of sampling, from the journals of the chains (first
start to last end), so that interpreters and problems being built, which runs of hours forget, do
not hide what sampling costs; the wall time of the whole command is given too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.chains.ensembles import ensemble_files
from pipeline.chains.reader import read_journal
from pipeline.config.load import load_config, with_overrides, with_sections
from pipeline.exit_codes import EXIT_NOT_CONVERGED, EXIT_OK
from transport.checkout import ROOT
from transport.errors import CrtuneError


@dataclass(frozen=True)
class Scaling:
    """One engine with one number of ensembles.

    Attributes
    ----------
    engine : ``serial``, ``workers``, ``array`` (one process for each ensemble) or ``mpi``
    ensembles : side by side (one after another for serial)
    sampling : s from the first block's start to the last one's end
    wall : s for the whole command
    efficiency : sampling time of one ensemble alone / `sampling` (times ensembles for serial)
    """

    engine: str
    ensembles: int
    sampling: float
    wall: float
    efficiency: float


def weak_scaling(
    config: str | Path,
    steps: int = 1000,
    counts: Sequence[int] = (1, 2),
    engines: Sequence[str] = ("serial", "workers", "array", "mpi"),
    mpiexec: str | None = None,
    repeats: int = 3,
    transport: str | None = None,
) -> list[Scaling]:
    """Measure the engines, in turn and `repeats` times; the median run of each is returned.

    Parameters
    ----------
    config : of the run whose problem is sampled, as in ``runs/``
    steps : of each ensemble
    counts : of ensembles; no more than there are cores
    mpiexec : program; without one, mpi is left out
    transport : instead of the config's

    Raises
    ------
    CrtuneError: a run failed, with its words
    """
    engines = [name for name in engines if name != "mpi" or mpiexec]
    cases = [(name, count) for name in engines for count in counts]
    found = {case: [] for case in cases}
    with tempfile.TemporaryDirectory() as scratch:
        for repeat in range(repeats):
            for name, count in cases:  # in turn, so that all suffer alike from what else runs
                path = Path(scratch) / f"{name}_{count}_{repeat}.toml"
                _write_config(config, path, steps, count, transport)
                found[name, count].append(_measure(name, path, count, mpiexec))
    middle = {case: sorted(times)[len(times) // 2] for case, times in found.items()}
    alone = middle["serial", 1][0] if ("serial", 1) in middle else middle[cases[0]][0]
    return [
        Scaling(name, count, *times, alone * (count if name == "serial" else 1) / times[0])
        for (name, count), times in middle.items()
    ]


def _write_config(source, path: Path, steps: int, count: int, transport: str | None) -> None:
    changes = {"ensembles": count, "min_steps": steps, "max_steps": steps, "workers": 1}
    config = load_config(source)
    if transport is not None:
        config = with_sections(config, transport=transport)
    config = with_overrides(config, [f"sampling.{k}={v}" for k, v in changes.items()])
    # A rule that cannot be met: every engine makes the same steps.
    config = with_overrides(config, ["convergence.min_n_tau=1e9"])
    path.write_text(config.to_toml(), encoding="utf-8")


def _measure(engine: str, path: Path, count: int, mpiexec) -> tuple[float, float]:
    run = [sys.executable, str(ROOT / "scripts" / "run_mcmc.py"), str(path), "--quiet"]
    commands = {
        "serial": [run],
        "workers": [[*run, "--workers", str(count)]],
        "array": [[*run, "--ensembles", str(index)] for index in range(count)],
        "mpi": [[str(mpiexec), "-n", str(count), *run, "--mpi"]],
    }[engine]
    began = time.perf_counter()
    processes = [
        subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        for command in commands
    ]
    words = [process.communicate()[1] for process in processes]
    wall = time.perf_counter() - began
    for process, text in zip(processes, words, strict=True):
        if process.returncode not in (EXIT_OK, EXIT_NOT_CONVERGED):
            raise CrtuneError(f"{engine} with {count} ensembles failed: {text.strip()}")
    return _sampling_time(path.with_suffix("")), wall


def _sampling_time(folder: Path) -> float:
    """Seconds from the first block's start to the last block's end, over all ensembles."""
    journals = [read_journal(path) for path in ensemble_files(folder)]
    began = min(journal["time"][0] - journal["seconds"][0] for journal in journals)
    return float(max(journal["time"][-1] for journal in journals) - began)


def format_scaling(rows: Sequence[Scaling]) -> str:
    """A Markdown table."""
    lines = [
        "| engine | ensembles | sampling (s) | command (s) | efficiency |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.engine} | {r.ensembles} | {r.sampling:.1f} | {r.wall:.1f} | {r.efficiency:.2f} |"
        for r in rows
    ]
    return "\n".join(lines)
