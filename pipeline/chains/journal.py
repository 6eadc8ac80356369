"""The journal of a chain file: one record for each block of steps, and where its log ends.

A block's rows are on disk before its record is written, and the step counter follows after that.
So three things can be told apart: the **end** of the log is a slot that was never written; a
**torn tail** is one slot whose writing was cut short, which lacks its beginning or its end;
anything else is **damage**: a record with both ends and another checksum, whole records behind a
bad one, or a step counter that the journal does not know.
"""

from __future__ import annotations

import os
import time
import zlib
from dataclasses import dataclass

import numpy as np

_MAGIC = b"crtblock"
_NO_STATE = -1  # in rng_has_gauss: a record put together again, whose random state is unsure


@dataclass(frozen=True)
class Log:
    """What a journal says.

    Attributes
    ----------
    records : whole records from the first on, up to the end, the torn tail or the damage
    damage : what is wrong behind them, in words; "" if nothing
    total : steps that there were at least
    """

    records: np.ndarray
    damage: str
    total: int


@dataclass(frozen=True)
class Cost:
    """What steps have cost: wall time, CPU time, evaluations of the model."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    evaluations: int = 0


def record_dtype(nwalkers: int) -> np.dtype:
    """One journal record: a block of steps, when and how fast it was made, the state after it."""
    return np.dtype(
        [
            ("magic", "S8"),
            ("start", "<i8"),
            ("stop", "<i8"),
            ("time", "<f8"),  # unix time at the end of the block
            ("seconds", "<f8"),  # wall time of the block
            ("cpu_seconds", "<f8"),
            ("evaluations", "<i8"),  # of the model
            ("data_crc", "<u4"),
            ("rng_pos", "<i4"),
            ("rng_has_gauss", "<i4"),
            ("rng_reserved", "<i4"),
            ("rng_gauss", "<f8"),
            ("rng_key", "<u4", (624,)),
            ("accepted", "<f8", (nwalkers,)),
            ("record_crc", "<u4"),
        ]
    )


def make_record(start, stop, cost, crc, accepted, random_state) -> np.ndarray:
    """A record (0-d structured array) with its checksum.

    Parameters
    ----------
    start, stop : stored steps before and after the block
    cost : `Cost` of the block
    crc : of its rows, `checksum`
    accepted : (nwalkers,) accepted proposals since the first step
    random_state : after the block, as of `numpy.random.RandomState.get_state`
    """
    record = np.zeros((), record_dtype(len(accepted)))
    _, key, position, has_gauss, gauss = random_state
    record["magic"] = _MAGIC
    record["start"], record["stop"], record["data_crc"] = start, stop, crc
    record["time"], record["seconds"] = time.time(), cost.seconds
    record["cpu_seconds"], record["evaluations"] = cost.cpu_seconds, cost.evaluations
    record["accepted"] = accepted
    record["rng_key"], record["rng_pos"] = key, position
    record["rng_has_gauss"], record["rng_gauss"] = has_gauss, gauss
    return _sealed(record)


def random_state(record) -> tuple:
    """The random state that a record holds."""
    key = np.array(record["rng_key"], dtype=np.uint32)
    position, has_gauss = int(record["rng_pos"]), int(record["rng_has_gauss"])
    return ("MT19937", key, position, has_gauss, float(record["rng_gauss"]))


def has_state(record) -> bool:
    """Whether a chain can go on after this block."""
    return int(record["rng_has_gauss"]) != _NO_STATE


def rebuilt(damaged, start: int, stop: int, accepted) -> np.ndarray:
    """A damaged record in the middle of a log, from what its neighbours say of it.

    Its rows still have to agree with the checksum of the data that stands in it.
    """
    record = np.zeros((), damaged.dtype)
    record["magic"] = _MAGIC
    record["start"], record["stop"], record["data_crc"] = start, stop, damaged["data_crc"]
    record["accepted"], record["rng_has_gauss"] = accepted, _NO_STATE
    return _sealed(record)


def checksum(parts) -> int:
    """CRC-32 of the rows of a block: chain, log_prob, blobs one after the other."""
    crc = 0
    for part in parts:
        crc = zlib.crc32(part, crc)
    return crc


def read_slots(descriptor: int, offset: int, capacity: int, nwalkers: int) -> np.ndarray:
    """All slots of a journal, written or not; fewer if the file is cut."""
    dtype = record_dtype(nwalkers)
    raw = os.pread(descriptor, capacity * dtype.itemsize, offset)
    return np.frombuffer(raw[: len(raw) // dtype.itemsize * dtype.itemsize], dtype)


def whole_slots(slots: np.ndarray) -> np.ndarray:
    """(n,) whether each slot holds a record that agrees with its checksum."""
    size, raw = slots.dtype.itemsize, memoryview(slots.tobytes())
    good = slots["magic"] == _MAGIC
    for i in np.flatnonzero(good):
        good[i] = zlib.crc32(raw[i * size : (i + 1) * size - 4]) == int(slots["record_crc"][i])
    return good


def read_log(descriptor: int, places, nwalkers: int) -> Log:
    """The journal of an open chain file of a `pipeline.chains.layout.Layout`.

    It may be growing meanwhile.
    """
    # before the journal: a writer adds a record first and counts its steps afterwards
    counter = os.pread(descriptor, 8, places.offsets["iteration"])
    slots = read_slots(descriptor, places.offsets["journal"], places.block_capacity, nwalkers)
    return judge(slots, int.from_bytes(counter, "little", signed=True))


def judge(slots: np.ndarray, counter: int) -> Log:
    """Tell the end of a log, a torn tail and damage apart; `counter` is the step counter."""
    whole = whole_slots(slots)
    n = int(np.argmin(whole)) if not whole.all() else len(slots)
    in_order = np.append(0, slots["stop"][: max(n - 1, 0)]) == slots["start"][:n]
    n = n if in_order.all() else int(np.argmin(in_order))
    records = slots[:n]
    stops = records["stop"].tolist()
    last = stops[-1] if stops else 0
    known = [int(stop) for stop in slots["stop"][whole]]
    total = max([last, *known])
    damage = ""
    if n < len(slots) and (whole[n:].any() or _spoilt(slots[n])):
        damage = "a record of the journal differs from its checksum"
    elif counter > last:
        damage = f"{counter} steps were counted, and the journal knows of {last}"
    elif counter not in stops:
        damage = f"the step counter stands at {counter}, where no block ends"
    return Log(records, damage, total)


def _spoilt(slot) -> bool:
    """Whether a slot that is not whole has both its ends, so that writing it was not cut short."""
    raw = slot.tobytes()
    return any(raw[:8]) and any(raw[-4:])


def _sealed(record: np.ndarray) -> np.ndarray:
    record["record_crc"] = zlib.crc32(record.tobytes()[:-4])
    return record
