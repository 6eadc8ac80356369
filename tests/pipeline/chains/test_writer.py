"""Chain files: complete or absent, readable by anyone at any time."""

import fcntl
import subprocess
import sys
import time
from pathlib import Path

import emcee
import h5py
import numpy as np
import pytest

from pipeline.chains import writer as storage
from pipeline.chains.files import read_header
from pipeline.chains.reader import read_chain, read_journal, read_progress
from pipeline.chains.writer import ChainWriter
from tests.pipeline.chain_blocks import (
    NDIM,
    WALKERS,
    WRITER,
    block,
    make_header,
    make_writer,
    same_state,
)
from transport.errors import CrtuneError


def test_reads_back_what_was_written(filled):
    path, (chain, log_prob, blobs), states = filled
    found = read_chain(path)
    np.testing.assert_array_equal(found.chain, chain)
    np.testing.assert_array_equal(found.log_prob, log_prob)
    np.testing.assert_array_equal(found.blobs, blobs)
    np.testing.assert_array_equal(found.accepted, 9 * np.arange(WALKERS))
    assert found.iteration == 63
    assert found.header.config == make_header().config
    with ChainWriter(path) as writer:
        now = writer.snapshot()
        np.testing.assert_array_equal(now.coords, chain[-1])
        np.testing.assert_array_equal(now.blobs, blobs[-1])
        assert same_state(now.random_state, states[-1])


def test_part_of_a_chain(filled):
    path, (chain, _, _), _ = filled
    np.testing.assert_array_equal(read_chain(path, 10, 50, 4).chain, chain[10:50:4])
    assert len(read_chain(path, 100).chain) == 0
    assert read_progress(path) == (63, pytest.approx(9 * np.arange(WALKERS).mean() / 63))


def test_emcee_opens_it(filled):
    path, (chain, log_prob, blobs), _ = filled
    backend = emcee.backends.HDFBackend(str(path), read_only=True)
    assert backend.iteration == 63
    assert tuple(backend.shape) == (WALKERS, NDIM)
    np.testing.assert_array_equal(backend.get_chain(), chain)
    np.testing.assert_array_equal(backend.get_log_prob(), log_prob)
    found = backend.get_blobs()
    assert found.dtype.names == ("log_prior", "log_likelihood_one")
    np.testing.assert_array_equal(found["log_likelihood_one"], blobs[..., 1])
    np.testing.assert_array_equal(backend.accepted, 9 * np.arange(WALKERS))
    np.testing.assert_array_equal(backend.get_last_sample().coords, chain[-1])


def test_provenance_is_in_the_file(filled):
    header = read_header(filled[0])
    assert header.units == ("", "pc")
    assert header.labels[1] == r"$\log_{10} b$"
    assert header.fingerprint == {"data": "1234"}
    (session,) = header.sessions
    assert session["versions"]["emcee"] == emcee.__version__
    assert {"commit", "dirty"} == set(session["git"])
    journal = read_journal(filled[0])
    np.testing.assert_array_equal(journal["stop"], 7 * np.arange(1, 10))
    np.testing.assert_array_equal(journal["seconds"], 0.5)


def test_starting_points_are_the_state_before_the_first_step(tmp_path, rng):
    writer, state = make_writer(tmp_path / "e.h5", rng)
    writer.close()
    with ChainWriter(tmp_path / "e.h5") as writer:
        assert writer.iteration == 0
        np.testing.assert_array_equal(writer.snapshot().coords, state.coords)
        assert same_state(writer.snapshot().random_state, state.random_state)


def test_another_origin_is_noted_once(filled, monkeypatch):
    path, (chain, _, _), _ = filled
    other = {**storage.session(), "host": "elsewhere"}
    monkeypatch.setattr(storage, "session", lambda: other)
    for _ in range(2):
        with ChainWriter(path) as writer:
            writer.note_session()
    assert [s["host"] for s in read_header(path).sessions][1:] == ["elsewhere"]
    np.testing.assert_array_equal(read_chain(path).chain, chain)


def test_more_blocks_than_the_journal_had_room_for(tmp_path, rng, monkeypatch):
    monkeypatch.setattr(storage, "_BLOCKS_PER_ALLOCATION", 4)
    writer, state = make_writer(tmp_path / "e.h5", rng, capacity=100)
    rows = [block(rng, 1) for _ in range(20)]
    for row in rows:
        writer.append(*row, np.zeros(WALKERS), state.random_state)
    writer.close()
    np.testing.assert_array_equal(
        read_chain(tmp_path / "e.h5").chain, np.concatenate([r[0] for r in rows])
    )


def test_no_lock_of_the_file_system_is_asked_for(filled, rng):
    """Network file systems refuse such locks, or keep those of the dead."""
    path, (chain, _, _), states = filled
    with open(path, "rb") as somebody:
        fcntl.flock(somebody, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError):  # what HDF5 does unless it is told otherwise
            h5py.File(path, "r")
        with ChainWriter(path) as writer:
            writer.append(*block(rng, 7), np.ones(WALKERS), states[0])
        np.testing.assert_array_equal(read_chain(path).chain[:63], chain)
        assert read_progress(path)[0] == 70


def test_create_refuses_to_overwrite(filled, rng):
    with pytest.raises(CrtuneError, match="exists already"):
        make_writer(filled[0], rng)


def test_reader_never_disturbs_the_writer(tmp_path, rng):
    """Read as fast as possible, with emcee's own locking reader too, while blocks are added."""
    path = tmp_path / "ensemble_00.h5"
    code = WRITER.format(root=str(Path(__file__).resolve().parents[3]))
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as p:
        p.stdout.readline()
        seen, until = [], time.monotonic() + 1.0
        while time.monotonic() < until:
            found = read_chain(path)
            np.testing.assert_array_equal(found.chain[:, 0, 0], np.arange(found.iteration))
            seen.append(found.iteration)
            with h5py.File(path, "r"):  # holds HDF5's shared lock meanwhile
                time.sleep(0.002)
        assert p.poll() is None
        p.kill()
    assert len(set(seen)) > 3
    assert seen == sorted(seen)
