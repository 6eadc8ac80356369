"""Calibration sets on disk: made one by one, resumable, each a small file of ranks."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from pipeline.calibration.bank import DRAWS, Bank
from pipeline.calibration.mock import mock_problem
from pipeline.calibration.ranks import rank
from pipeline.cli import Share
from pipeline.config.load import Config, with_overrides
from pipeline.exit_codes import EXIT_OK
from pipeline.files import replacing
from pipeline.from_config import build_problem
from pipeline.json_values import read_with_checksum, text_with_checksum
from pipeline.posterior.load import load_run
from pipeline.sampling.rounds import Run
from transport.errors import CrtuneError

LOG_LIKELIHOOD = "log_likelihood"
_VERSION = 2  # of the way a set is made
DEFAULTS = (
    "sampling.ensembles=1",
    "sampling.warm_up=1000",
    "sampling.min_steps=300",
    "sampling.max_steps=6400",
    "convergence.min_n_tau=10",
    "convergence.max_rhat=1.1",
    "convergence.min_effective_draws=100",
)
"""How sets are sampled: until their draws are worth a hundred, tails included, and no longer. With
a warm-up of 400 steps and at most 1600 steps most chains of the two-phase model were worth less,
and it did not pass (docs/calibration.md)."""
_COUNTED = ("ensembles", "walkers", "start", "warm_up", "min_steps", "max_steps", "thin")


def numbers_of(sets: int, bins: int, share: Share | None = None) -> range:
    """Numbers of the sets to make: all, or the share of an array's task.

    Raises
    ------
    CrtuneError: fewer sets than bins
    """
    if sets < bins:
        raise CrtuneError(
            f"--sets {sets} --bins {bins}: fewer sets than bins; a histogram of ranks needs at "
            "least one a bin, and five to say anything"
        )
    first, step = share or Share()
    return range(first, sets, step)


def config_of_sets(config: Config, overrides: Iterable[str] = ()) -> Config:
    """The config with `DEFAULTS`, then with what the user overrides."""
    return with_overrides(with_overrides(config, DEFAULTS), overrides)


@dataclass(frozen=True)
class Calibration:
    """A calibration of one config: what is drawn, how each set is sampled, where it is kept.

    Attributes
    ----------
    config : of the run, its sampling section that of the sets
    seed : of all truths, data and chains
    draws : of each posterior that the truth is ranked among, L
    """

    config: Config
    seed: int = 1
    draws: int = 100

    @cached_property
    def problem(self):
        """With the real data, which are only replaced."""
        return build_problem(self.config)

    @cached_property
    def bank(self) -> Bank:
        """Where walkers start from; of its own random numbers."""
        return Bank.of(self.problem, np.random.SeedSequence(self.seed, spawn_key=(0, 1)))

    @cached_property
    def identity(self) -> str:
        """Checksum of everything that ranks depend on but the code of the sampler."""
        fingerprint = self.problem.fingerprint()
        control = {key: getattr(self.config.sampling, key) for key in _COUNTED}
        rules = self.config.convergence.model_dump()
        told = [_VERSION, fingerprint, control, rules, self.seed, self.draws]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    @property
    def folder(self) -> Path:
        """Where the sets are kept; another calibration of the run has another one."""
        return self.config.run_dir / "calibration" / self.identity[:12]

    @property
    def sampled(self) -> str:
        """What truths are drawn from and how each set is sampled, in words."""
        s, rules = self.config.sampling, self.config.convergence
        return (
            f"prior set `{self.config.priors}`; {s.ensembles} x {s.walkers} walkers, "
            f"{s.min_steps} to {s.max_steps} steps after a warm-up of at most {s.warm_up} that "
            f"starts from the likeliest of {DRAWS:,} prior draws; "
            f"rules: N/tau of {rules.min_n_tau:g}, R-hat of {rules.max_rhat:g}, "
            f"{rules.min_effective_draws:g} effective draws, tails included"
        )

    @property
    def quantities(self) -> tuple[str, ...]:
        """What is ranked."""
        return (*self.problem.names, LOG_LIKELIHOOD)

    def path(self, number: int) -> Path:
        """File of one set."""
        return self.folder / f"set_{number:05d}.json"

    def missing(self, numbers: Iterable[int]) -> list[int]:
        """Sets that are not there yet."""
        return [number for number in numbers if not self.path(number).exists()]

    def make(self, number: int) -> int:
        """Sample one set and write its ranks; 0, or the exit code of what interrupted it.

        An interrupted set keeps its chains and goes on from them. The chains of a finished one
        are deleted.

        Raises
        ------
        CrtuneError: no possible mock data, or what sampling refuses
        """
        began = time.perf_counter()
        mock, truth = mock_problem(self.problem, self.seed, number)
        mock.sample_start = partial(self.bank.near, mock)
        chains = self.folder / f"chains_{number:05d}"
        run = Run(
            build=lambda: mock,
            folder=chains,
            sampling=self.config.sampling.model_copy(
                update={"seed": self.seed + 1_000_003 * number, "workers": 1}
            ),
            convergence=self.config.convergence,
            config_text=self.config.to_toml(),
        )
        outcome = run.execute(workers=1, notify=lambda text: None, progress=False)
        if outcome.interrupted:
            return outcome.exit_code
        posterior = load_run(chains)
        chosen = np.linspace(0, len(posterior.flat) - 1, self.draws).astype(int)
        if len(np.unique(chosen)) < self.draws:
            raise CrtuneError(
                f"calibration set {number}: {len(posterior.flat)} posterior draws, fewer than the "
                f"{self.draws} to rank the truth among; raise sampling.min_steps"
            )
        verdict = posterior.verdict
        ranks = {
            name: rank(posterior.flat[chosen, i], truth[i]) for i, name in enumerate(mock.names)
        }
        at_truth = float(mock.log_likelihood(truth[None]).sum())
        ranks[LOG_LIKELIHOOD] = rank(posterior.log_likelihood[chosen], at_truth)
        _, n_tau, rhat = verdict.worst()
        content = {
            "set": number,
            "identity": self.identity,
            "draws": self.draws,
            "ranks": ranks,
            "truth": dict(zip(mock.names, truth.tolist(), strict=True)),
            "converged": verdict.converged,
            "steps": verdict.steps,
            "n_tau": n_tau,
            "rhat": rhat,
            "stuck": len(verdict.stuck),
            "effective": verdict.effective_draws,
            "seconds": time.perf_counter() - began,
        }
        with replacing(self.path(number)) as draft:
            draft.write_text(text_with_checksum(content), encoding="utf-8")
        shutil.rmtree(chains)
        return EXIT_OK

    def load(self) -> list[dict]:
        """All finished sets, in order.

        Raises
        ------
        CrtuneError: a file that is damaged or of another calibration
        """
        found = []
        for path in sorted(self.folder.glob("set_*.json")):
            try:
                content = read_with_checksum(path)
                good = content["identity"] == self.identity and content["ranks"].keys() == set(
                    self.quantities
                )
            except (ValueError, KeyError, TypeError, AttributeError):
                good = False
            if not good:
                raise CrtuneError(
                    f"{path}: damaged, or of another calibration; delete it and it is made again"
                )
            found.append(content)
        return found
