"""Layout of a chain file: an HDF5 file whose structure never changes while steps are added.

Every data set is contiguous and allocated when the file is made, so adding steps means writing
bytes at known offsets (`pipeline.chains.hdf5_offsets`) and HDF5's own metadata, the part that a
crash can make unreadable, stays untouched. A file is made complete under another name and renamed.
Whatever never changes is under the checksum of the file's seal (`pipeline.seal`), which also holds
the offsets, so reading a chain needs no HDF5.

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
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import emcee
import h5py
import numpy as np

from pipeline.chains.hdf5_offsets import allocate, array_offset, find_once
from pipeline.chains.journal import record_dtype
from pipeline.seal import SEAL_BYTES, NoSealError, SealError, check_seal, read_seal, write_seal

FORMAT_VERSION = 2
_COPY_CHUNK = 1 << 24


class NewerFormatError(SealError):
    """A chain file of a version that is not known yet."""


TARGET = "log_target"
"""Name of the blob that moves need beside those of the problem; of no interest afterwards."""

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
    warm_up : ``steps``, and ``asked``, those that the config asked for; of a chain whose warm-up
        is over also ``evaluations``, ``seconds`` and ``cpu_seconds``
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
    warm_up: dict = field(default_factory=dict)
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


@dataclass(frozen=True)
class Layout:
    """Where in the file each array begins, and how many steps and blocks it has room for.

    Attributes
    ----------
    offsets : bytes from the beginning of the file to `ARRAYS` and to the step counter
    capacity, block_capacity : steps and journal records that there is room for
    parts : offset, size in bytes, type, shape and checksum of what never changes, by name
    """

    offsets: dict[str, int]
    capacity: int
    block_capacity: int
    parts: dict[str, list]

    @property
    def own_parts(self) -> list[str]:
        """Names of `parts` but the header and the copies."""
        return [n for n in self.parts if n != "header" and not n.startswith("copy/")]


ARRAYS = ("chain", "log_prob", "blobs", "accepted", "journal")
"""Data sets that change while steps are added; each has checksums in the journal."""


def create(
    path: Path,
    header: ChainHeader,
    capacity: int,
    block_capacity: int,
    parts: Mapping[str, np.ndarray],
) -> Layout:
    """Make a complete file with no steps.

    Parameters
    ----------
    parts : arrays that never change, by name, e.g. the starting points; the header joins them.
        Each is stored twice, with a checksum

    Raises
    ------
    OSError: no space, no permission
    """
    parts = {"header": np.bytes_(header.to_json()), **parts}
    sentinel = secrets.randbits(62) | (1 << 61)  # marks where `iteration` is stored
    blobs = np.dtype([(name, "<f8") for name in header.blob_names])
    walkers, ndim = header.nwalkers, header.ndim
    options = {"libver": "earliest", "locking": False, "userblock_size": SEAL_BYTES}
    with h5py.File(path, "w", **options) as file:
        group = file.create_group("mcmc")
        group.attrs["version"] = emcee.__version__
        group.attrs["nwalkers"] = walkers
        group.attrs["ndim"] = ndim
        group.attrs["has_blobs"] = True
        group.attrs.create("iteration", sentinel, dtype="<i8")
        own = file.create_group("crtune")
        own.attrs["format"] = FORMAT_VERSION
        own["config"] = header.config
        own["names"] = [n.encode() for n in header.names]
        own["units"] = [n.encode() for n in header.units]
        own["labels"] = [n.encode() for n in header.labels]
        for name, values in parts.items():
            own[name] = values
            own[f"copy/{name}"] = values
        allocate(group, "accepted", (walkers,), np.dtype("<f8"))
        allocate(own, "journal", (block_capacity,), record_dtype(walkers))
        allocate(group, "log_prob", (capacity, walkers), np.dtype("<f8"))
        allocate(group, "blobs", (capacity, walkers), blobs)
        allocate(group, "chain", (capacity, walkers, ndim), np.dtype("<f8"))
    _reserve_space(path)
    counter = find_once(path, sentinel)
    made = _measured(path, parts, counter)
    descriptor = os.open(path, os.O_RDWR)
    try:
        write_all(descriptor, np.int64(0).tobytes(), counter)
        content = {"kind": "chain", "format": FORMAT_VERSION, **asdict(made)}
        write_seal(descriptor, content, _changing(made, header))
        made = read_layout(descriptor)
    finally:
        os.close(descriptor)
    with h5py.File(path, "r", locking=False) as file:
        if int(file["mcmc"].attrs["iteration"]) != 0:
            raise OSError(f"{path}: HDF5 placed the step counter where it cannot be updated")
    return made


def _measured(path: Path, parts: Mapping[str, np.ndarray], counter: int) -> Layout:
    """Where HDF5 has put everything."""
    with h5py.File(path, "r", locking=False) as file:
        group, own = file["mcmc"], file["crtune"]
        offsets = {name: array_offset(group[name]) for name in ARRAYS if name in group}
        offsets |= {"journal": array_offset(own["journal"]), "iteration": counter}
        where = {name: array_offset(own[name]) for part in parts for name in (part, f"copy/{part}")}
        capacity, block_capacity = len(group["chain"]), len(own["journal"])
    described = {}
    for name, offset in where.items():
        values = np.asarray(parts[name.removeprefix("copy/")])
        raw = values.tobytes()
        described[name] = [offset, len(raw), values.dtype.str, values.shape, zlib.crc32(raw)]
    return Layout(offsets, capacity, block_capacity, described)


def _changing(places: Layout, header: ChainHeader) -> list[tuple[int, int]]:
    """Offset and size of everything that changes while steps are added."""
    steps = 8 * places.capacity * header.nwalkers
    sizes = {
        "chain": steps * header.ndim,
        "log_prob": steps,
        "blobs": steps * len(header.blob_names),
        "accepted": 8 * header.nwalkers,
        "journal": places.block_capacity * record_dtype(header.nwalkers).itemsize,
        "iteration": 8,
    }
    return [(places.offsets[name], size) for name, size in sizes.items()]


def _reserve_space(path: Path) -> None:
    """Make the file system promise the blocks now: a full disk shows here, not in mid-run."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        size = os.fstat(descriptor).st_size
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
    finally:
        os.close(descriptor)


def read_layout(descriptor: int) -> Layout:
    """Layout of an open file that is as its seal says.

    Raises
    ------
    NoSealError: not a chain file of this version
    SealError: damaged
    """
    content = read_seal(descriptor)
    check_seal(descriptor, content)
    return layout_in(content)


def layout_in(content: dict) -> Layout:
    """Layout that a seal describes.

    Raises
    ------
    NoSealError: the seal of another kind of file, or of a newer version
    """
    if content.get("kind") != "chain":
        raise NoSealError("it is no chain file of crtune")
    if content["format"] > FORMAT_VERSION:
        raise NewerFormatError("written by a newer crtune")
    return Layout(**{name: content[name] for name in Layout.__dataclass_fields__})


def read_part(descriptor: int, places: Layout, name: str) -> np.ndarray:
    """One of the arrays that never change.

    Raises
    ------
    SealError: it differs from its checksum
    """
    offset, size, kind, shape, crc = places.parts[name]
    raw = os.pread(descriptor, size, offset)
    if len(raw) != size or zlib.crc32(raw) != crc:
        raise SealError(f"its {name} differs from its checksum")
    return np.frombuffer(raw, kind).reshape(shape)


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
