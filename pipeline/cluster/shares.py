"""A run shared out among batch jobs: each extends its ensembles, a last one judges.

Jobs agree on how far the present round goes without talking to each other: it follows from the
config, the stored chains and the last verdict, as in `pipeline.sampling.rounds`, so the chains and
the step at which a run stops are those of one process.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.chains.lock import WriterLock, live_owner
from pipeline.exit_codes import EXIT_OK
from pipeline.posterior.judge import assess_run
from pipeline.posterior.verdict import Verdict
from pipeline.sampling.ensemble import ensemble_path
from pipeline.sampling.interrupt import StopRequest
from pipeline.sampling.rounds import Run, make_folder, refuse_other_writers, targets
from transport.errors import CrtuneError

_LOOK = 2.0  # s between looks at somebody else's lock
_REPORT = 60.0  # s between lines of progress in a job's log


@dataclass(frozen=True)
class Standing:
    """Where a run stands.

    Attributes
    ----------
    steps : of each ensemble, 0 where it has not begun
    made : the same with those of the warm-up
    target : steps that the present round asks of every ensemble
    behind : ensembles that have fewer
    verdict : of the last completed round, under the present rules; None if there is none
    """

    steps: tuple[int, ...]
    target: int
    behind: tuple[int, ...]
    verdict: Verdict | None
    made: tuple[int, ...] = ()

    @property
    def to_judge(self) -> bool:
        """Whether the round is complete and its convergence not yet tested."""
        judged = self.verdict.steps if self.verdict else -1
        return not self.behind and judged < self.target

    @property
    def finished(self) -> bool:
        """Whether the run has converged or used up its budget."""
        return not self.behind and not self.to_judge

    def describe(self) -> str:
        """One line for logs."""
        if self.finished:
            return "converged" if self.verdict.converged else "NOT CONVERGED within max_steps"
        if self.to_judge:
            return f"all ensembles have {self.target} steps, to be judged"
        missing = ", ".join(f"{i}: {self.steps[i]}" for i in self.behind)
        return f"round to {self.target} steps; behind are ensembles ({missing})"


def standing(run: Run) -> Standing:
    """Where `run` stands, from its files alone; nothing is written or locked."""
    steps, made = run.steps(), tuple(run.steps_made())
    verdict = _verdict_that_holds(run, steps)
    if verdict and verdict.converged:
        return Standing(tuple(steps), verdict.steps, (), verdict, made)
    target = judged = verdict.steps if verdict else -1
    for candidate in targets(run.sampling, max(steps)):
        if candidate > judged:
            target = candidate
            break
    behind = tuple(i for i, n in enumerate(steps) if n < target)
    return Standing(tuple(steps), target, behind, verdict, made)


def _verdict_that_holds(run: Run, steps) -> Verdict | None:
    """The stored verdict if it is about these ensembles and made under the present rules."""
    try:
        verdict = Verdict.load(run.folder)
    except (OSError, ValueError, TypeError):
        return None
    rules = ("min_n_tau", "max_rhat", "min_effective_draws")
    same_rules = all(getattr(verdict, r) == getattr(run.convergence, r) for r in rules)
    same_chains = verdict.ensembles == run.sampling.ensembles and min(steps) >= verdict.steps
    return verdict if same_rules and same_chains else None


def parse_ensembles(text: str, count: int) -> list[int]:
    """Indices from e.g. ``0,2,4-7``.

    Raises
    ------
    CrtuneError: not of this form, or an ensemble that the run does not have
    """
    chosen = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        try:
            begin = int(first)
            end = int(last) if dash else begin
        except ValueError:
            raise CrtuneError(
                f"--ensembles {text}: give indices and ranges from 0, such as 0,2,4-7"
            ) from None
        if not 0 <= begin <= end < count:
            raise CrtuneError(
                f"--ensembles {text}: {part.strip()} is not among ensembles 0 to {count - 1} "
                f"(sampling.ensembles = {count})"
            )
        chosen += range(begin, end + 1)
    return sorted(set(chosen))


@dataclass(frozen=True)
class ShareOutcome:
    """How a share ended.

    Attributes
    ----------
    standing : of the whole run afterwards
    interrupted : whether it was asked to stop
    exit_code : 0 at the target, 75 or 130 interrupted
    out_of_time : it was SIGUSR1 that stopped it, and steps have been made: worth a requeue
    """

    standing: Standing
    interrupted: bool
    exit_code: int
    out_of_time: bool


def extend_share(
    run: Run,
    ensembles: Sequence[int],
    workers: int | None = None,
    patience: float = 0.0,
    notify=print,
) -> ShareOutcome:
    """Extend some ensembles to the target of the present round; the others are left alone.

    Parameters
    ----------
    patience : s to wait while another job holds a lock. A job requeued from a lost node needs
        more than `pipeline.chains.lock.STALE_AFTER`.

    Raises
    ------
    CrtuneError: bad input, another writer, another problem in the files, damage, no space
    """
    make_folder(run.folder)
    with StopRequest(notify) as stop:
        _wait_for_locks(run, ensembles, patience, stop, notify)
        before = standing(run)
        todo = [i for i in ensembles if i in before.behind]
        notify(before.describe())
        if todo and not stop():
            problem = run.build()
            run.check_files(problem)
            log = _ProgressLog(run, todo, before.target, notify)
            with run.engine(problem, len(todo), workers) as engine:
                reports = engine.extend(run.tasks(before.target, todo), stop, log)
            for message in dict.fromkeys(m for report in reports for m in report.messages):
                notify(message)
        after = standing(run)
        # Judged by this round's own target: another job may have begun the next one already.
        short = [i for i in todo if after.steps[i] < before.target]
        if not short:
            return ShareOutcome(after, False, EXIT_OK, False)
        moved = any(after.made[i] > before.made[i] for i in todo)
        out_of_time = stop.signal == getattr(signal, "SIGUSR1", None) and moved
        return ShareOutcome(after, True, stop.exit_code, out_of_time)


def _wait_for_locks(run: Run, ensembles, patience: float, stop, notify) -> None:
    deadline = time.monotonic() + patience
    said = False
    while not stop():
        held = [
            owner
            for path in (run.folder / "run", *(ensemble_path(run.folder, i) for i in ensembles))
            if (owner := live_owner(path))
        ]
        if not held:
            return
        if time.monotonic() >= deadline:
            refuse_other_writers(run.folder, run.sampling.ensembles)
            return
        if not said:
            notify(f"waiting up to {patience:.0f} s for {held[0]}")
            said = True
        time.sleep(_LOOK)


class _ProgressLog:
    """A line about once a minute: logs of jobs are files, where progress bars are noise."""

    def __init__(self, run: Run, ensembles, target: int, notify):
        self.run, self.ensembles, self.target, self.notify = run, ensembles, target, notify
        self._next = time.monotonic() + _REPORT

    def __call__(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _REPORT
        steps = self.run.steps()
        made = ", ".join(f"{i}: {steps[i]}" for i in self.ensembles)
        self.notify(f"{time.strftime('%H:%M:%S')} steps of {self.target}: {made}")


def judge(run: Run) -> Standing:
    """Test convergence if a round is complete and untested, save the verdict; where it stands now.

    Raises
    ------
    CrtuneError: no chains, damaged, or another judge at work
    """
    if not run.folder.is_dir():
        raise CrtuneError(f"{run.folder}: holds no chains yet; nothing to judge")
    with WriterLock(run.folder / "judge"):
        now = standing(run)
        if now.to_judge:
            assess_run(run.folder, run.convergence, stop_step=now.target).save(run.folder)
            now = standing(run)
        return now
