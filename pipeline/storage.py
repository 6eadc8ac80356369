"""Chains on disk that a kill, a full disk or a lost node cannot corrupt.

`ChainWriter` adds blocks of steps to one ensemble's file: the rows first, then one journal record
with checksum, acceptance counts and random state, each flushed to the disk. Whatever moment the
process dies at, the file opens and the run goes on, bit for bit, after its last complete record.
Readers (`read_chain`, emcee's `HDFBackend`) take no locks and never disturb the writer.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np

from pipeline import chain_layout as layout
from pipeline.chain_layout import ChainHeader
from pipeline.provenance import same_origin, session
from transport.errors import CrtuneError

_BLOCKS_PER_ALLOCATION = 512
_ROWS = ("chain", "log_prob", "blobs")


class DamagedChainError(CrtuneError):
    """A chain file that cannot be trusted; the message says what can be recovered and how."""


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
    """The one writer of an ensemble's file. The caller holds its `pipeline.lock.WriterLock`.

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
        _remove_drafts(self.path)
        self.header = read_header(self.path)
        self._layout = _layout_of(self.path)
        self._descriptor = os.open(self.path, os.O_RDWR)
        try:
            self._recover()
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(
        cls, path: str | Path, header: ChainHeader, initial: Snapshot, capacity: int, **options
    ) -> ChainWriter:
        """Make the file with its starting points and no steps; it appears complete or not at all.

        Raises
        ------
        CrtuneError: the file exists already, no space or no permission
        """
        path = Path(path)
        if path.exists():
            raise CrtuneError(f"{path}: exists already")
        header = replace(header, sessions=(session(),))
        _remove_drafts(path)
        record = _record(header.nwalkers, 0, 0, 0.0, 0, np.zeros(header.nwalkers), initial)
        parts = (initial.coords, initial.log_prob, initial.blobs)
        with _disk_errors(path, None), _draft(path) as draft:
            made = layout.create(draft, header, max(1, capacity), _BLOCKS_PER_ALLOCATION, parts)
            with _opened(draft) as descriptor:
                layout.write_all(descriptor, record.tobytes(), made.offsets["journal"])
        return cls(path, **options)

    def snapshot(self) -> Snapshot:
        """State after the last stored step, or the starting points."""
        if self.iteration:
            rows = {name: self._read_rows(name, self.iteration - 1, 1)[0] for name in _ROWS}
            coords, log_prob, blobs = (rows[name] for name in _ROWS)
        else:
            coords, log_prob, blobs = read_initial(self.path)
        return Snapshot(coords, log_prob, blobs, _random_state(self._last))

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
            header = replace(self.header, sessions=(*self.header.sessions, now))
            self._rewrite(self._layout.capacity, self._layout.block_capacity, header)

    def append(self, chain, log_prob, blobs, accepted, random_state, seconds=0.0) -> None:
        """Add a block of steps; once this returns it survives anything.

        Parameters
        ----------
        chain : (n, nwalkers, ndim)
        log_prob : (n, nwalkers)
        blobs : (n, nwalkers, n_blobs)
        accepted : (nwalkers,) accepted proposals among these steps
        random_state : of emcee after the last of them
        seconds : wall time they took

        Raises
        ------
        CrtuneError: disk full or lock lost; what was stored before stays as it is
        """
        rows = {
            name: np.ascontiguousarray(values, dtype="<f8")
            for name, values in zip(_ROWS, (chain, log_prob, blobs), strict=True)
        }
        start, stop = self.iteration, self.iteration + len(rows["chain"])
        for name, values in rows.items():
            if values.nbytes != (stop - start) * self._row_bytes(name):
                raise ValueError(f"{name} of shape {values.shape} does not fit {self.path}")
        self.reserve(stop)
        total = self.accepted + accepted
        state = Snapshot(rows["chain"], rows["log_prob"], rows["blobs"], random_state)
        crc = _crc(rows[name] for name in _ROWS)
        record = _record(self.header.nwalkers, start, stop, seconds, crc, total, state)
        self.before_write()
        with _disk_errors(self.path, start):
            for name, values in rows.items():
                offset = self._layout.offsets[name] + start * self._row_bytes(name)
                layout.write_all(self._descriptor, values, offset)
            os.fsync(self._descriptor)
            self._write_record(self._n_records, record)
            os.fsync(self._descriptor)
        self._n_records += 1
        self._last, self.iteration, self.accepted = record, stop, total
        self._publish()

    def truncate(self, iteration: int) -> None:
        """Forget the blocks after `iteration`, which must be where a block ends."""
        records = self._records()
        ends = [int(r["stop"]) for r in records]
        keep = ends.index(iteration) + 1
        self.before_write()
        for index in range(keep, len(records)):
            self._write_record(index, np.zeros((), records.dtype))
        os.fsync(self._descriptor)
        self._use(records[:keep])

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
        records = self._records()
        if not len(records):
            raise DamagedChainError(
                f"{self.path}: damaged, no complete journal record is left and nothing can be "
                "recovered; move the file away and the same command starts this ensemble anew"
            )
        bad = first_bad_block(self._descriptor, self._layout, self.header, records)
        if bad is not None:
            raise _damaged(self.path, int(records[bad]["start"]), int(records[-1]["stop"]))
        self._use(records)

    def _use(self, records: np.ndarray) -> None:
        self._n_records = len(records)
        self._last = records[-1]
        self.iteration = int(self._last["stop"])
        self.accepted = np.array(self._last["accepted"])
        self._publish()

    def _publish(self) -> None:
        """Tell readers how many steps there are; the journal, not this, is the truth."""
        offsets = self._layout.offsets
        with _disk_errors(self.path, self.iteration):
            layout.write_all(self._descriptor, self.accepted, offsets["accepted"])
            counter = np.int64(self.iteration).tobytes()
            layout.write_all(self._descriptor, counter, offsets["iteration"])

    def _records(self) -> np.ndarray:
        return _complete_records(self._descriptor, self._layout, self.header.nwalkers)

    def _write_record(self, index: int, record: np.ndarray) -> None:
        offset = self._layout.offsets["journal"] + index * record.nbytes
        layout.write_all(self._descriptor, record.tobytes(), offset)

    def _row_bytes(self, name: str) -> int:
        return _row_bytes(self.header, name)

    def _read_rows(self, name: str, start: int, count: int) -> np.ndarray:
        size = self._row_bytes(name)
        raw = os.pread(self._descriptor, count * size, self._layout.offsets[name] + start * size)
        return np.frombuffer(raw, "<f8").reshape(count, *_row_shape(self.header, name)).copy()

    def _rewrite(self, capacity: int, block_capacity: int, header: ChainHeader) -> None:
        self.before_write()
        old = self._layout.offsets
        with _disk_errors(self.path, self.iteration), _draft(self.path) as draft:
            parts = read_initial(self.path)
            new = layout.create(draft, header, capacity, block_capacity, parts)
            sizes = {name: self.iteration * self._row_bytes(name) for name in _ROWS}
            sizes["journal"] = self._n_records * self._last.nbytes
            sizes["accepted"], sizes["iteration"] = self.accepted.nbytes, 8
            with _opened(draft) as descriptor:
                for name, size in sizes.items():
                    place = old[name], new.offsets[name]
                    layout.copy_rows(self._descriptor, descriptor, *place, size)
            self.before_write()
        self.close()
        self._descriptor = os.open(self.path, os.O_RDWR)
        self.header, self._layout = header, new


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
        except OSError as error:
            if attempt == 4 or path.stat().st_size == 0 or "truncated" in str(error):
                raise _unreadable(path, error) from error
            time.sleep(0.05)
    with file:
        if "crtune" not in file or "header" not in file["crtune"]:
            raise CrtuneError(f"{path}: is HDF5 but no chain file of crtune")
        if int(file["crtune"].attrs["format"]) > layout.FORMAT_VERSION:
            raise CrtuneError(f"{path}: written by a newer crtune; update this one to read it")
        yield file


