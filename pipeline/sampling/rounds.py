"""A run from start to verdict, in rounds.

In each round every ensemble is extended to the same number of steps, then convergence is tested
across them. The numbers of steps are fixed by the config alone, so every engine, and every way of
interrupting and resuming, tests the same chains and stops at the same step.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.chains.ensembles import ensemble_files
from pipeline.chains.files import DamagedChainError, read_header
from pipeline.chains.lock import WriterLock, live_owner
from pipeline.chains.reader import check_whole
from pipeline.chains.salvage import salvage
from pipeline.chains.writer import ChainWriter
from pipeline.exit_codes import EXIT_NOT_CONVERGED, EXIT_OK, EXIT_REQUEUE
from pipeline.posterior.judge import assess_run
from pipeline.posterior.verdict import Verdict
from pipeline.provenance import origin_remark
from pipeline.sampling.engines import LocalEngine, SerialEngine, Task
from pipeline.sampling.ensemble import check_same_problem, ensemble_path
from pipeline.sampling.interrupt import StopRequest
from pipeline.sampling.plan import steps_done, steps_made, targets
from pipeline.sampling.progress import ProgressBar
from transport.errors import CrtuneError


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    verdict : of the last test, None if no round was completed
    interrupted : whether it was asked to stop
    exit_code : 0 converged, 3 not converged within the budget, 75 or 130 interrupted
    """

    verdict: Verdict | None
    interrupted: bool
    exit_code: int


@dataclass(frozen=True)
class Run:
    """What is to be run.

    Attributes
    ----------
    build : makes the problem, without arguments; picklable
    folder : where the ensembles and the verdict go
    sampling : the config's section: ensembles, walkers, seed, start, checkpoint_steps, min_steps,
        max_steps, thin, workers
    convergence : the config's section: min_n_tau, max_rhat
    config_text : the resolved config, kept in every chain file
    """

    build: Callable
    folder: Path
    sampling: object
    convergence: object
    config_text: str = ""

    def execute(
        self, workers: int | None = None, notify=None, progress: bool = True, make_engine=None
    ) -> Outcome:
        """Start or go on until converged, out of budget, or asked to stop.

        Parameters
        ----------
        workers : local processes, by default the config's
        notify : told of every message, by default printed past the bar
        make_engine : gives another engine for the problem, e.g. `MpiEngine.with_problem`

        Raises
        ------
        CrtuneError: bad input, another writer, another problem in the files, damage, no space
        """
        make_folder(self.folder)
        refuse_other_writers(self.folder, self.sampling.ensembles)
        with WriterLock(self.folder / "run") as lock:
            for remark in filter(None, (lock.takeover, origin_remark())):
                (notify or print)(remark)
            problem = self.build()
            self.check_files(problem)
            if make_engine is None:
                engine = self.engine(problem, self.sampling.ensembles, workers)
            else:
                engine = make_engine(problem)
            bar = ProgressBar(self.folder, self.sampling, self.convergence, problem, progress)
            notify = notify or bar.write
            with bar, StopRequest(notify) as stop, engine:
                return self._rounds(engine, stop, bar, notify)

    def engine(self, problem, ensembles: int, workers: int | None = None):
        """Engine of this machine for so many ensembles."""
        workers = min(workers or self.sampling.workers, ensembles)
        return LocalEngine(workers) if workers > 1 else SerialEngine(problem)

    def _rounds(self, engine, stop: StopRequest, bar: ProgressBar, notify) -> Outcome:
        verdict, told = None, set()
        for target in targets(self.sampling, max(self.steps())):
            if min(self.steps()) < target:
                reports = engine.extend(self.tasks(target), stop, bar.tick)
                messages = (m for report in reports for m in report.messages if m not in told)
                for message in dict.fromkeys(messages):
                    notify(message)
                    told.add(message)
            if min(self.steps()) < target:
                code = stop.exit_code if stop() else EXIT_REQUEUE
                return Outcome(verdict, True, code)
            verdict = assess_run(self.folder, self.convergence, stop_step=target)
            verdict.save(self.folder)
            bar.show(verdict)
            if verdict.converged:
                return Outcome(verdict, False, EXIT_OK)
            if stop():
                return Outcome(verdict, True, stop.exit_code)
        return Outcome(verdict, False, EXIT_NOT_CONVERGED)

    def tasks(self, target: int, ensembles=None) -> list[Task]:
        """Extend `ensembles` (default all) to `target` steps."""
        settings = self.sampling
        return [
            Task(self.build, self.folder, index, target, settings, self.config_text)
            for index in (range(settings.ensembles) if ensembles is None else ensembles)
        ]

    def steps(self) -> list[int]:
        """Sampler steps stored of each ensemble."""
        return steps_done(self.folder, self.sampling.ensembles, self.sampling.thin)

    def steps_made(self) -> list[int]:
        """The same, with those of the warm-up."""
        return [steps_made(self.folder, index) for index in range(self.sampling.ensembles)]

    def check_files(self, problem) -> None:
        """Refuse before any worker starts what the workers would refuse.

        Raises
        ------
        CrtuneError: naming every difference between the chains' problem and `problem`
        """
        for path in ensemble_files(self.folder):
            index = int(path.stem.rpartition("_")[2])
            if index >= self.sampling.ensembles:
                raise CrtuneError(
                    f"{path}: the folder holds more ensembles than sampling.ensembles = "
                    f"{self.sampling.ensembles}; raise it to at least {index + 1}, or start anew "
                    "with --fresh"
                )
            header = read_header(path)
            check_same_problem(path, header, problem, self.sampling, index)
            check_whole(path)


def make_folder(folder: Path) -> None:
    """Make a run's folder.

    Raises
    ------
    CrtuneError: it cannot be made
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CrtuneError(
            f"{folder}: the folder for the results cannot be made ({error.strerror}); "
            "move the config to a place where you may write"
        ) from error


def refuse_other_writers(folder: Path, ensembles: int) -> None:
    """Raise CrtuneError if another process writes any part of this run."""
    for target in (folder / "run", *(ensemble_path(folder, i) for i in range(ensembles))):
        owner = live_owner(target)
        if owner:
            raise CrtuneError(
                f"{target}: is being written by {owner}; wait for it or stop it (if you are sure "
                f"that it is gone, delete {target.with_suffix('.lock')})"
            )


def set_aside(folder: Path, ensembles: int) -> Path | None:
    """Move all results of an earlier run into a sub-folder, to start anew; None if there are none.

    Raises
    ------
    CrtuneError: somebody is writing them
    """
    found = [p for p in folder.glob("*") if p.is_file() and p.suffix != ".lock"]
    if not found:
        return None
    refuse_other_writers(folder, ensembles)
    aside = folder / time.strftime("replaced-%Y%m%d-%H%M%S")
    aside.mkdir()
    for path in found:
        path.rename(aside / path.name)
    return aside


def salvage_run(folder: Path, notify=print) -> None:
    """Cut every damaged ensemble of a run back to its last whole block.

    Raises
    ------
    CrtuneError: somebody is writing, or nothing can be recovered of an ensemble
    """
    refuse_other_writers(folder, 0)
    for path in ensemble_files(folder):
        with WriterLock(path):
            try:
                ChainWriter(path).close()
            except DamagedChainError as error:
                kept, total = salvage(path)
                notify(
                    f"{path}: kept {kept} of {total or '?'} stored steps; the damaged file is "
                    f"{path.name}.damaged ({str(error).splitlines()[0]})"
                )
