"""One progress bar for a whole run, read from the live files."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pipeline.chains.reader import read_progress
from pipeline.posterior.judge import assess_run
from pipeline.posterior.verdict import Verdict
from pipeline.sampling.ensemble import ensemble_path, warm_up_path
from pipeline.sampling.plan import steps_made, targets
from pipeline.sampling.warm_up import warm_up_steps
from transport.errors import CrtuneError

_LOOK = 0.5  # s between looks at the files
_ESTIMATE = 15.0  # least s between estimates of tau and R-hat
_SHARE = 0.02  # most of the time that estimates may take
_SERIES = 400  # stored steps read for an estimate
_MEANINGFUL = 50  # stored steps before tau and R-hat mean anything


class ProgressBar:
    """Steps, acceptance, tau, N/tau and R-hat of a run while it goes on.

    Parameters
    ----------
    folder, sampling, convergence : of the run
    problem : for the names
    visible : whether to draw anything but messages
    """

    def __init__(self, folder: Path, sampling, convergence, problem, visible: bool = True):
        self.folder, self.sampling, self.convergence = folder, sampling, convergence
        self.names = problem.names
        self._visible, self._warm = visible, None
        self._bar = self._new_bar(sampling.ensembles * sampling.min_steps, "chains")
        self._facts: dict[str, str] = {}
        self._next_look = self._next_estimate = 0.0
        self._started = False

    def tick(self) -> None:
        """Look at the live files if it is time."""
        now = time.monotonic()
        if self._bar.disable or now < self._next_look:
            return
        self._next_look = now + _LOOK
        try:
            self._look()
            if now >= self._next_estimate:
                self.show(assess_run(self.folder, self.convergence, most=_SERIES))
                cost = time.monotonic() - now
                self._next_estimate = now + max(_ESTIMATE, cost / _SHARE)
        except CrtuneError:
            pass  # not every ensemble has begun; watching must never stop a run

    def _look(self) -> None:
        paths = [ensemble_path(self.folder, i) for i in range(self.sampling.ensembles)]
        self._look_at_warm_up(paths)
        found = [read_progress(path) for path in paths if path.exists()]
        steps = sum(iteration for iteration, _ in found) * self.sampling.thin
        if not steps:
            return
        if not self._started:  # neither set-up nor what was there before counts for the speed
            self._started, self._bar.initial = True, steps
            self._bar.start_t = time.time()
        self._bar.total = max(self._bar.total, steps)
        self._bar.n = steps
        rates = [rate for _, rate in found if np.isfinite(rate)]
        if rates:
            self._facts["accept"] = f"{np.mean(rates):.2f}"
        self._draw()

    def _look_at_warm_up(self, paths) -> None:
        """A line of its own, which stays when the last ensemble has begun its chain."""
        warming = [warm_up_path(self.folder, i) for i in range(self.sampling.ensembles)]
        length = warm_up_steps(self.sampling)
        if self._warm is None and any(path.exists() for path in warming):
            self._warm = self._new_bar(length * self.sampling.ensembles, "warm-up")
        if self._warm is None:
            return
        done = [
            length if path.exists() else steps_made(self.folder, i) for i, path in enumerate(paths)
        ]
        self._warm.n = min(sum(done), self._warm.total)
        if self._warm.n == self._warm.total:
            self._warm.set_postfix_str("fitting the proposal", refresh=False)
        self._warm.refresh()
        if all(path.exists() for path in paths):
            self._warm.close()
            self._warm = None

    def _new_bar(self, total: int, title: str):
        return tqdm(
            desc=title,
            total=total,
            unit="step",
            disable=not self._visible,
            dynamic_ncols=True,
            smoothing=0.05,
        )

    def show(self, verdict: Verdict) -> None:
        """Show what `verdict` says of tau and R-hat, and expect as many steps as they ask for."""
        tau, n_tau, rhat = verdict.worst()
        if verdict.steps / verdict.thin < _MEANINGFUL:
            return
        self._bar.n = max(self._bar.n, verdict.steps * self.sampling.ensembles)
        self._facts |= {"tau": f"{tau:.3g}", "N/tau": f"{n_tau:.3g}", "R-hat": f"{rhat:.3f}"}
        if np.isfinite(tau):
            expected = self.convergence.min_n_tau * tau + verdict.burn_in
            if verdict.effective_draws > 0.0:
                share = self.convergence.min_effective_draws / verdict.effective_draws
                expected = max(expected, share * verdict.steps)
            tests = list(targets(self.sampling, 0))  # a run ends at one of these
            steps = next((test for test in tests if test >= expected), tests[-1])
            self._bar.total = max(self._bar.n, steps * self.sampling.ensembles)
        self._draw()

    def _draw(self) -> None:
        self._bar.set_postfix(self._facts, refresh=False)
        self._bar.refresh()

    def write(self, text: str) -> None:
        """Print a message without tearing the bar."""
        tqdm.write(text)

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *exception) -> None:
        if self._warm is not None:
            self._warm.close()
        self._bar.close()