# Shared by the writer, the reader and the salvage.


def _row_shape(header: ChainHeader, name: str) -> tuple[int, ...]:
    last = {"chain": (header.ndim,), "log_prob": (), "blobs": (len(header.blob_names),)}
    return (header.nwalkers, *last[name])


def _row_bytes(header: ChainHeader, name: str) -> int:
    return 8 * int(np.prod(_row_shape(header, name)))


def _layout_of(path: Path) -> layout.Layout:
    try:
        return layout.read_layout(path)
    except (OSError, KeyError) as error:
        raise _unreadable(path, error) from error


def _complete_records(descriptor: int, places: layout.Layout, nwalkers: int) -> np.ndarray:
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
        for name in _ROWS:
            size = _row_bytes(header, name)
            offset = places.offsets[name] + start * size
            parts.append(os.pread(descriptor, (stop - start) * size, offset))
        if _crc(parts) != int(record["data_crc"]):
            return index
    return None


def _crc(parts) -> int:
    crc = 0
    for part in parts:
        crc = zlib.crc32(part, crc)
    return crc


def _record(nwalkers, start, stop, seconds, crc, accepted, state: Snapshot) -> np.ndarray:
    record = np.zeros((), layout.record_dtype(nwalkers))
    _, key, position, has_gauss, gauss = state.random_state
    record["start"], record["stop"], record["data_crc"] = start, stop, crc
    record["time"], record["seconds"] = time.time(), seconds
    record["accepted"] = accepted
    record["rng_key"], record["rng_pos"] = key, position
    record["rng_has_gauss"], record["rng_gauss"] = has_gauss, gauss
    return layout.seal(record)


def _random_state(record) -> tuple:
    key = np.array(record["rng_key"], dtype=np.uint32)
    position, has_gauss = int(record["rng_pos"]), int(record["rng_has_gauss"])
    return ("MT19937", key, position, has_gauss, float(record["rng_gauss"]))


@contextlib.contextmanager
def _draft(path: Path):
    """A file under another name that replaces `path` when the block ends without an error."""
    draft = path.with_name(f".{path.name}.draft-{os.getpid()}")
    try:
        yield draft
        with _opened(draft) as descriptor:
            os.fsync(descriptor)
        os.replace(draft, path)
        layout.sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _remove_drafts(path: Path) -> None:
    for draft in path.parent.glob(f".{path.name}.draft-*"):
        draft.unlink(missing_ok=True)


@contextlib.contextmanager
def _opened(path: Path):
    descriptor = os.open(path, os.O_RDWR)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _disk_errors(path: Path, steps: int | None):
    try:
        yield
    except OSError as error:
        safe = "" if steps is None else f"; the {steps} steps stored so far are safe"
        remedy = "free some space" if error.errno in _FULL else "mend that"
        reason = error.strerror or str(error)
        raise CrtuneError(
            f"{path}: cannot be written ({reason}){safe}; {remedy} and give the same command again"
        ) from error


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _unreadable(path: Path, error: Exception) -> DamagedChainError:
    return DamagedChainError(
        f"{path}: damaged, it cannot be opened ({str(error).splitlines()[0]}); "
        "run_mcmc.py --salvage keeps every block that is still whole and goes on from there"
    )


def _damaged(path: Path, good: int, total: int) -> DamagedChainError:
    return DamagedChainError(
        f"{path}: damaged after step {good} of {total} (the checksum of a block differs); "
        f"run_mcmc.py --salvage keeps the first {good} steps and goes on from there"
    )
