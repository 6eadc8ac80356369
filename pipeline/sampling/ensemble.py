"""One ensemble of walkers: warmed up, extended block by block, resumed bit for bit.

An ensemble's chain is a function of the problem, the seed, its index and the length of its warm-up
alone: not of how often it was interrupted, in which process it ran, or how long its blocks are.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.chains.files import open_chain
from pipeline.chains.identity import changed_parts, check_same_model, shortened
from pipeline.chains.layout import SHARED_BY_ENSEMBLES, TARGET, ChainHeader
from pipeline.chains.lock import WriterLock
from pipeline.chains.reader import read_journal
from pipeline.chains.writer import ChainWriter, Snapshot
from pipeline.sampling.moves import Proposal, describe_moves, evolution_moves, frozen_moves
from pipeline.sampling.start import starting_points
from pipeline.sampling.steps import Stepper
from pipeline.sampling.target import Counted, Target
from pipeline.sampling.warm_up import (
    STAGES,
    run_stages,
    storage_interval,
    warm_up_steps,
)
from transport.errors import CrtuneError

_GROWTH = 1.5  # a file that must grow is copied, so it grows ahead of need


@dataclass(frozen=True)
class EnsembleReport:
    """What one call of `EnsembleRun.extend` did.

    Attributes
    ----------
    index, steps : which ensemble, and how many sampler steps it has now
    interrupted : whether it stopped because it was asked to
    messages : things that a user should know, in words
    """

    index: int
    steps: int
    interrupted: bool
    messages: tuple[str, ...] = ()


class EnsembleRun:
    """One ensemble of a run, in ``<folder>/ensemble_<index>.h5``.

    Parameters
    ----------
    problem : interface of `pipeline.problem.Problem`
    folder : the run's folder
    index : which of the run's independent ensembles
    settings : with walkers, seed, start, warm_up, thin, checkpoint_steps, max_steps
    config_text : the resolved config, kept in the file
    """

    def __init__(self, problem, folder: str | Path, index: int, settings, config_text: str = ""):
        self.problem, self.index, self.settings = problem, index, settings
        self.path, self.warm_up_path = ensemble_path(folder, index), warm_up_path(folder, index)
        self.config_text = config_text
        self.target = Target(problem)
        self._messages: list[str] = []

    def extend(self, target: int, stop=lambda: False, tick=lambda: None) -> EnsembleReport:
        """Go on until `target` sampler steps are stored after the warm-up, or `stop()`.

        Parameters
        ----------
        stop : asked after every stored step
        tick : called after every block

        Raises
        ------
        CrtuneError: another writer, another problem in the file, damage, no space
        """
        self._messages, steps = [], 0
        with WriterLock(self.path) as lock:
            if lock.takeover:
                self._messages.append(f"{self.path.name}: {lock.takeover}")
            if self.path.exists() or self._warm_up(lock, target, stop, tick):
                with self._reopened(self.path, lock) as writer:
                    self.warm_up_path.unlink(missing_ok=True)
                    self._tell(shortened_warm_up(writer.header, self.settings))
                    self._sample(writer, -(-target // self.settings.thin), stop, tick)
                    steps = writer.iteration * self.settings.thin
        count = getattr(self.problem, "nan_count", 0)
        if count:
            self._messages.append(
                f"ensemble {self.index}: the likelihood was NaN at {count} points"
            )
        return EnsembleReport(self.index, steps, steps < target, tuple(self._messages))

    def _reopened(self, path: Path, lock: WriterLock) -> ChainWriter:
        """A file to go on with, if problem and model are still those that it was made for."""
        writer = ChainWriter(path, before_write=lock.check)
        try:
            header = writer.header
            if path == self.warm_up_path:  # which is stored at its own interval
                header = replace(header, thin=self.settings.thin)
            check_same_problem(path, header, self.problem, self.settings, self.index)
            check_same_model(path, writer.snapshot(), self.problem)
            writer.note_session()
        except BaseException:
            writer.close()
            raise
        return writer

    def _header(self, **changes) -> ChainHeader:
        header = make_header(self.problem, self.settings, self.index, self.config_text)
        return replace(header, **changes)

    def _start(self) -> Snapshot:
        settings = self.settings
        start_stream, chain_stream, _ = ensemble_streams(settings.seed, self.index)
        rng = np.random.default_rng(start_stream)
        counted = Counted(self.target)
        coords, _ = starting_points(counted, settings.walkers, settings.start, rng)
        found = self.target.of(coords, rng)
        state = np.random.RandomState(np.random.MT19937(chain_stream)).get_state()
        return Snapshot(found.coords, found.log_prob, found.blobs, state)

    def _warm_up(self, lock: WriterLock, target: int, stop, tick) -> bool:
        """Make the chain's file, after the warm-up; False if stopped on the way."""
        steps = warm_up_steps(self.settings)
        if not steps:
            self._create(lock, target, self._start(), None, {**self._asked(0), "evaluations": 0})
            return True
        if not self.warm_up_path.exists():
            self._create_warm_up(lock, steps)
        with self._reopened(self.warm_up_path, lock) as writer:
            # The file, not the config, says how long it is: the budget may have changed since.
            steps = writer.header.warm_up["steps"]
            stepper = Stepper(writer, self.target, self.settings.checkpoint_steps, stop, tick)
            seeds = ensemble_streams(self.settings.seed, self.index)[2].spawn(len(STAGES))
            warm = run_stages(stepper, self.target, steps, seeds, self._tell)
            if warm is None:
                return False
            start = warm.snapshot(writer.snapshot().random_state)
        spent = [asdict(stepper.cost())]
        spent += [{k: row[k].item() for k in spent[0]} for row in read_journal(self.warm_up_path)]
        facts = {**self._asked(steps), **{k: sum(one[k] for one in spent) for k in spent[0]}}
        self._create(lock, target, start, warm.proposal, facts)
        return True

    def _asked(self, steps: int) -> dict:
        """What a header says of a warm-up from its beginning on."""
        return {"steps": steps, "asked": self.settings.warm_up}

    def _tell(self, text: str) -> None:
        if text:
            self._messages.append(f"ensemble {self.index}: {text}")

    def _create_warm_up(self, lock: WriterLock, steps: int) -> None:
        every, moves = storage_interval(steps), describe_moves(evolution_moves(self.target))
        header = self._header(thin=every, moves=moves, warm_up=self._asked(steps))
        path, start = self.warm_up_path, self._start()
        ChainWriter.create(path, header, start, steps // every, before_write=lock.check).close()

    def _create(self, lock, target, start: Snapshot, proposal: Proposal | None, warm_up) -> None:
        """Make the chain's file, with the frozen proposal in it."""
        moves = describe_moves(self._moves(proposal))
        header = self._header(moves=moves, warm_up=warm_up)
        parts = {} if proposal is None else proposal.arrays()
        capacity = -(-target // self.settings.thin)
        ChainWriter.create(
            self.path, header, start, capacity, parts, before_write=lock.check
        ).close()

    def _moves(self, proposal: Proposal | None):
        return (
            evolution_moves(self.target)
            if proposal is None
            else frozen_moves(self.target, proposal)
        )

    def _sample(self, writer: ChainWriter, target: int, stop, tick) -> None:
        """Add blocks until `target` stored steps."""
        settings = self.settings
        if target > writer.iteration:
            ahead = min(int(_GROWTH * writer.iteration), -(-settings.max_steps // settings.thin))
            writer.reserve(max(target, ahead))
        moves = self._moves(read_proposal(self.path))
        Stepper(writer, self.target, settings.checkpoint_steps, stop, tick).extend(moves, target)


def read_proposal(path: str | Path) -> Proposal | None:
    """The frozen proposal of a chain; None if it had no warm-up."""
    with open_chain(path) as file:
        if not file.header.warm_up.get("steps"):
            return None
        return Proposal.from_arrays(file.part)


def ensemble_path(folder: str | Path, index: int) -> Path:
    """File of one ensemble."""
    return Path(folder) / f"ensemble_{index:02d}.h5"


def warm_up_path(folder: str | Path, index: int) -> Path:
    """File of the warm-up of one ensemble, there until the chain begins."""
    return Path(folder) / f"warm_up_{index:02d}.h5"


def ensemble_streams(seed: int, index: int) -> list[np.random.SeedSequence]:
    """Independent streams for the starting points, the chain, and the warm-up of one ensemble."""
    return np.random.SeedSequence(seed).spawn(index + 1)[index].spawn(3)


def make_header(problem, settings, index: int, config_text: str) -> ChainHeader:
    """Description of an ensemble for its file."""
    return ChainHeader(
        names=tuple(problem.names),
        physical_names=tuple(p.name for p in problem.parameters),
        units=tuple(p.unit for p in problem.parameters),
        labels=tuple(problem.labels),
        blob_names=(*problem.blob_names, TARGET),
        nwalkers=settings.walkers,
        thin=settings.thin,
        seed=settings.seed,
        ensemble=index,
        config=config_text,
        fingerprint=dict(problem.fingerprint()),
    )


def shortened_warm_up(header: ChainHeader, settings) -> str:
    """What to say of a chain whose warm-up was shorter than one begun today, "" if it was not."""
    made, now = header.warm_up.get("steps", 0), warm_up_steps(settings)
    if made >= now:
        return ""
    return (
        f"its warm-up was cut to {made} steps by a smaller sampling.max_steps, and its proposal is "
        f"poor; --fresh makes it anew with {now}"
    )


def check_same_problem(path, header: ChainHeader, problem, settings, index: int) -> None:
    """Refuse to continue a chain with other data, model, priors, parameters, walkers or seed.

    Raises
    ------
    CrtuneError: naming every difference
    """
    now = make_header(problem, settings, index, "")
    differences = []
    for key in (*SHARED_BY_ENSEMBLES, "ensemble"):
        old, new = getattr(header, key), getattr(now, key)
        if old != new:
            differences.append(f"{key}: {shortened(old)} in the file, {shortened(new)} now")
    asked = header.warm_up.get("asked", settings.warm_up)
    if asked != settings.warm_up:
        differences.append(f"sampling.warm_up: {asked} in the file, {settings.warm_up} now")
    differences += changed_parts(header.fingerprint, now.fingerprint)
    if differences:
        raise CrtuneError(
            f"{path}: made for another problem and cannot be continued:\n  "
            + "\n  ".join(differences)
            + "\nRestore these, copy the config to another name, or start anew with --fresh"
        )
