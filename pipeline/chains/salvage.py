"""Saving what can be saved of a damaged chain file; the damaged one stays beside it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np

from pipeline.chains import layout
from pipeline.chains.files import (
    ROWS,
    ChainFile,
    DamagedChainError,
    row_bytes,
)
from pipeline.chains.journal import (
    checksum,
    has_state,
    read_slots,
    rebuilt,
    whole_slots,
)
from pipeline.chains.layout import ChainHeader
from pipeline.files import draft_of, opened
from pipeline.seal import SealError, read_seal
from transport.errors import CrtuneError


def salvage(path: str | Path) -> tuple[int, int]:
    """Make a damaged file anew of all that is whole in it; the original stays as ``*.damaged``.

    The caller holds the ensemble's lock. The description and the starting points are stored twice,
    one whole copy of each is enough. Blocks are kept up to the first whose rows differ from their
    checksum. The chain goes on from there bit for bit, since each block's record carries the
    random state after it.

    Returns
    -------
    steps kept, steps there were (0 if unknown)

    Raises
    ------
    DamagedChainError: nothing can be recovered
    """
    path = Path(path)
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            kept, total = _salvage(path, descriptor)
        finally:
            os.close(descriptor)
    except (SealError, OSError, KeyError, TypeError, ValueError) as error:
        raise DamagedChainError(
            f"{path}: too damaged to recover anything ({str(error).splitlines()[0]}); move it "
            "away and the same command starts this ensemble anew"
        ) from error
    return kept, total


def _salvage(path: Path, descriptor: int) -> tuple[int, int]:
    places = layout.layout_in(read_seal(descriptor, copies=2))
    header = ChainHeader.from_json(_part(descriptor, places, "header")[()].decode())
    parts = {name: _part(descriptor, places, name) for name in places.own_parts}
    file = ChainFile(path, descriptor, places, header)
    journal = places.offsets["journal"], places.block_capacity
    slots = read_slots(descriptor, *journal, header.nwalkers)
    records = _whole_log(file, slots)
    total = max([int(stop) for stop in slots["stop"][whole_slots(slots)]], default=0)
    keep_aside(path)
    with draft_of(path, durable=True) as draft:
        new = layout.create(draft, header, places.capacity, places.block_capacity, parts)
        with opened(draft) as target:
            _fill(file, records, target, new)
    return int(records[-1]["stop"]), total


def _part(descriptor, places, name):
    """An array that never changes, or its copy where it is damaged."""
    try:
        return layout.read_part(descriptor, places, name)
    except SealError:
        return layout.read_part(descriptor, places, f"copy/{name}")


def _whole_log(file: ChainFile, slots: np.ndarray) -> np.ndarray:
    """Records of the longest beginning whose rows are whole and after which the chain can go on.

    A damaged record between two whole ones is put together again where its rows agree with the
    checksum of the data that stands in it.
    """
    whole = whole_slots(slots)
    if not whole[:1].any():
        raise SealError("its first journal record, with the random state, is not whole")
    records = [slots[0]]
    for i in range(1, len(slots)):
        before = records[-1]
        record, start = slots[i], int(before["stop"])
        if not whole[i] and i + 1 < len(slots) and whole[i + 1]:
            record = rebuilt(record, start, int(slots[i + 1]["start"]), before["accepted"])[()]
        elif not whole[i]:
            break
        stop = int(record["stop"])
        if int(record["start"]) != start or not start < stop <= file.places.capacity:
            break
        rows = [file.raw_rows(name, start, stop) for name in ROWS]
        if checksum(rows) != int(record["data_crc"]):
            break
        records.append(record)
    while not has_state(records[-1]):
        records.pop()
    return np.array(records, slots.dtype)


def _fill(file: ChainFile, records, target: int, new: layout.Layout) -> None:
    """Copy the rows, the journal and the counters of `records` into a new file."""
    steps = int(records[-1]["stop"])
    for name in ROWS:
        place = file.places.offsets[name], new.offsets[name]
        layout.copy_rows(file.descriptor, target, *place, steps * row_bytes(file.header, name))
    layout.write_all(target, records.tobytes(), new.offsets["journal"])
    layout.write_all(target, records[-1]["accepted"].tobytes(), new.offsets["accepted"])
    layout.write_all(target, np.int64(steps).tobytes(), new.offsets["iteration"])


def keep_aside(path: Path) -> Path:
    """Copy a damaged file to ``*.damaged``, or the next free name like it.

    A copy, not a move: at no moment is there no file, which would be taken for a new run.

    Raises
    ------
    CrtuneError: no space
    """
    aside, number = path.with_name(path.name + ".damaged"), 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    try:
        shutil.copyfile(path, aside)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise CrtuneError(
            f"{aside}: the damaged file cannot be kept aside ({error.strerror}); free some space"
        ) from error
    return aside
