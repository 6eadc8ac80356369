#!/usr/bin/env python
"""Kill a run with SIGKILL at random moments, resume it, and compare with the unkilled chains.

    python tests/kill_test.py --kills 500

Each kill hits a run of two ensembles on two local workers: now the parent, now a worker, now all
at once. After every kill the files must open with emcee's own reader, hold every step that was
reported stored before, and be the exact beginning of the chains of a run that nobody killed.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ["OMP_NUM_THREADS"] = "1"

import emcee  # noqa: E402
import numpy as np  # noqa: E402
from tqdm import tqdm  # noqa: E402

from pipeline.chains.lock import live_owner  # noqa: E402
from pipeline.chains.reader import read_chain  # noqa: E402
from pipeline.sampling.ensemble import ensemble_path  # noqa: E402
from pipeline.sampling.rounds import steps_done  # noqa: E402
from tests.pipeline.toy_run import toy_run  # noqa: E402

TOY = ROOT / "tests" / "pipeline" / "toy_run.py"
STEPS, CHECKPOINT = 4000, 3


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=500)
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    rng = np.random.default_rng(options.seed)
    landed = {"parent": 0, "worker": 0, "all": 0}
    with tempfile.TemporaryDirectory() as scratch:
        reference = Path(scratch) / "reference"
        settings = {"min_steps": STEPS, "max_steps": STEPS}
        toy_run(reference, **settings).execute(progress=False)
        truth = [read_chain(ensemble_path(reference, i)) for i in range(2)]
        folder, number = Path(scratch) / "run0", 0
        bar = tqdm(total=options.kills, unit="kill")
        while bar.n < options.kills:
            victim = str(rng.choice(list(landed)))
            if kill_once(folder, victim, rng):
                landed[victim] += 1
                bar.update()
            check(folder, truth)
            if min(steps_done(folder, 2, 1)) == STEPS:
                number += 1
                folder = Path(scratch) / f"run{number}"
        bar.close()
    print(f"{options.kills} kills ({landed}), {number} whole runs: nothing lost, nothing changed")
    return 0


def kill_once(folder: Path, victim: str, rng) -> bool:
    """Start or resume, wait until steps are being stored, kill; False if the run ended first."""
    before = steps_done(folder, 2, 1)
    workers = 1 if victim == "parent" and rng.random() < 0.5 else 2
    process = subprocess.Popen(
        [
            sys.executable,
            str(TOY),
            str(folder),
            f"workers={workers}",
            f"min_steps={STEPS}",
            f"max_steps={STEPS}",
            f"checkpoint_steps={CHECKPOINT}",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while steps_done(folder, 2, 1) == before and process.poll() is None:
        if time.monotonic() > deadline:
            raise SystemExit("the run does not get going")
        time.sleep(0.002)
    time.sleep(rng.uniform(0, 0.15))
    running = process.poll() is None
    if victim == "all" and running:
        os.killpg(process.pid, signal.SIGKILL)
    elif victim == "worker" and running:
        found = workers_of(process.pid)
        if found:
            os.kill(int(rng.choice(found)), signal.SIGKILL)
    elif running:
        process.kill()
    text = process.communicate(timeout=120)[0]
    if process.returncode not in (-signal.SIGKILL, 2, 3):
        raise SystemExit(f"unexpected exit code {process.returncode}:\n{text}")
    while any(live_owner(ensemble_path(folder, i)) for i in range(2)):
        time.sleep(0.02)  # orphaned workers write their checkpoints
    after = steps_done(folder, 2, 1)
    if any(new < old for new, old in zip(after, before, strict=True)):
        raise SystemExit(f"steps were lost: {before} before, {after} after")
    return running


def workers_of(parent: int) -> list[int]:
    """Worker processes of a run (not multiprocessing's own helper)."""
    found = []
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        try:
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
        except OSError:
            continue
    return found


def check(folder: Path, truth) -> None:
    for index, whole in enumerate(truth):
        path = ensemble_path(folder, index)
        if not path.exists():
            continue
        backend = emcee.backends.HDFBackend(str(path), read_only=True)
        found = read_chain(path)
        n = found.iteration
        same = (
            np.array_equal(found.chain, whole.chain[:n])
            and np.array_equal(found.log_prob, whole.log_prob[:n])
            and np.array_equal(found.blobs, whole.blobs[:n])
            and backend.iteration == n
        )
        if not same:
            raise SystemExit(f"{path}: differs from the chain that was not killed")


if __name__ == "__main__":
    sys.exit(main())
