"""The short version of scripts/check_reliability.py: the same trials, fewer of each."""

import os

import numpy as np
import pytest

from pipeline import files
from pipeline.chains.lock import WriterLock
from tests.reliability import trials
from tests.reliability.mutations import _MUTATIONS, mutate_inputs, mutate_stored
from tests.reliability.stored import stored_files


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def test_kills(tmp_path, rng):
    number = {"chain": 12, "study": 8, "checkpoint": 6, "merge": 2, "verdict": 6}
    assert trials.kills(tmp_path, number, rng) == number


@pytest.mark.slow
def test_kills_of_summaries_and_whole_runs(tmp_path, rng):
    number = {"summary": 4, "run": 4}
    assert sum(trials.kills(tmp_path, number, rng).values()) == 8


def test_flipped_bits(tmp_path, rng):
    seen = trials.flips(tmp_path, 30, rng)
    assert len(seen) == 5
    for kind in ("chain", "result of the study", "nested checkpoint"):
        assert seen[kind]["told"] >= 10


def test_mutated_inputs(tmp_path):
    assert len(_MUTATIONS) > 3
    seen = mutate_inputs(tmp_path, 60, seed=1)
    assert seen["refused"] > 20
    assert seen["read"] > 3


def test_damaged_files_of_a_run(tmp_path):
    stored_files(tmp_path)
    assert mutate_stored(tmp_path / "run", 20, seed=1)["refused"] > 2


def test_full_disks(tmp_path):
    for name in ("Chain", "StudyResult", "NestedCheckpoint"):
        cls = next(c for c in trials.WRITERS if c.__name__ == name)
        assert trials.fill_disk(cls(tmp_path / name), trials.LIMITS[1::2])["told"] > 0


def test_two_writers_with_clocks_an_hour_apart(tmp_path):
    assert min(trials.clocks(tmp_path).values()) > 3


def test_litter_is_removed_by_whoever_comes_next(tmp_path):
    old, young = tmp_path / ".summary.csv.draft-1", tmp_path / ".summary.csv.draft-2"
    lock = tmp_path / f"run.lock.{32 * 'a'}"
    for path in (old, young, lock):
        path.touch()
    for path in (old, lock):
        os.utime(path, (1, 1))
    with files.replacing(tmp_path / "summary.csv") as draft:
        draft.write_text("x")
    with WriterLock(tmp_path / "run"):
        pass
    assert sorted(p.name for p in tmp_path.iterdir()) == [young.name, "summary.csv"]
