"""Command line that runs a toy problem: ``toy_run.py FOLDER key=value ...``, for kill tests."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipeline.cli import run_script
from pipeline.sampling.rounds import Run
from tests.toy_problems import BananaProblem, GaussianProblem

SAMPLING = {
    "ensembles": 2,
    "walkers": 16,
    "seed": 7,
    "start": "prior",
    "warm_up": 40,
    "checkpoint_steps": 20,
    "min_steps": 100,
    "max_steps": 200,
    "thin": 1,
    "workers": 1,
}
RULES = {"min_n_tau": 1e9, "max_rhat": 1.01, "min_effective_draws": 0.0}


class SlowGaussian(GaussianProblem):
    """A Gaussian that takes its time, so that there is something to interrupt."""

    def __init__(self, delay, **options):
        self.delay = delay
        super().__init__(**options)

    def log_prob(self, theta):
        time.sleep(self.delay)
        return super().log_prob(theta)


def toy_run(folder, build=None, **changes) -> Run:
    """A run of a toy problem (default: 3-D correlated Gaussian)."""
    sampling = {**SAMPLING, **{k: v for k, v in changes.items() if k in SAMPLING}}
    rules = {**RULES, **{k: v for k, v in changes.items() if k in RULES}}
    return Run(
        build=build or partial(GaussianProblem, ndim=3, rho=0.5),
        folder=Path(folder),
        sampling=SimpleNamespace(**sampling),
        convergence=SimpleNamespace(**rules),
        config_text=f"[sampling]\nensembles = {sampling['ensembles']}\n",
    )


def banana(**options):
    return partial(BananaProblem, **options)


def main() -> int:
    folder, *assignments = sys.argv[1:]
    changes = {}
    for assignment in assignments:
        key, _, value = assignment.partition("=")
        changes[key] = value if key == "start" else float(value) if "." in value else int(value)
    delay = changes.pop("delay", 0.0)
    build = partial(SlowGaussian, delay, ndim=3, rho=0.5)
    outcome = toy_run(folder, build, **changes).execute(progress=False)
    print(outcome.verdict.banner() if outcome.verdict else "no verdict")
    return outcome.exit_code


if __name__ == "__main__":
    run_script(main)
