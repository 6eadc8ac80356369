"""Chains on disk that a kill, a full disk or a lost node cannot corrupt.

`ChainWriter` adds blocks of steps to one ensemble's file: the rows first, then one journal record
with checksum, acceptance counts and random state, each flushed to the disk. Whatever moment the
process dies at, the file opens and the run goes on, bit for bit, after its last complete record.
Readers (`read_chain`, emcee's `HDFBackend`) take no locks and never disturb the writer.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.chains import layout
from pipeline.chains.files import (
    INITIAL,
    ROWS,
    chain_file,
    disk_errors,
    open_descriptor,
    row_bytes,
    row_shape,
)
from pipeline.chains.journal import Cost, checksum, make_record, random_state
from pipeline.chains.layout import ChainHeader
from pipeline.files import draft_of, opened, remove_drafts
from pipeline.provenance import same_origin, session
from transport.errors import CrtuneError

_BLOCKS_PER_ALLOCATION = 512
NO_COST = Cost()


@dataclass(frozen=True)
class Snapshot:
    """State of an ensemble after a step: all that the next step depends on.

    Attributes
    ----------
    coords : (nwalkers, ndim)
    log_prob : (nwalkers,)
    blobs : (nwalkers, n_blobs)
    random_state : tuple as of `numpy.random.RandomState.get_state`
    """

    coords: np.ndarray
    log_prob: np.ndarray
    blobs: np.ndarray
    random_state: tuple


class ChainWriter:
    """The one writer of an ensemble's file. The caller holds its `pipeline.chains.lock.WriterLock`.

    Attributes
    ----------
    path, header : the file and what it says about itself
    iteration : steps stored
    accepted : (nwalkers,) accepted proposals among the steps stored
    before_write : called before anything is written, e.g. the lock's `check`
    """

    def __init__(self, path: str | Path, before_write=lambda: None):
        self.path = Path(path)
        self.before_write = before_write
        remove_drafts(self.path)
        self._descriptor = open_descriptor(self.path, os.O_RDWR)
        try:
            self._recover()
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(
        cls,
        path: str | Path,
        header: ChainHeader,
        initial: Snapshot,
        capacity: int,
        parts: Mapping[str, np.ndarray] | None = None,
        **options,
    ) -> ChainWriter:
        """Make the file with its starting points and no steps; it appears complete or not at all.

        Parameters
        ----------
        parts : further arrays that never change, by name; `ChainFile.part` gives them back
        options : of the class

        Raises
        ------
        CrtuneError: the file exists already, no space or no permission
        """
        path = Path(path)
        if path.exists():
            raise CrtuneError(f"{path}: exists already")
        header = replace(header, sessions=(session(),))
        remove_drafts(path)
        none = np.zeros(header.nwalkers)
        record = make_record(0, 0, NO_COST, 0, none, initial.random_state)
        start = (initial.coords, initial.log_prob, initial.blobs)
        parts = {name: np.asarray(p, "<f8") for name, p in zip(INITIAL, start, strict=True)} | {
            name: np.asarray(p) for name, p in (parts or {}).items()
        }
        with disk_errors(path, None), draft_of(path, durable=True) as draft:
            made = layout.create(draft, header, max(1, capacity), _BLOCKS_PER_ALLOCATION, parts)
            with opened(draft) as descriptor:
                layout.write_all(descriptor, record.tobytes(), made.offsets["journal"])
        return cls(path, **options)

    def snapshot(self) -> Snapshot:
        """State after the last stored step, or the starting points."""
        if self.iteration:
            rows = {name: self._read_rows(name, self.iteration - 1, 1)[0] for name in ROWS}
            coords, log_prob, blobs = (rows[name] for name in ROWS)
        else:
            coords, log_prob, blobs = self._file.initial()
        return Snapshot(coords, log_prob, blobs, random_state(self._last))

    def reserve(self, steps: int) -> None:
        """Make room for `steps` stored steps in all, by a copy that replaces the file at once.

        Raises
        ------
        CrtuneError: no space; what is stored stays as it is
        """
        blocks_left = self._layout.block_capacity - self._n_records
        if steps <= self._layout.capacity and blocks_left > 1:
            return
        capacity = max(steps, self._layout.capacity)
        self._rewrite(capacity, self._n_records + _BLOCKS_PER_ALLOCATION, self.header)

    def note_session(self) -> None:
        """Record who goes on with this chain, if code or host differ from the last who did."""
        now = session()
        if not same_origin(self.header.sessions[-1], now):
            self.describe(replace(self.header, sessions=(*self.header.sessions, now)))

    def describe(self, header: ChainHeader) -> None:
        """Put another description in the place of the file's, by a copy that replaces it at once.

        Raises
        ------
        CrtuneError: no space; what is stored stays as it is
        """
        self._rewrite(self._layout.capacity, self._layout.block_capacity, header)

    def append(self, chain, log_prob, blobs, accepted, state, cost=NO_COST) -> None:
        """Add a block of steps; once this returns it survives anything.

        Parameters
        ----------
        chain : (n, nwalkers, ndim)
        log_prob : (n, nwalkers)
        blobs : (n, nwalkers, n_blobs)
        accepted : (nwalkers,) accepted proposals among these steps
        state : random state of emcee after the last of them
        cost : of them

        Raises
        ------
        CrtuneError: disk full or lock lost; what was stored before stays as it is
        """
        rows = {
            name: np.ascontiguousarray(values, dtype="<f8")
            for name, values in zip(ROWS, (chain, log_prob, blobs), strict=True)
        }
        start, stop = self.iteration, self.iteration + len(rows["chain"])
        for name, values in rows.items():
            if values.nbytes != (stop - start) * self._row_bytes(name):
                raise ValueError(f"{name} of shape {values.shape} does not fit {self.path}")
        self.reserve(stop)
        total = self.accepted + accepted
        crc = checksum(rows[name] for name in ROWS)
        record = make_record(start, stop, cost, crc, total, state)
        self.before_write()
        with disk_errors(self.path, start):
            for name, values in rows.items():
                offset = self._layout.offsets[name] + start * self._row_bytes(name)
                layout.write_all(self._descriptor, values, offset)
            os.fsync(self._descriptor)
            self._write_record(self._n_records, record)
            os.fsync(self._descriptor)
        self._n_records += 1
        self._last, self.iteration, self.accepted = record, stop, total
        self._publish()

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> ChainWriter:
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    # -- below: how -------------------------------------------------------------------------

    def _recover(self) -> None:
        """Take up the state of the last complete record and check every block against its sum."""
        self._file = chain_file(self.path, self._descriptor)
        self.header, self._layout = self._file.header, self._file.places
        records = self._file.records()
        for _ in self._file.blocks(records):
            pass
        self._n_records = len(records)
        self._last = records[-1]
        self.iteration = int(self._last["stop"])
        self.accepted = np.array(self._last["accepted"])
        self._publish()

    def _publish(self) -> None:
        """Tell readers how many steps there are; the journal, not this, is the truth."""
        offsets = self._layout.offsets
        with disk_errors(self.path, self.iteration):
            layout.write_all(self._descriptor, self.accepted, offsets["accepted"])
            counter = np.int64(self.iteration).tobytes()
            layout.write_all(self._descriptor, counter, offsets["iteration"])

    def _write_record(self, index: int, record: np.ndarray) -> None:
        offset = self._layout.offsets["journal"] + index * record.nbytes
        layout.write_all(self._descriptor, record.tobytes(), offset)

    def _row_bytes(self, name: str) -> int:
        return row_bytes(self.header, name)

    def _read_rows(self, name: str, start: int, count: int) -> np.ndarray:
        size = self._row_bytes(name)
        raw = os.pread(self._descriptor, count * size, self._layout.offsets[name] + start * size)
        return np.frombuffer(raw, "<f8").reshape(count, *row_shape(self.header, name)).copy()

    def _rewrite(self, capacity: int, block_capacity: int, header: ChainHeader) -> None:
        self.before_write()
        old = self._layout.offsets
        with disk_errors(self.path, self.iteration), draft_of(self.path, durable=True) as draft:
            parts = {name: self._file.part(name) for name in self._layout.own_parts}
            new = layout.create(draft, header, capacity, block_capacity, parts)
            sizes = {name: self.iteration * self._row_bytes(name) for name in ROWS}
            sizes["journal"] = self._n_records * self._last.nbytes
            sizes["accepted"], sizes["iteration"] = self.accepted.nbytes, 8
            with opened(draft) as descriptor:
                for name, size in sizes.items():
                    place = old[name], new.offsets[name]
                    layout.copy_rows(self._descriptor, descriptor, *place, size)
            self.before_write()
        self.close()
        self._descriptor = open_descriptor(self.path, os.O_RDWR)
        self._file = chain_file(self.path, self._descriptor)
        self.header, self._layout = self._file.header, self._file.places
