"""One ensemble of walkers: started, extended block by block, resumed bit for bit.

An ensemble's chain is a function of the problem, the seed and its index alone: not of how often
it was interrupted, in which process it ran, or how long its blocks are.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import emcee
import numpy as np

from pipeline.chains.identity import changed_parts, check_same_model, check_sums, shortened
from pipeline.chains.layout import SHARED_BY_ENSEMBLES, ChainHeader
from pipeline.chains.lock import WriterLock
from pipeline.chains.writer import ChainWriter, Snapshot
from pipeline.sampling.moves import default_moves, describe_moves
from pipeline.sampling.start import starting_points
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
    settings : with walkers, seed, start, thin, checkpoint_steps, max_steps
    config_text : the resolved config, kept in the file
    """

    def __init__(self, problem, folder: str | Path, index: int, settings, config_text: str = ""):
        self.problem, self.index, self.settings = problem, index, settings
        self.path = ensemble_path(folder, index)
        self.config_text = config_text

    def extend(self, target: int, stop=lambda: False, tick=lambda: None) -> EnsembleReport:
        """Go on until `target` sampler steps are stored, or `stop()`.

        Parameters
        ----------
        stop : asked after every stored step
        tick : called after every block

        Raises
        ------
        CrtuneError: another writer, another problem in the file, damage, no space
        """
        messages = []
        lock = WriterLock(self.path)
        with lock:
            if lock.takeover:
                messages.append(f"{self.path.name}: {lock.takeover}")
            with self._open(lock, target) as writer:
                self._sample(writer, -(-target // self.settings.thin), stop, tick)
                steps = writer.iteration * self.settings.thin
        count = getattr(self.problem, "nan_count", 0)
        if count:
            messages.append(f"ensemble {self.index}: the likelihood was NaN at {count} points")
        return EnsembleReport(self.index, steps, steps < target, tuple(messages))

    def _open(self, lock: WriterLock, target: int) -> ChainWriter:
        if not self.path.exists():
            return self._create(lock, target)
        writer = ChainWriter(self.path, before_write=lock.check)
        try:
            check_same_problem(self.path, writer.header, self.problem, self.settings, self.index)
            check_same_model(self.path, writer.snapshot(), self.problem)
            writer.note_session()
        except BaseException:
            writer.close()
            raise
        return writer

    def _create(self, lock: WriterLock, target: int) -> ChainWriter:
        settings = self.settings
        start_stream, chain_stream = ensemble_streams(settings.seed, self.index)
        rng = np.random.default_rng(start_stream)
        coords, columns = starting_points(self.problem, settings.walkers, settings.start, rng)
        state = np.random.RandomState(np.random.MT19937(chain_stream)).get_state()
        initial = Snapshot(coords, columns[:, 0], columns[:, 1:], state)
        check_sums(self.problem.blob_names, initial.log_prob, initial.blobs)
        header = make_header(self.problem, settings, self.index, self.config_text)
        capacity = -(-target // settings.thin)
        return ChainWriter.create(self.path, header, initial, capacity, before_write=lock.check)

    def _sample(self, writer: ChainWriter, target: int, stop, tick) -> None:
        """Add blocks until `target` stored steps."""
        settings = self.settings
        now = writer.snapshot()
        state = emcee.State(now.coords, now.log_prob, now.blobs, now.random_state)
        sampler = emcee.EnsembleSampler(
            settings.walkers,
            self.problem.ndim,
            self.problem.log_prob,
            moves=default_moves(),
            vectorize=True,
        )
        if target > writer.iteration:
            ahead = min(int(_GROWTH * writer.iteration), -(-settings.max_steps // settings.thin))
            writer.reserve(max(target, ahead))
        per_block = max(1, settings.checkpoint_steps // settings.thin)
        while writer.iteration < target and not stop():
            count = min(per_block, target - writer.iteration)
            state = self._block(writer, sampler, state, count, stop)
            tick()

    def _block(self, writer, sampler, state, count: int, stop):
        """Make up to `count` stored steps and write them, also when an exception ends them."""
        began = time.perf_counter()
        sampler.reset()
        steps = sampler.sample(
            state,
            iterations=count,
            thin_by=self.settings.thin,
            store=True,
            skip_initial_state_check=True,
        )
        try:
            for state in steps:  # noqa: B007  (the last state goes on to the next block)
                if stop():
                    break
        finally:
            made = sampler.backend
            if made.iteration:
                rows = slice(0, made.iteration)
                blobs = made.blobs[rows].reshape(made.iteration, self.settings.walkers, -1)
                check_sums(self.problem.blob_names, made.log_prob[rows], blobs)
                writer.append(
                    made.chain[rows],
                    made.log_prob[rows],
                    blobs,
                    made.accepted,
                    made.random_state,
                    time.perf_counter() - began,
                )
        return state


def ensemble_path(folder: str | Path, index: int) -> Path:
    """File of one ensemble."""
    return Path(folder) / f"ensemble_{index:02d}.h5"


def ensemble_streams(seed: int, index: int) -> list[np.random.SeedSequence]:
    """Independent streams for the starting points and the chain of one ensemble of a run."""
    return np.random.SeedSequence(seed).spawn(index + 1)[index].spawn(2)


def make_header(problem, settings, index: int, config_text: str) -> ChainHeader:
    """Description of an ensemble for its file."""
    return ChainHeader(
        names=tuple(problem.names),
        physical_names=tuple(p.name for p in problem.parameters),
        units=tuple(p.unit for p in problem.parameters),
        labels=tuple(problem.labels),
        blob_names=tuple(problem.blob_names),
        nwalkers=settings.walkers,
        thin=settings.thin,
        seed=settings.seed,
        ensemble=index,
        config=config_text,
        fingerprint=dict(problem.fingerprint()),
        moves=describe_moves(default_moves()),
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
    differences += changed_parts(header.fingerprint, now.fingerprint)
    if differences:
        raise CrtuneError(
            f"{path}: made for another problem and cannot be continued:\n  "
            + "\n  ".join(differences)
            + "\nRestore these, copy the config to another name, or start anew with --fresh"
        )
