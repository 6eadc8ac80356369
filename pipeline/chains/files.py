"""What the writer, the reader and the salvage of chain files share: opening, checking, errors."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.chains import layout
from pipeline.chains.journal import Log, checksum, read_log
from pipeline.chains.layout import ChainHeader
from pipeline.files import FULL, error_number, reason_of
from pipeline.seal import NoSealError, SealError
from transport.errors import CrtuneError

ROWS = ("chain", "log_prob", "blobs")
INITIAL = ("initial_coords", "initial_log_prob", "initial_blobs")

_ATTEMPTS = 4  # a record may be half written when it is read
_PAUSE = 0.03  # s


class DamagedChainError(CrtuneError):
    """A chain file that cannot be trusted; the message says what can be recovered and how."""


@dataclass(frozen=True)
class ChainFile:
    """An open chain file whose structure agrees with its seal.

    Attributes
    ----------
    path, descriptor, places, header : of the file
    """

    path: Path
    descriptor: int
    places: layout.Layout
    header: ChainHeader

    def log(self) -> Log:
        """The journal as it is now, with what is wrong with it."""
        return read_log(self.descriptor, self.places, self.header.nwalkers)

    def records(self) -> np.ndarray:
        """Journal records of all steps stored.

        Raises
        ------
        DamagedChainError: naming the last good step, or that there is none
        """
        log = self.log()
        if not len(log.records):
            raise DamagedChainError(
                f"{self.path}: damaged, the first journal record is not whole: nothing can be "
                "recovered without it; run_mcmc.py --salvage tries"
            )
        if log.damage:
            raise self._damaged(int(log.records[-1]["stop"]), log.total, log.damage)
        return log.records

    def part(self, name: str) -> np.ndarray:
        """What never changes, e.g. ``initial_coords``."""
        return layout.read_part(self.descriptor, self.places, name)

    def initial(self) -> tuple[np.ndarray, ...]:
        """Starting points: coords (nwalkers, ndim), log_prob (nwalkers,), blobs."""
        return tuple(self.part(name) for name in INITIAL)

    def raw_rows(self, name: str, start: int, stop: int) -> bytes:
        """Stored steps of chain, log_prob or blobs, as bytes."""
        size = row_bytes(self.header, name)
        offset = self.places.offsets[name] + start * size
        return os.pread(self.descriptor, (stop - start) * size, offset)

    def blocks(self, records, start: int = 0, stop: int | None = None):
        """Rows of the blocks that hold steps from `start` to `stop`, each checked.

        Yields
        ------
        first step of the block; chain, log_prob and blobs of its steps

        Raises
        ------
        DamagedChainError: the rows of a block differ from their checksum
        """
        stop = int(records[-1]["stop"]) if stop is None else stop
        for record in records[1:]:
            first, last = int(record["start"]), int(record["stop"])
            if last <= start or first >= stop:
                continue
            raw = [self.raw_rows(name, first, last) for name in ROWS]
            if checksum(raw) != int(record["data_crc"]):
                total = int(records[-1]["stop"])
                raise self._damaged(first, total, "the checksum of a block differs")
            yield (
                first,
                *(
                    np.frombuffer(rows, "<f8").reshape(-1, *row_shape(self.header, name))
                    for name, rows in zip(ROWS, raw, strict=True)
                ),
            )

    def _damaged(self, good: int, total: int, why: str) -> DamagedChainError:
        return DamagedChainError(
            f"{self.path}: damaged after step {good} of {total} ({why}); "
            "run_mcmc.py --salvage keeps every step up to there, more where it can, and goes on"
        )


@contextlib.contextmanager
def open_chain(path: str | Path, flags: int = os.O_RDONLY):
    """Open a chain file, by default for reading, as a `ChainFile`; nobody is locked out.

    Raises
    ------
    CrtuneError: no such file, not a chain file of crtune
    DamagedChainError: its structure differs from its seal
    """
    path = Path(path)
    descriptor = open_descriptor(path, flags)
    try:
        yield chain_file(path, descriptor)
    finally:
        os.close(descriptor)


def open_descriptor(path: Path, flags: int) -> int:
    """Open a file.

    Raises
    ------
    CrtuneError: there is none, or no permission
    """
    if not path.is_file():
        raise CrtuneError(f"{path}: there is no such chain file; has the run been started?")
    try:
        return os.open(path, flags)
    except OSError as error:
        raise CrtuneError(
            f"{path}: cannot be {'read' if flags == os.O_RDONLY else 'written'} "
            f"({os.strerror(error.errno)})"
        ) from error


def chain_file(path: Path, descriptor: int) -> ChainFile:
    """An open file, checked against its seal."""
    try:
        places = layout.read_layout(descriptor)
        header = ChainHeader.from_json(layout.read_part(descriptor, places, "header")[()].decode())
    except layout.NewerFormatError as error:
        raise CrtuneError(f"{path}: {error}; update this one to read it") from error
    except NoSealError as error:
        if _begins_like_hdf5(descriptor):
            raise CrtuneError(
                f"{path}: is HDF5 but no chain file of crtune, or one of a version before "
                "checksums; move it away"
            ) from error
        raise _unreadable(path, error) from error
    except (SealError, OSError, KeyError, TypeError, ValueError) as error:
        raise _unreadable(path, error) from error
    return ChainFile(path, descriptor, places, header)


def patiently(read):
    """Result of `read()`, tried again where a writer may be at work on what is being read."""
    for attempt in range(_ATTEMPTS):
        try:
            return read()
        except DamagedChainError:
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(_PAUSE)


def read_header(path: str | Path) -> ChainHeader:
    """Description of an ensemble's file.

    Raises
    ------
    CrtuneError: no such file, not a chain file of crtune
    DamagedChainError: truncated or damaged
    """
    with open_chain(path) as file:
        return file.header


def row_shape(header: ChainHeader, name: str) -> tuple[int, ...]:
    """Shape of one step of chain, log_prob or blobs."""
    last = {"chain": (header.ndim,), "log_prob": (), "blobs": (len(header.blob_names),)}
    return (header.nwalkers, *last[name])


def row_bytes(header: ChainHeader, name: str) -> int:
    """Size of one step of chain, log_prob or blobs."""
    return 8 * int(np.prod(row_shape(header, name)))


@contextlib.contextmanager
def disk_errors(path: Path, steps: int | None):
    """Errors of the disk as one sentence; `steps` are safe whatever happens."""
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


def _begins_like_hdf5(descriptor: int) -> bool:
    return os.pread(descriptor, 8, 0) == b"\x89HDF\r\n\x1a\n"


def _unreadable(path: Path, error: Exception) -> DamagedChainError:
    if path.exists() and not path.stat().st_size:
        return DamagedChainError(
            f"{path}: damaged, it is empty; nothing can be recovered of it: move it away and the "
            "same command starts this ensemble anew"
        )
    return DamagedChainError(
        f"{path}: damaged, it cannot be opened ({str(error).splitlines()[0]}); "
        "run_mcmc.py --salvage keeps every block that is still whole and goes on from there"
    )
