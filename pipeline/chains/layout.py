"""Layout of a chain file: an HDF5 file whose structure never changes while steps are added.

Every data set is contiguous and allocated when the file is made, so adding steps means writing
bytes at known offsets (`pipeline.chains.hdf5_offsets`) and HDF5's own metadata, the part that a
crash can make unreadable, stays untouched. A file is made complete under another name and renamed.

``mcmc`` is the group that emcee's `HDFBackend` reads: chain, log_prob, blobs, accepted and the
attribute ``iteration``. ``crtune`` holds what describes the run, the starting points, and the
journal: one record per block with its checksum and the random state after it. A block counts once
its record is complete, so the last valid record is the state of the run.
"""

from __future__ import annotations

import json
import os
import secrets
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path

import emcee
import h5py
import numpy as np

from pipeline.chains.hdf5_offsets import allocate, array_offset, attribute_offset, find_once

FORMAT_VERSION = 1
RECORD_MAGIC = b"crtblock"
_COPY_CHUNK = 1 << 24


SHARED_BY_ENSEMBLES = ("names", "blob_names", "nwalkers", "thin", "seed")
"""Of a `ChainHeader`: what all ensembles of a run have in common, beside the fingerprint."""


@dataclass(frozen=True)
class ChainHeader:
    """Everything about an ensemble that does not change from step to step.

    Attributes
    ----------
    names, physical_names, units, labels : (ndim,) coordinate names, parameter names, units, LaTeX
    blob_names : columns that come with the log-probability
    nwalkers, thin : walkers, and steps made for each step stored
    seed, ensemble : of the run, and which of its independent ensembles this is
    config : the resolved config as text
    fingerprint : named parts that must stay the same when the chain is continued
    moves : the mix of moves in words
    sessions : one record for each origin (versions, commit, host) that added steps
    """

    names: tuple[str, ...]
    physical_names: tuple[str, ...]
    units: tuple[str, ...]
    labels: tuple[str, ...]
    blob_names: tuple[str, ...]
    nwalkers: int
    thin: int = 1
    seed: int = 0
    ensemble: int = 0
    config: str = ""
    fingerprint: dict[str, str] = field(default_factory=dict)
    moves: str = ""
    sessions: tuple[dict, ...] = ()

    @property
    def ndim(self) -> int:
        return len(self.names)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ChainHeader:
        fields = json.loads(text)
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()})


def record_dtype(nwalkers: int) -> np.dtype:
    """One journal record: a block of steps, when and how fast it was made, the state after it."""
    return np.dtype(
        [
            ("magic", "S8"),
            ("start", "<i8"),
            ("stop", "<i8"),
            ("time", "<f8"),  # unix time at the end of the block
            ("seconds", "<f8"),  # wall time of the block
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


def seal(record: np.ndarray) -> np.ndarray:
    """Write the checksum of a record (0-d structured array) into it."""
    record["magic"] = RECORD_MAGIC
    record["record_crc"] = _record_crc(record)
    return record


def is_sealed(record: np.ndarray) -> bool:
    """Whether a record was written completely."""
    return bytes(record["magic"]) == RECORD_MAGIC and int(record["record_crc"]) == _record_crc(
        record
    )


def _record_crc(record) -> int:
    return zlib.crc32(np.asarray(record).tobytes()[:-4])


@dataclass(frozen=True)
class Layout:
    """Where in the file each array begins, and how many steps and blocks it has room for."""

    offsets: dict[str, int]
    capacity: int
    block_capacity: int


def create(path: Path, header: ChainHeader, capacity: int, block_capacity: int, initial) -> Layout:
    """Make a complete file with no steps; `initial` is (coords, log_prob, blobs).

    Raises
    ------
    OSError: no space, no permission
    """
    sentinel = secrets.randbits(62) | (1 << 61)  # marks where `iteration` is stored
    blobs = np.dtype([(name, "<f8") for name in header.blob_names])
    walkers, ndim = header.nwalkers, header.ndim
    with h5py.File(path, "w", libver="earliest", locking=False) as file:
        group = file.create_group("mcmc")
        group.attrs["version"] = emcee.__version__
        group.attrs["nwalkers"] = walkers
        group.attrs["ndim"] = ndim
        group.attrs["has_blobs"] = True
        group.attrs.create("iteration", sentinel, dtype="<i8")
        own = file.create_group("crtune")
        own.attrs["format"] = FORMAT_VERSION
        own["header"] = header.to_json()
        own["config"] = header.config
        own["names"] = [n.encode() for n in header.names]
        own["units"] = [n.encode() for n in header.units]
        own["labels"] = [n.encode() for n in header.labels]
        for name, values in zip(("coords", "log_prob", "blobs"), initial, strict=True):
            own[f"initial_{name}"] = np.ascontiguousarray(values, dtype="<f8")
        allocate(group, "accepted", (walkers,), np.dtype("<f8"))
        allocate(own, "journal", (block_capacity,), record_dtype(walkers))
        allocate(group, "log_prob", (capacity, walkers), np.dtype("<f8"))
        allocate(group, "blobs", (capacity, walkers), blobs)
        allocate(group, "chain", (capacity, walkers, ndim), np.dtype("<f8"))
    _reserve_space(path)
    offset = find_once(path, sentinel)
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(np.int64(0).tobytes())
    layout = read_layout(path)
    if layout.offsets["iteration"] != offset:
        raise OSError(f"{path}: HDF5 placed the step counter where it cannot be updated")
    return layout


def _reserve_space(path: Path) -> None:
    """Make the file system promise the blocks now: a full disk shows here, not in mid-run."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        size = os.fstat(descriptor).st_size
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
    finally:
        os.close(descriptor)


def read_layout(path: Path) -> Layout:
    """Offsets of an existing file.

    Raises
    ------
    OSError, KeyError: not a readable chain file
    """
    with h5py.File(path, "r", locking=False) as file:
        group, own = file["mcmc"], file["crtune"]
        offsets = {name: array_offset(group[name]) for name in _ARRAYS}
        offsets["journal"] = array_offset(own["journal"])
        capacity, block_capacity = len(group["chain"]), len(own["journal"])
        iteration = int(group.attrs["iteration"])
    offsets["iteration"] = attribute_offset(path, "iteration", iteration)
    return Layout(offsets, capacity, block_capacity)


_ARRAYS = ("chain", "log_prob", "blobs", "accepted")


def copy_rows(source: int, destination: int, from_offset: int, to_offset: int, size: int) -> None:
    """Copy `size` bytes between open files."""
    done = 0
    while done < size:
        piece = os.pread(source, min(_COPY_CHUNK, size - done), from_offset + done)
        if not piece:
            raise OSError("unexpected end of file while copying")
        write_all(destination, piece, to_offset + done)
        done += len(piece)


def write_all(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    """`os.pwrite` until everything is written."""
    view = memoryview(data).cast("B")
    while view.nbytes:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written
