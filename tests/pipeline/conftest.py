"""Runs and chain files that several tests look at."""

import numpy as np
import pytest

from pipeline.chains.journal import Cost
from pipeline.cluster import slurm
from tests.pipeline.chain_blocks import WALKERS, block, make_writer
from tests.pipeline.shares import RULES
from tests.pipeline.toy_run import toy_run


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The chains that every other way of running must reproduce: 2 ensembles of 200 steps."""
    folder = tmp_path_factory.mktemp("reference") / "run"
    outcome = toy_run(folder).execute(progress=False)
    assert outcome.exit_code == 3
    return folder


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """The run that one process makes; it converges after several rounds."""
    folder = tmp_path_factory.mktemp("serial") / "run"
    outcome = toy_run(folder, **RULES).execute(progress=False)
    assert outcome.exit_code == 0
    assert outcome.verdict.steps > 60
    return folder


@pytest.fixture
def fake_slurm(tmp_path, monkeypatch):
    """Notes what would be submitted; the queue is empty."""
    sent = []

    def call(*command):
        sent.append(command)
        return f"{10 + len(sent)}\n" if command[0] == "sbatch" else ""

    monkeypatch.setattr(slurm, "_call", call)
    monkeypatch.setattr(slurm.shutil, "which", lambda name: f"/usr/bin/{name}")
    return sent


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.fixture
def filled(tmp_path, rng):
    """A file of 9 blocks of 7 steps, grown on the way, and what is in it."""
    path = tmp_path / "ensemble_00.h5"
    writer, _ = make_writer(path, rng)
    random = np.random.RandomState(4)
    blocks, states = [], []
    for _ in range(9):
        rows = block(rng, 7)
        random.normal(size=3)  # leaves a cached Gaussian behind
        writer.append(*rows, np.arange(WALKERS), random.get_state(), Cost(seconds=0.5))
        blocks.append(rows)
        states.append(random.get_state())
    writer.close()
    return path, [np.concatenate(parts) for parts in zip(*blocks, strict=True)], states
