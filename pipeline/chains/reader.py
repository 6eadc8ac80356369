"""Reading chains, finished, live or damaged."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.chains import layout as layout
from pipeline.chains.files import (
    DamagedChainError,
    checked_records,
    complete_records,
    first_bad_block,
    layout_of,
    open_chain,
    read_header,
)
from pipeline.chains.hdf5_offsets import recorded_length
from pipeline.chains.layout import ChainHeader
from pipeline.chains.writer import ChainWriter
from transport.errors import CrtuneError


@dataclass(frozen=True)
class Chain:
    """Stored steps of one ensemble.

    Attributes
    ----------
    header : what the file says about itself
    chain : (n, nwalkers, ndim)
    log_prob : (n, nwalkers)
    blobs : (n, nwalkers, n_blobs), columns `header.blob_names`
    accepted : (nwalkers,) accepted proposals among all steps stored
    iteration : steps stored in the file (n may be a part of them)
    """

    header: ChainHeader
    chain: np.ndarray
    log_prob: np.ndarray
    blobs: np.ndarray
    accepted: np.ndarray
    iteration: int


def read_chain(path: str | Path, start: int = 0, stop: int | None = None, step: int = 1) -> Chain:
    """Read the stored steps ``start:stop:step`` while the run may go on.

    Raises
    ------
    CrtuneError: no such file, not a chain file, damaged
    """
    with open_chain(path) as file:
        header = ChainHeader.from_json(file["crtune/header"].asstr()[()])
        group = file["mcmc"]
        iteration = int(group.attrs["iteration"])
        stop = iteration if stop is None else min(stop, iteration)
        rows = slice(min(start, stop), stop, step)
        blobs = np.ascontiguousarray(group["blobs"][rows])
        return Chain(
            header=header,
            chain=group["chain"][rows],
            log_prob=group["log_prob"][rows],
            blobs=blobs.view("<f8").reshape(*blobs.shape, len(header.blob_names)),
            accepted=group["accepted"][()],
            iteration=iteration,
        )


def read_progress(path: str | Path) -> tuple[int, float]:
    """Steps stored and mean acceptance fraction (NaN before the first step)."""
    with open_chain(path) as file:
        iteration = int(file["mcmc"].attrs["iteration"])
        accepted = file["mcmc/accepted"][()]
    return iteration, float(accepted.mean() / iteration) if iteration else float("nan")


def check_whole(path: str | Path) -> None:
    """Compare every block with its checksum, while the run may go on.

    Raises
    ------
    DamagedChainError: naming the last good step, or that there is none
    """
    try:
        _check_whole(Path(path))
    except DamagedChainError:
        _check_whole(Path(path))  # a writer may just have put a longer copy in its place


def _check_whole(path):
    with _raw(path) as (descriptor, places, header):
        checked_records(path, descriptor, places, header)


@contextlib.contextmanager
def _raw(path: Path):
    """The file's descriptor to read from, its layout and its header."""
    header, places = read_header(path), layout_of(path)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor, places, header
    finally:
        os.close(descriptor)


def read_journal(path: str | Path) -> np.ndarray:
    """Complete blocks, one record each: ``start``, ``stop``, unix ``time``, wall ``seconds``."""
    with _raw(Path(path)) as (descriptor, places, header):
        records = complete_records(descriptor, places, header.nwalkers)
    return records[["start", "stop", "time", "seconds"]][1:]


def salvage(path: str | Path) -> tuple[int, int]:
    """Cut a damaged file back to its last whole block; the original stays as ``*.damaged``.

    The caller holds the ensemble's lock. The chain goes on from there bit for bit, since each
    block's record carries the random state after it.

    Returns
    -------
    steps kept, steps there were (0 if unknown)

    Raises
    ------
    DamagedChainError: nothing can be recovered
    """
    path = Path(path)
    backup = path.with_name(path.name + ".damaged")
    copy = path.with_name(path.name + ".salvaged")
    shutil.copyfile(path, copy)
    try:
        _restore_length(copy)
        header, places = read_header(copy), layout.read_layout(copy)
        descriptor = os.open(copy, os.O_RDWR)
        try:
            records = complete_records(descriptor, places, header.nwalkers)
            total = int(records[-1]["stop"]) if len(records) else 0
            bad = first_bad_block(descriptor, places, header, records)
            _clear_records(descriptor, places, header, len(records) if bad is None else bad)
        finally:
            os.close(descriptor)
        with ChainWriter(copy) as writer:  # checks what is left and sets the step counter
            kept = writer.iteration
    except (CrtuneError, OSError, KeyError, ValueError) as error:
        copy.unlink(missing_ok=True)
        raise DamagedChainError(
            f"{path}: too damaged to recover anything ({str(error).splitlines()[0]}); move it "
            "away and the same command starts this ensemble anew"
        ) from error
    os.replace(path, backup)
    os.replace(copy, path)
    return kept, total


def _clear_records(descriptor: int, places: layout.Layout, header: ChainHeader, first: int):
    size = layout.record_dtype(header.nwalkers).itemsize
    empty = bytes((places.block_capacity - first) * size)
    layout.write_all(descriptor, empty, places.offsets["journal"] + first * size)
    os.fsync(descriptor)


def _restore_length(path: Path) -> None:
    """Give a truncated file the length that it says it has."""
    length = recorded_length(path)
    if length is None:
        raise DamagedChainError("the beginning of the file is not HDF5 as written here")
    if path.stat().st_size < length:
        os.truncate(path, length)
