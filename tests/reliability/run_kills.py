"""SIGKILL of whole runs at random moments; what is resumed equals the chains nobody killed.

Each kill hits a run of two ensembles on two local workers: now the parent, now a worker, now all
at once, in the warm-up or after it. After every kill the files must open with emcee's own reader,
hold every step that was reported stored before, and be the exact beginning of the chains of a run
that nobody killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import emcee
import numpy as np

from pipeline.chains.lock import live_owner
from pipeline.chains.reader import read_chain
from pipeline.sampling.ensemble import ensemble_path
from pipeline.sampling.rounds import steps_done, steps_made
from tests.pipeline.toy_run import toy_run
from transport.checkout import ROOT

TOY = ROOT / "tests" / "pipeline" / "toy_run.py"
STEPS, CHECKPOINT = 2000, 3
SETTINGS = {"min_steps": STEPS, "max_steps": STEPS, "warm_up": 500}


def kill_runs(scratch: Path, kills: int, rng) -> int:
    """Kill and resume runs until `kills` have hit.

    Returns
    -------
    kills that hit the warm-up of both ensembles

    Raises
    ------
    AssertionError: a step was lost or changed, or a run ended otherwise
    """
    toy_run(scratch / "reference", **SETTINGS).execute(progress=False, notify=lambda text: None)
    truth = [read_chain(ensemble_path(scratch / "reference", i)) for i in range(2)]
    folder, whole, landed, early = scratch / "run0", 0, 0, 0
    while landed < kills:
        if _kill_once(folder, str(rng.choice(["parent", "worker", "all"])), rng):
            landed += 1
            early += not any(ensemble_path(folder, i).exists() for i in range(2))
        _check(folder, truth)
        if min(steps_done(folder, 2, 1)) == STEPS:
            whole += 1
            folder = scratch / f"run{whole}"
    return early


def _kill_once(folder: Path, victim: str, rng) -> bool:
    """Start or resume, wait until steps are being stored, kill; False if the run ended first."""
    before = _made(folder)
    workers = 1 if victim == "parent" and rng.random() < 0.5 else 2
    options = {**SETTINGS, "workers": workers, "checkpoint_steps": CHECKPOINT}
    process = subprocess.Popen(
        [sys.executable, str(TOY), str(folder), *(f"{k}={v}" for k, v in options.items())],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    until = time.monotonic() + 120
    while _made(folder) == before and process.poll() is None:
        assert time.monotonic() < until, "the run does not get going"
        time.sleep(0.002)
    time.sleep(rng.uniform(0, 0.15))
    running = process.poll() is None
    if victim == "all" and running:
        os.killpg(process.pid, signal.SIGKILL)
    elif victim == "worker" and running:
        if found := _workers_of(process.pid):
            os.kill(int(rng.choice(found)), signal.SIGKILL)
    elif running:
        process.kill()
    text = process.communicate(timeout=300)[0]
    assert process.returncode in (-signal.SIGKILL, 2, 3), f"code {process.returncode}:\n{text}"
    while any(live_owner(ensemble_path(folder, i)) for i in range(2)):
        time.sleep(0.02)  # orphaned workers write their checkpoints
    after = _made(folder)
    lost = any(new < old for new, old in zip(after, before, strict=True))
    assert not lost, f"steps were lost: {before} before, {after} after"
    return running


def _made(folder: Path) -> list[int]:
    return [steps_made(folder, index) for index in range(2)]


def _workers_of(parent: int) -> list[int]:
    """Worker processes of a run (not multiprocessing's own helper)."""
    found = []
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        try:
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
        except OSError:
            continue
    return found


def _check(folder: Path, truth) -> None:
    for index, whole in enumerate(truth):
        path = ensemble_path(folder, index)
        if not path.exists():
            continue
        backend = emcee.backends.HDFBackend(str(path), read_only=True)
        found = read_chain(path)
        n = found.iteration
        for name in ("chain", "log_prob", "blobs"):
            same = np.array_equal(getattr(found, name), getattr(whole, name)[:n])
            assert same, f"{path}: its {name} differs from that of the run that was not killed"
        # a kill may come between a block and the counter, which the next writer mends
        assert n - CHECKPOINT <= backend.iteration <= n
