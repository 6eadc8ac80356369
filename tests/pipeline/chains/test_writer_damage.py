"""Chain files of processes that die, on disks that fill, with bytes that flip."""

import errno
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

from pipeline.chains import layout as chain_layout
from pipeline.chains.files import DamagedChainError
from pipeline.chains.reader import read_chain, read_progress
from pipeline.chains.salvage import salvage
from pipeline.chains.writer import ChainWriter
from tests.pipeline.chain_blocks import (
    NDIM,
    WALKERS,
    WRITER,
    block,
    make_writer,
    same_state,
)
from transport.errors import CrtuneError


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


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "it is empty; .* move it away"), (b"not HDF5 at all" * 100, "cannot be opened")],
)
def test_no_hdf5(tmp_path, content, told):
    path = tmp_path / "ensemble_00.h5"
    path.write_bytes(content)
    with pytest.raises(DamagedChainError, match=told):
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


def test_sigkill_while_writing(tmp_path):
    """Kill a process that does nothing but write (and grow) a few times at random moments."""
    path = tmp_path / "ensemble_00.h5"
    code = WRITER.format(root=str(Path(__file__).resolve().parents[3]))
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
