"""A flipped bit in a chain file is told, or changes nothing; what is whole can be salvaged."""

import numpy as np
import pytest

from pipeline.chains import layout
from pipeline.chains.files import DamagedChainError, open_chain
from pipeline.chains.journal import record_dtype
from pipeline.chains.reader import read_chain, read_progress
from pipeline.chains.salvage import salvage
from pipeline.chains.writer import ChainWriter
from pipeline.seal import SEAL_BYTES
from tests.pipeline.chain_blocks import WALKERS, block, same_state
from tests.reliability.flips import flip_bits, flipped


def all_of(path):
    """Everything that results are made of, bit for bit."""
    found = read_chain(path)
    rows = (found.chain, found.log_prob, found.blobs, found.accepted)
    with open_chain(path) as file:
        initial = [part.tobytes() for part in file.initial()]
    return found.header, [part.tobytes() for part in rows], read_progress(path), initial


def places_of(path):
    with open_chain(path) as file:
        return file.places


def test_bits_anywhere(filled, rng):
    path = filled[0]
    places, size = places_of(path), path.stat().st_size
    bits = rng.integers(0, 8 * size, 100)
    record = record_dtype(WALKERS).itemsize
    regions = {
        "seal": (0, SEAL_BYTES // 2),
        "structure": (SEAL_BYTES, SEAL_BYTES + 3000),
        "journal": (places.offsets["journal"], places.offsets["journal"] + 10 * record),
        "counter": (places.offsets["iteration"], places.offsets["iteration"] + 8),
        "chain": (places.offsets["chain"], places.offsets["chain"] + 63 * WALKERS * 16),
    }
    seen = flip_bits(path, bits, lambda: all_of(path))
    assert seen["told"] > 0
    for name, (first, last) in regions.items():
        bits = rng.integers(8 * first, 8 * last, 25)
        seen = flip_bits(path, bits, lambda: all_of(path))
        assert seen["told"] >= (1 if name == "seal" else 23), (name, seen)


@pytest.mark.parametrize("number", range(10))
def test_no_record_is_taken_for_the_end_of_the_log(filled, rng, number):
    """Nor does the writer go back: it says what is wrong, and salvage keeps what it can."""
    path, (chain, _, _), states = filled
    record = record_dtype(WALKERS).itemsize
    offset = places_of(path).offsets["journal"] + number * record
    bit = 8 * offset + int(rng.integers(0, 8 * record))
    whole = path.read_bytes()
    path.write_bytes(flipped(whole, bit))
    for use in (ChainWriter, read_chain, read_progress):
        with pytest.raises(DamagedChainError, match="damaged"):
            use(path)
    if number == 0:
        with pytest.raises(DamagedChainError, match="too damaged"):
            salvage(path)
        return
    kept, total = salvage(path)
    # the checksum of the block stands in its record: where that has flipped, the block is lost
    assert kept in ((63, 7 * (number - 1)) if number < 9 else (56,))
    assert total == (63 if number < 9 else 56)
    np.testing.assert_array_equal(read_chain(path).chain, chain[:kept])
    assert path.with_name("ensemble_00.h5.damaged").read_bytes() != whole
    with ChainWriter(path) as writer:
        if kept:
            assert same_state(writer.snapshot().random_state, states[kept // 7 - 1])


def test_the_middle_of_a_journal_is_put_together_again(filled, rng):
    path, (chain, log_prob, _), states = filled
    offset = places_of(path).offsets["journal"] + 3 * record_dtype(WALKERS).itemsize
    path.write_bytes(flipped(path.read_bytes(), 8 * (offset + 100)))
    assert salvage(path) == (63, 63)
    found = read_chain(path)
    np.testing.assert_array_equal(found.chain, chain)
    np.testing.assert_array_equal(found.log_prob, log_prob)
    # later damage right behind it: the chain goes back to where its random state is known
    row = places_of(path).offsets["chain"] + 23 * WALKERS * 16
    path.write_bytes(flipped(path.read_bytes(), 8 * row))
    assert salvage(path) == (14, 63)
    with ChainWriter(path) as writer:
        assert same_state(writer.snapshot().random_state, states[1])
    assert path.with_name("ensemble_00.h5.damaged-2").exists()


@pytest.mark.parametrize("name", ["header", "copy/header", "initial_coords", "structure", "seal"])
def test_what_is_stored_twice_is_saved(filled, name):
    path = filled[0]
    truth, places = all_of(path), places_of(path)
    at = {"structure": SEAL_BYTES + 60, "seal": 100}
    offset = at[name] if name in at else places.parts[name][0] + 10
    path.write_bytes(flipped(path.read_bytes(), 8 * offset + 3))
    with pytest.raises(DamagedChainError, match=r"damaged.*--salvage"):
        read_chain(path)
    assert salvage(path) == (63, 63)
    assert all_of(path) == truth


@pytest.mark.parametrize("counter", [2**40, 64, -1])
def test_step_counter(filled, counter):
    path, _, _ = filled
    truth = all_of(path)
    with open(path, "r+b") as file:
        file.seek(places_of(path).offsets["iteration"])
        file.write(np.int64(counter).tobytes())
    for use in (ChainWriter, read_chain, read_progress):
        with pytest.raises(DamagedChainError, match="counte"):
            use(path)
    assert salvage(path) == (63, 63)
    assert all_of(path) == truth


def test_lost_end_of_a_journal(filled):
    """A sector of zeros looks like the end of the log; the counter knows better."""
    path, (chain, _, _), _ = filled
    size = record_dtype(WALKERS).itemsize
    with open(path, "r+b") as file:
        file.seek(places_of(path).offsets["journal"] + 4 * size)
        file.write(bytes(6 * size))
    with pytest.raises(DamagedChainError, match=r"step 21.*63 steps were counted.*knows of 21"):
        ChainWriter(path)
    assert salvage(path) == (21, 21)
    np.testing.assert_array_equal(read_chain(path).chain, chain[:21])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_torn_record_is_no_damage(filled, rng, monkeypatch, share):
    """What a kill in the middle of writing a record leaves behind."""
    path, (chain, _, _), states = filled
    writer = ChainWriter(path)
    real = layout.write_all

    class Death(BaseException):
        pass

    def torn(descriptor, data, offset):
        size = memoryview(data).cast("B").nbytes
        if size == record_dtype(WALKERS).itemsize:
            real(descriptor, memoryview(data).cast("B")[: int(share * size)], offset)
            raise Death
        real(descriptor, data, offset)

    writer.reserve(100)
    monkeypatch.setattr(layout, "write_all", torn)
    with pytest.raises(Death):
        writer.append(*block(rng, 7), np.ones(WALKERS), states[0])
    monkeypatch.undo()
    np.testing.assert_array_equal(read_chain(path).chain, chain)
    with ChainWriter(path) as again:
        assert again.iteration == 63
