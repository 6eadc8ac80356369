"""Chain files: complete or absent, whole after a kill, readable by anyone at any time."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import emcee
import h5py
import numpy as np
import pytest

from pipeline import chain_layout, storage
from pipeline.chain_files import DamagedChainError, read_header
from pipeline.chain_layout import ChainHeader
from pipeline.chain_reader import read_chain, read_journal, read_progress, salvage
from pipeline.storage import ChainWriter, Snapshot
from transport.errors import CrtuneError

WALKERS, NDIM = 6, 2


def make_header(**changes):
    fields = {
        "names": ("a", "log10_b"),
        "physical_names": ("a", "b"),
        "units": ("", "pc"),
        "labels": ("$a$", r"$\log_{10} b$"),
        "blob_names": ("log_prior", "log_likelihood_one"),
        "nwalkers": WALKERS,
        "config": "x = 1\n" * 20_000,  # longer than an HDF5 attribute may be
        "fingerprint": {"data": "1234"},
        "seed": 5,
    }
    return ChainHeader(**{**fields, **changes})


def block(rng, n):
    shape = (n, WALKERS)
    return rng.normal(size=(*shape, NDIM)), rng.normal(size=shape), rng.normal(size=(*shape, 2))


def make_writer(path, rng, capacity=10):
    coords, log_prob, blobs = (rows[0] for rows in block(rng, 1))
    state = Snapshot(coords, log_prob, blobs, np.random.RandomState(3).get_state())
    return ChainWriter.create(path, make_header(), state, capacity), state


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
        writer.append(*rows, np.arange(WALKERS), random.get_state(), seconds=0.5)
        blocks.append(rows)
        states.append(random.get_state())
    writer.close()
    return path, [np.concatenate(parts) for parts in zip(*blocks, strict=True)], states


def same_state(first, second):
    return first[0] == second[0] and all(
        np.array_equal(a, b) for a, b in zip(first[1:], second[1:], strict=True)
    )


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


@pytest.mark.parametrize("dies_at", ["rows", "record", "publish"])
def test_death_between_two_writes_loses_at_most_the_block(filled, rng, monkeypatch, dies_at):
    """Let the process 'die' (an exception nobody handles) at each stage of an append."""
    path, (chain, _, _), states = filled
    writer = ChainWriter(path)
    writer.reserve(100)
    journal = writer._layout.offsets["journal"]
    counter = writer._layout.offsets["iteration"]
    real = chain_layout.write_all

    class Death(BaseException):
        pass

    def fatal(descriptor, data, offset):
        size = memoryview(data).cast("B").nbytes
        is_record = journal <= offset < journal + writer._layout.block_capacity * size
        stage = "publish" if offset == counter else "record" if is_record else "rows"
        if stage == dies_at:
            real(descriptor, memoryview(data).cast("B")[: size // 2], offset)  # torn
            raise Death
        real(descriptor, data, offset)

    monkeypatch.setattr(chain_layout, "write_all", fatal)
    rows, last = block(rng, 7), np.random.RandomState(9).get_state()
    with pytest.raises(Death):
        writer.append(*rows, np.ones(WALKERS), last)
    monkeypatch.undo()
    with ChainWriter(path) as again:
        complete = dies_at == "publish"
        assert again.iteration == (70 if complete else 63)
        assert same_state(again.snapshot().random_state, last if complete else states[-1])
        expected = np.concatenate([chain, rows[0]]) if complete else chain
        np.testing.assert_array_equal(read_chain(path).chain, expected)
        again.append(*rows, np.ones(WALKERS), last)  # and the run goes on
    assert read_progress(path)[0] == (77 if complete else 70)


def test_full_disk_while_growing_keeps_the_old_file(filled, rng, monkeypatch):
    path, (chain, _, _), _ = filled
    before = path.read_bytes()

    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with (
        ChainWriter(path) as writer,
        pytest.raises(CrtuneError, match=r"No space left.*63 steps.*safe.*free some space"),
    ):
        writer.reserve(10_000)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
    np.testing.assert_array_equal(read_chain(path).chain, chain)


def test_full_disk_while_appending_keeps_what_was_stored(filled, rng, monkeypatch):
    path, _, states = filled
    writer = ChainWriter(path)
    writer.reserve(100)

    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(CrtuneError, match="free some space and give the same command again"):
        writer.append(*block(rng, 7), np.ones(WALKERS), states[0])
    monkeypatch.undo()
    writer.close()
    with ChainWriter(path) as again:
        assert again.iteration == 63
        assert same_state(again.snapshot().random_state, states[-1])


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_file_system_that_really_fills(tmp_path, rng):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(small)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this root may not mount")
    try:
        path = small / "ensemble_00.h5"
        writer, state = make_writer(path, rng, capacity=7)
        written = []

        def fill():
            while True:
                rows = block(rng, 7)
                writer.append(*rows, np.zeros(WALKERS), state.random_state)
                written.append(rows[0])

        with pytest.raises(CrtuneError, match="No space left"):
            fill()
        writer.close()
        assert written
        np.testing.assert_array_equal(read_chain(path).chain, np.concatenate(written))
        with ChainWriter(path) as again:
            assert again.iteration == 7 * len(written)
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_truncated_file_is_named_and_salvaged(filled):
    path, (chain, _, _), states = filled
    writer = ChainWriter(path)
    row = writer._layout.offsets["chain"] + 40 * WALKERS * NDIM * 8
    writer.close()
    os.truncate(path, row)  # within the sixth block of 7
    for use in (ChainWriter, read_chain):
        with pytest.raises(DamagedChainError, match=rf"{path}: damaged.*--salvage"):
            use(path)
    assert salvage(path) == (35, 63)
    assert path.with_name("ensemble_00.h5.damaged").exists()
    with ChainWriter(path) as again:
        assert same_state(again.snapshot().random_state, states[4])
    np.testing.assert_array_equal(read_chain(path).chain, chain[:35])


def test_flipped_byte_is_noticed(filled):
    path, (chain, _, _), _ = filled
    writer = ChainWriter(path)
    offset = writer._layout.offsets["chain"] + 30 * WALKERS * NDIM * 8
    writer.close()
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(b"\x7f")
    with pytest.raises(DamagedChainError, match="damaged after step 28 of 63"):
        ChainWriter(path)
    assert salvage(path) == (28, 63)
    np.testing.assert_array_equal(read_chain(path).chain, chain[:28])


@pytest.mark.parametrize("content", [b"", b"not HDF5 at all" * 100])
def test_no_hdf5(tmp_path, content):
    path = tmp_path / "ensemble_00.h5"
    path.write_bytes(content)
    with pytest.raises(DamagedChainError, match="cannot be opened"):
        read_chain(path)
    with pytest.raises(DamagedChainError, match="too damaged to recover"):
        salvage(path)
    assert path.read_bytes() == content


def test_other_hdf5_and_no_file(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(CrtuneError, match="no chain file of crtune"):
        read_chain(tmp_path / "other.h5")
    with pytest.raises(CrtuneError, match="no such chain file"):
        read_chain(tmp_path / "none.h5")


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


WRITER = """
import sys
import numpy as np
sys.path.insert(0, {root!r})
from tests.pipeline.test_storage import *
rng = np.random.default_rng(1)
path = Path(sys.argv[1])
if path.exists():
    writer = ChainWriter(path)
