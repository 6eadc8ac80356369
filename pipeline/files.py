"""Result files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import re
from pathlib import Path

from transport.errors import CrtuneError

LITTER_AFTER = 600.0  # s since a draft was last written to
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def replacing(path: str | Path, size: int = 0, head: str = ""):
    """A file under another name that replaces `path` when the block ends without an error.

    Parameters
    ----------
    size : bytes that must be free before anything is written, for writers that do not survive a
        full disk (HDF5 can crash the process)
    head : how such files begin; a file that begins otherwise is somebody's own and is kept

    Raises
    ------
    CrtuneError: no space, no permission, a folder; what was at `path` is still there
    """
    path = Path(path)
    if path.is_dir():
        raise CrtuneError(f"{path}: is a folder; give the name of a file")
    if head and path.is_file() and not _begins(path, head):
        raise CrtuneError(
            f"{path}: is there and was not written by crtune for this; give another name, or move "
            "it away"
        )
    try:
        with draft_of(path) as draft:
            if size and hasattr(os, "posix_fallocate"):
                with open(draft, "wb") as file:
                    os.posix_fallocate(file.fileno(), 0, size)
                draft.unlink()
            yield draft
    except (OSError, RuntimeError) as error:
        reason = reason_of(error)
        if reason is None:
            raise
        raise CrtuneError(
            f"{path}: cannot be written ({reason}); it needs free space and write permission"
        ) from error


def _begins(path: Path, head: str) -> bool:
    with open(path, "rb") as file:
        return file.read(len(head.encode())) in (head.encode(), b"")


@contextlib.contextmanager
def draft_of(path: str | Path, durable: bool = False):
    """As `replacing`, with the system's own errors; `durable`: it survives a crash of the machine
    from then on."""
    path = Path(path)
    draft = path.with_name(f".{path.name}.draft-{os.getpid()}")
    try:
        yield draft
        if durable:
            _sync(draft)
        _remove_litter(path, draft)
        os.replace(draft, path)
        if durable:
            with contextlib.suppress(OSError):  # some network file systems cannot
                _sync(path.parent)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def remove_drafts(path: Path) -> None:
    """What writers of `path` that were killed have left; for the only one who may write it."""
    for draft in _drafts(path):
        draft.unlink(missing_ok=True)


def _remove_litter(path: Path, mine: Path) -> None:
    """Drafts so old, by the file system's own clock, that nobody can still be writing them."""
    with contextlib.suppress(OSError):
        now = mine.stat().st_mtime
        for draft in _drafts(path):
            if draft != mine and now - draft.stat().st_mtime > LITTER_AFTER:
                draft.unlink(missing_ok=True)


def _drafts(path: Path):
    return path.parent.glob(f".{glob.escape(path.name)}.draft-*")


@contextlib.contextmanager
def opened(path: Path, flags: int = os.O_RDWR):
    """Descriptor of a file, by default to be changed."""
    descriptor = os.open(path, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def error_number(error: Exception) -> int | None:
    """The system's number of an error; HDF5 hides it in the text of errors of any kind."""
    if getattr(error, "errno", None):
        return error.errno
    found = re.search(r"errno = (\d+)", str(error))
    return int(found[1]) if found else None


def reason_of(error: Exception) -> str | None:
    """What the system said, e.g. "Permission denied"; None for an error that is not its."""
    number = error_number(error)
    if number is not None:
        return os.strerror(number)
    return str(error) if isinstance(error, OSError) else None
