"""What this project's sampler is worth on a config: one ensemble, a fixed number of steps."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from pipeline.chains.reader import read_chain, read_journal
from pipeline.from_config import build_problem
from pipeline.posterior.effective import bulk_and_tail, integrated_time
from pipeline.sampling.ensemble import EnsembleRun, ensemble_path

HEAD = (
    "| run | transport | warm-up | acceptance | N/tau | effective draws per 1000 evaluations: bulk "
    "| tail | by tau | per CPU second |\n|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Efficiency:
    """Of one ensemble after its warm-up.

    Attributes
    ----------
    name, transport : of the config
    warm_up : evaluations of it
    acceptance : mean fraction
    length : steps in units of the longest autocorrelation time
    bulk, tail, tau : (ndim,) effective draws of each coordinate, by three measures
    names : (ndim,)
    evaluations, cpu_seconds : after the warm-up
    """

    name: str
    transport: str
    warm_up: int
    acceptance: float
    length: float
    bulk: np.ndarray
    tail: np.ndarray
    tau: np.ndarray
    names: tuple[str, ...]
    evaluations: int
    cpu_seconds: float

    @property
    def effective(self) -> float:
        """Draws of the slowest coordinate by the stricter measure."""
        return float(min(self.bulk.min(), self.tail.min()))

    def line(self) -> str:
        """One row of the table."""
        cells = []
        for values in (self.bulk, self.tail, self.tau):
            worst = int(np.argmin(values))
            cells.append(f"{1000.0 * values[worst] / self.evaluations:.1f} ({self.names[worst]})")
        cells[-1] = cells[-1].split()[0]
        return (
            f"| `{self.name}` | {self.transport} | {self.warm_up} | {self.acceptance:.2f} | "
            f"{self.length:.0f} | {' | '.join(cells)} | {self.effective / self.cpu_seconds:.0f} |"
        )


def one_ensemble(problem, steps: int, walkers: int, warm_up: int, seed: int, start: str = "prior"):
    """The chain (as of `read_chain`) and the journal of one ensemble after its warm-up."""
    settings = SimpleNamespace(
        walkers=walkers,
        seed=seed,
        start=start,
        warm_up=warm_up,
        thin=1,
        checkpoint_steps=500,
        max_steps=max(steps, 2 * warm_up),
    )
    with tempfile.TemporaryDirectory() as folder:
        EnsembleRun(problem, folder, 0, settings).extend(steps)
        path = ensemble_path(folder, 0)
        return read_chain(path), read_journal(path)


def efficiency(config, steps: int, seed: int = 1) -> Efficiency:
    """Warm one ensemble up as the config says, make `steps` steps, and count.

    Parameters
    ----------
    config : `pipeline.config.models.Config`
    steps : of the chain, after the warm-up
    """
    problem, sampling = build_problem(config), config.sampling
    found, journal = one_ensemble(
        problem, steps, sampling.walkers, sampling.warm_up, seed, sampling.start
    )
    chain = found.chain
    moved = np.any(np.diff(chain, axis=0) != 0, axis=2).mean()
    series = [chain[None, ..., i] for i in range(chain.shape[-1])]
    bulk, tail = np.array([bulk_and_tail(one) for one in series]).T
    tau = np.array([max(1.0, integrated_time(one[0])) for one in series])
    return Efficiency(
        name=config.name,
        transport=config.transport,
        warm_up=found.header.warm_up.get("evaluations", 0),
        acceptance=float(moved),
        length=len(chain) / tau.max(),
        bulk=bulk,
        tail=tail,
        tau=chain.shape[0] * chain.shape[1] / tau,
        names=tuple(problem.names),
        evaluations=int(journal["evaluations"].sum()),
        cpu_seconds=float(journal["cpu_seconds"].sum()),
    )
