"""A cheap real run for tests that start the scripts: a phenomenological scenario, short chains."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from pipeline.chains.ensembles import ensemble_files
from pipeline.chains.reader import read_chain

ROOT = Path(__file__).resolve().parents[1]

CONFIG = """
scenario = "{scenario}"
[data.ams02_proton_2015]
rigidity_min = 10.0
[data.ams02_bc_2016]
[sampling]
ensembles = {ensembles}
walkers = 24
seed = 3
checkpoint_steps = 10
min_steps = {min_steps}
max_steps = {max_steps}
warm_up = {warm_up}
workers = 1
thin = {thin}
[convergence]
min_n_tau = {min_n_tau}
max_rhat = {max_rhat}
"""


def write_config(path: Path, **changes) -> Path:
    """Config of a run that ends NOT CONVERGED after 60 steps of 3 ensembles, unless changed."""
    settings = {
        "scenario": "kolmogorov",
        "ensembles": 3,
        "min_steps": 40,
        "max_steps": 60,
        "warm_up": 20,  # whatever the budget: of a longer run it would be longer
        "thin": 1,
        "min_n_tau": 1e6,
        "max_rhat": 1.01,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CONFIG.format(**{**settings, **changes}))
    return path


def environment(**more) -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", **more}


def script(name: str, *arguments, timeout: float = 120, **more) -> subprocess.CompletedProcess:
    """Run one of the scripts to its end."""
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / name), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment(**more),
    )


def assert_same_run(folder: Path, other: Path) -> None:
    """The ensembles of two runs agree bit for bit."""
    names = [path.name for path in ensemble_files(folder)]
    assert names == [path.name for path in ensemble_files(other)]
    assert names
    for name in names:
        first, second = read_chain(folder / name), read_chain(other / name)
        np.testing.assert_array_equal(first.chain, second.chain)
        np.testing.assert_array_equal(first.log_prob, second.log_prob)
        np.testing.assert_array_equal(first.blobs, second.blobs)
        np.testing.assert_array_equal(first.accepted, second.accepted)
