"""Everything that writes a result, each in a form that can be repeated, killed and checked."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.chains.reader import read_chain
from pipeline.chains.writer import ChainWriter
from pipeline.cluster.shares import judge
from pipeline.figures.style import new_figure, save_figure
from pipeline.posterior.load import load_run
from pipeline.posterior.summary import summarize, write_csv
from pipeline.posterior.verdict import Verdict
from pipeline.sampling.ensemble import ensemble_path
from pipeline.tuning.estimators.checkpoint import Checkpoint
from pipeline.tuning.study import store
from tests.pipeline.chain_blocks import NDIM, WALKERS, make_writer
from tests.pipeline.toy_run import toy_run

LONG = 2000  # steps after which a chain begins anew


class Writer:
    """One kind of file in a folder of its own."""

    name: str

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True)

    def prepare(self, number: int) -> None:
        """What somebody else has written before `write`."""

    def write(self, number: int) -> None:
        """Write once more; what is written depends on `number`."""
        raise NotImplementedError

    def check(self) -> int:
        """Raise AssertionError unless all files are whole; how far the writer has got."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what `write` has opened."""


class Chain(Writer):
    """Blocks of an ensemble, with growing files; the writer is opened anew after every kill."""

    name = "chain"

    def __init__(self, folder):
        super().__init__(folder)
        self.path, self._writer, self._before = folder / "ensemble_00.h5", None, 0
        make_writer(self.path, np.random.default_rng(1))[0].close()

    def write(self, number):
        if self._writer is None:
            self._writer = ChainWriter(self.path)
        n = self._writer.iteration
        steps = np.broadcast_to(np.arange(n, n + 5.0)[:, None, None], (5, WALKERS, NDIM))
        state = np.random.RandomState(n + 5).get_state()
        lines = steps[..., 0]
        blobs = np.stack([lines] * 2, -1)
        self._writer.append(steps, lines, blobs, np.ones(WALKERS), state)

    def close(self):
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def check(self):
        found = read_chain(self.path)
        assert np.array_equal(found.chain[:, 0, 0], np.arange(found.iteration))
        with ChainWriter(self.path) as writer:
            assert writer.iteration == found.iteration
            if writer.iteration:
                expected = np.random.RandomState(writer.iteration).get_state()[1]
                assert np.array_equal(writer.snapshot().random_state[1], expected)
        done = self._before + found.iteration
        if found.iteration > LONG:  # reading it all after every kill would take ever longer
            self._before = done
            self.path.unlink()
            make_writer(self.path, np.random.default_rng(1))[0].close()
        return done


@dataclass(frozen=True)
class Result:
    """As a measure of tuning stores it."""

    numbers: np.ndarray
    number: int


class StudyResult(Writer):
    name = "study"

    def write(self, number):
        store.save(self.folder / "r.h5", Result(np.full(5000, float(number)), number), str(number))

    def check(self):
        found = store.load(self.folder / "r.h5", Result)
        if found is None:
            return -1
        assert (found.numbers == found.number).all()
        assert store.load(self.folder / "r.h5", Result, str(found.number)) is not None
        return found.number


class NestedCheckpoint(Writer):
    """nautilus's own file changes in place; the copies must be whole."""

    name = "checkpoint"

    def prepare(self, number):
        live = Checkpoint(self.folder / "nested.hdf5").live
        live.write_bytes(np.full(20_000, number).tobytes())

    def write(self, number):
        Checkpoint(self.folder / "nested.hdf5").keep()

    def check(self):
        told = []
        kept = Checkpoint(self.folder / "nested.hdf5", told.append)
        kept.restore()
        assert not told, told
        if not kept.live.exists():
            return -1
        numbers = np.frombuffer(kept.live.read_bytes(), dtype=int)
        assert numbers.size == 20_000
        assert (numbers == numbers[0]).all()
        return int(numbers[0])


class FromRun(Writer):
    """What is made of a finished run."""

    def __init__(self, folder):
        super().__init__(folder)
        toy_run(folder / "run", min_steps=40, max_steps=40).execute(
            progress=False, notify=lambda text: None
        )
        self.run = folder / "run"
        self.posterior = load_run(self.run)
        self.rows = summarize(self.posterior)


class Summary(FromRun):
    """summary.csv, posterior.nc and a figure."""

    name = "summary"

    def write(self, number):
        write_csv(self.rows, self.posterior, self.folder / "summary.csv")
        self.posterior.save_netcdf(self.folder / "posterior.nc")
        figure = new_figure(2, 2)
        figure.add_subplot().plot([0, number])
        save_figure(figure, self.folder / "figure")

    def check(self):
        import xarray

        done = 0
        if (path := self.folder / "summary.csv").exists():
            with open(path, newline="") as file:
                assert len(list(csv.DictReader(file))) == len(self.rows)
            done += 1
        if (path := self.folder / "posterior.nc").exists():
            with xarray.open_datatree(path, engine="h5netcdf") as tree:
                assert tree["posterior"].sizes["draw"] == self.posterior.chain.shape[1]
            done += 1
        if (path := self.folder / "figure.png").exists():
            assert path.read_bytes().endswith(b"IEND\xaeB`\x82")
            done += 1
        if (path := self.folder / "figure.pdf").exists():
            assert path.read_bytes().rstrip().endswith(b"%%EOF")
            done += 1
        return 0


class Merge(FromRun):
    """The job that judges a run whose ensembles other jobs have extended."""

    name = "merge"

    def write(self, number):
        (self.run / "convergence.json").unlink(missing_ok=True)
        judge(toy_run(self.run, min_steps=40, max_steps=40))

    def check(self):
        path = self.run / "convergence.json"
        if path.exists():
            assert Verdict.load(self.run).steps == 40
        assert read_chain(ensemble_path(self.run, 0)).iteration == 40
        return 0


class VerdictFile(FromRun):
    name = "verdict"

    def write(self, number):
        replace(self.posterior.verdict, burn_in=number).save(self.folder)

    def check(self):
        there = (self.folder / "convergence.json").exists()
        return Verdict.load(self.folder).burn_in if there else 0


WRITERS = (Chain, StudyResult, NestedCheckpoint, Summary, Merge, VerdictFile)