else:
    writer, _ = make_writer(path, rng)
random = np.random.RandomState(0)
print("ready", flush=True)
while True:
    n = writer.iteration
    steps = np.arange(n, n + 5.0)
    chain = np.broadcast_to(steps[:, None, None], (5, WALKERS, NDIM))
    log_prob = chain[..., 0]
    random.seed(n + 5)
    blobs = np.stack([log_prob] * 2, -1)
    writer.append(chain, log_prob, blobs, np.ones(WALKERS), random.get_state())
"""


def test_sigkill_while_writing(tmp_path):
    """Kill a process that does nothing but write (and grow) a few times at random moments."""
    path = tmp_path / "ensemble_00.h5"
    code = WRITER.format(root=str(Path(__file__).resolve().parents[2]))
    rng = np.random.default_rng(5)
    last = 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(rng.uniform(0.05, 0.3))
            process.send_signal(signal.SIGKILL)
        emcee.backends.HDFBackend(str(path), read_only=True).get_chain()  # opens for anyone
        with ChainWriter(path) as writer:
            n = writer.iteration
            state = writer.snapshot().random_state
        assert n > last
        last = n
        assert same_state(state, np.random.RandomState(n).get_state())
        np.testing.assert_array_equal(read_chain(path).chain[:, 0, 0], np.arange(n))


def test_reader_never_disturbs_the_writer(tmp_path, rng):
    """Read as fast as possible, with emcee's own locking reader too, while blocks are added."""
    path = tmp_path / "ensemble_00.h5"
    code = WRITER.format(root=str(Path(__file__).resolve().parents[2]))
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
