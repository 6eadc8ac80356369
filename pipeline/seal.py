"""Checksums of a whole HDF5 file, kept in front of it in HDF5's own user block.

HDF5 does not notice a flipped bit: it may give another number, crash, or never come back. So a file
is compared with its seal first, as bytes, and only a whole one is shown to HDF5. Regions whose
content changes later (the steps of a chain) are left out and have checksums of their own.

The seal is text, a line that says what the file is and one of JSON, written twice, so that a file
whose first copy is damaged can still be salvaged. Readers that do not know of it (h5py, emcee,
h5dump) skip it.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Iterable

SEAL_BYTES = 8192
"""Size of the user block: a power of 2, as HDF5 wants it."""

_COPY_BYTES = SEAL_BYTES // 2
_MAGIC = b"crtune: checksums of the HDF5 file that begins at byte 8192\n"
_CHUNK = 1 << 22


class SealError(ValueError):
    """A file that is not what its seal says, in words."""


class NoSealError(SealError):
    """A file that never had a seal."""


def write_seal(descriptor: int, content: dict, changing: Iterable[tuple[int, int]] = ()) -> None:
    """Put the checksum of an open file, and what else it says of itself, into its user block.

    Parameters
    ----------
    descriptor : of a file made with ``userblock_size=SEAL_BYTES``, complete
    content : to be kept in the seal
    changing : (offset, size) of regions that the checksum leaves out
    """
    length = os.fstat(descriptor).st_size
    changing = sorted((int(offset), int(size)) for offset, size in changing)
    body = {**content, "length": length, "changing": changing}
    body["sha256"] = _digest(descriptor, length, changing)
    text = json.dumps(body).encode()
    copy = _MAGIC + b"%08x %s\n" % (zlib.crc32(text), text)
    if len(copy) > _COPY_BYTES:
        raise ValueError(f"a seal of {len(copy)} bytes, {_COPY_BYTES} at most")
    os.pwrite(descriptor, copy.ljust(_COPY_BYTES, b"\0") * 2, 0)


def read_seal(descriptor: int, copies: int = 1) -> dict:
    """Content of a file's seal, which may be checked with `check_seal`.

    Parameters
    ----------
    copies : 2 to be content with the second copy, where the first is damaged

    Raises
    ------
    NoSealError: the file was never sealed
    SealError: the seal itself is damaged
    """
    raw = os.pread(descriptor, SEAL_BYTES, 0)
    found = [_parse(raw[i * _COPY_BYTES : (i + 1) * _COPY_BYTES]) for i in range(2)]
    for content in found[:copies]:
        if content is not None:
            return content
    if found[1] is None and not _looks_sealed(raw):
        raise NoSealError("it has no checksums of crtune")
    raise SealError("the checksums at its beginning are damaged")


def check_seal(descriptor: int, content: dict) -> None:
    """Compare an open file with its seal.

    Raises
    ------
    SealError: it is shorter or longer than it was, or its structure has another checksum
    """
    length = os.fstat(descriptor).st_size
    if length != content["length"]:
        raise SealError(f"it has {length} bytes instead of {content['length']}")
    if _digest(descriptor, length, content["changing"]) != content["sha256"]:
        raise SealError("its content differs from its checksum")


def _parse(copy: bytes) -> dict | None:
    if not copy.startswith(_MAGIC):
        return None
    crc, _, text = copy[len(_MAGIC) :].rstrip(b"\0").removesuffix(b"\n").partition(b" ")
    try:
        whole = int(crc, 16) == zlib.crc32(text) and crc == b"%08x" % zlib.crc32(text)
        return json.loads(text) if whole else None
    except ValueError:
        return None


def _looks_sealed(raw: bytes) -> bool:
    """Whether enough of a seal's first line is left, wherever a bit of it has flipped."""
    return any(
        sum(a != b for a, b in zip(raw[at:], _MAGIC, strict=False)) < 8
        and len(raw[at:]) >= len(_MAGIC)
        for at in (0, _COPY_BYTES)
    )


def _digest(descriptor: int, length: int, changing) -> str:
    """SHA-256 of a file from the end of the user block on, without the regions that change."""
    digest = hashlib.sha256()
    position = SEAL_BYTES
    for offset, size in [*changing, (length, 0)]:
        while position < offset:
            piece = os.pread(descriptor, min(_CHUNK, offset - position), position)
            if not piece:
                raise SealError("it ends too early")
            digest.update(piece)
            position += len(piece)
        position = max(position, offset + size)
    return digest.hexdigest()
