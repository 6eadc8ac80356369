"""What the writer, the reader and the salvage of chain files share: opening, checking, errors."""

from __future__ import annotations

import contextlib
import os
import time
import zlib
from pathlib import Path

import h5py
import numpy as np

from pipeline.chains import layout as layout
from pipeline.chains.layout import ChainHeader
from pipeline.files import FULL, error_number, reason_of
from transport.errors import CrtuneError

ROWS = ("chain", "log_prob", "blobs")


class DamagedChainError(CrtuneError):
    """A chain file that cannot be trusted; the message says what can be recovered and how."""


def read_header(path: str | Path) -> ChainHeader:
    """Description of an ensemble's file.

    Raises
    ------
    CrtuneError: no such file, not a chain file of crtune
    DamagedChainError: truncated or unreadable
    """
    with open_chain(path) as file:
        return ChainHeader.from_json(file["crtune/header"].asstr()[()])


def read_initial(path: str | Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Starting points: coords (nwalkers, ndim), log_prob (nwalkers,), blobs (nwalkers, n_blobs)."""
    with open_chain(path) as file:
        own = file["crtune"]
        return tuple(own[f"initial_{name}"][()] for name in ("coords", "log_prob", "blobs"))


@contextlib.contextmanager
def open_chain(path: str | Path):
    """Open a chain file for reading, without locks, as an `h5py.File`."""
    path = Path(path)
    if not path.is_file():
        raise CrtuneError(f"{path}: there is no such chain file; has the run been started?")
    for attempt in range(5):
        try:
            file = h5py.File(path, "r", locking=False)
            break
        except PermissionError as error:
            raise CrtuneError(f"{path}: cannot be read (Permission denied)") from error
        except OSError as error:
            if attempt == 4 or path.stat().st_size == 0 or "truncated" in str(error):
                raise _unreadable(path, error) from error
            time.sleep(0.05)
    with file:
        if "crtune" not in file or "header" not in file["crtune"]:
            raise CrtuneError(f"{path}: is HDF5 but no chain file of crtune")
        try:
            if int(file["crtune"].attrs["format"]) > layout.FORMAT_VERSION:
                raise CrtuneError(f"{path}: written by a newer crtune; update this one to read it")
            yield file
        except (OSError, KeyError, ValueError, RuntimeError) as error:  # HDF5's kinds of damage
            raise _unreadable(path, error) from error


def row_shape(header: ChainHeader, name: str) -> tuple[int, ...]:
    last = {"chain": (header.ndim,), "log_prob": (), "blobs": (len(header.blob_names),)}
    return (header.nwalkers, *last[name])


def row_bytes(header: ChainHeader, name: str) -> int:
    return 8 * int(np.prod(row_shape(header, name)))


def layout_of(path: Path) -> layout.Layout:
    try:
        return layout.read_layout(path)
    except (OSError, KeyError) as error:
        raise _unreadable(path, error) from error


def complete_records(descriptor: int, places: layout.Layout, nwalkers: int) -> np.ndarray:
    """Journal records up to the first incomplete one."""
    dtype = layout.record_dtype(nwalkers)
    size = places.block_capacity * dtype.itemsize
    raw = os.pread(descriptor, size, places.offsets["journal"])
    records = np.frombuffer(raw[: len(raw) // dtype.itemsize * dtype.itemsize], dtype)
    stop = 0
    for index, record in enumerate(records):
        if not layout.is_sealed(record) or int(record["start"]) != stop:
            return records[:index]
        stop = int(record["stop"])
    return records


def first_bad_block(descriptor, places: layout.Layout, header: ChainHeader, records) -> int | None:
    """Index of the first block whose rows differ from their checksum."""
    for index, record in enumerate(records):
        start, stop = int(record["start"]), int(record["stop"])
        if stop == start:
            continue
        parts = []
        for name in ROWS:
            size = row_bytes(header, name)
            offset = places.offsets[name] + start * size
            parts.append(os.pread(descriptor, (stop - start) * size, offset))
        if checksum(parts) != int(record["data_crc"]):
            return index
    return None


def checked_records(path: Path, descriptor, places: layout.Layout, header: ChainHeader):
    """Complete journal records of a file all of whose blocks are whole.

    Raises
    ------
    DamagedChainError: naming the last good step, or that there is none
    """
    records = complete_records(descriptor, places, header.nwalkers)
    if not len(records):
        raise DamagedChainError(
            f"{path}: damaged, no complete journal record is left and nothing can be "
            "recovered; move the file away and the same command starts this ensemble anew"
        )
    bad = first_bad_block(descriptor, places, header, records)
    if bad is not None:
        good, total = int(records[bad]["start"]), int(records[-1]["stop"])
        raise DamagedChainError(
            f"{path}: damaged after step {good} of {total} (the checksum of a block differs); "
            f"run_mcmc.py --salvage keeps the first {good} steps and goes on from there"
        )
    return records


def checksum(parts) -> int:
    crc = 0
    for part in parts:
        crc = zlib.crc32(part, crc)
    return crc


@contextlib.contextmanager
def opened(path: Path):
    descriptor = os.open(path, os.O_RDWR)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def disk_errors(path: Path, steps: int | None):
    try:
        yield
    except (OSError, RuntimeError) as error:
        if (reason := reason_of(error)) is None:
            raise
        safe = "" if steps is None else f"; the {steps} steps stored so far are safe"
        remedy = "free some space" if error_number(error) in FULL else "mend that"
        raise CrtuneError(
            f"{path}: cannot be written ({reason}){safe}; {remedy} and give the same command again"
        ) from error


def _unreadable(path: Path, error: Exception) -> DamagedChainError:
    return DamagedChainError(
        f"{path}: damaged, it cannot be opened ({str(error).splitlines()[0]}); "
        "run_mcmc.py --salvage keeps every block that is still whole and goes on from there"
    )
