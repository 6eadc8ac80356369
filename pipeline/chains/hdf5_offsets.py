"""Where HDF5 put the bytes of a file: everything that knows its format below h5py lies here.

Steps are added by writing at these places, past the library, since what HDF5 writes in place of
its own structure is what a crash makes unreadable. That relies on

- `H5Dget_offset` of a contiguous data set, made for this: an array that was allocated when it was
  created stays where it is as long as nobody resizes, deletes or rewrites it, which nobody does;
- no user block, so that an address in the file is an offset in it;
- ``libver="earliest"``, by which the file begins with a superblock of version 0, whose address of
  the end of the file stands at byte 40 (salvaging a truncated file needs it);
- an attribute of a group with few attributes being a message in its object header within the
  first MiB: its name, type and shape, each padded to 8 bytes, then the value.

The last is no promise of the library's. `create` of `pipeline.chains.layout` therefore plants a
number that occurs once, looks for it, and refuses a file where it is not where it is expected.
"""

from __future__ import annotations

import struct
from pathlib import Path

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t

_HEAD = 1 << 20
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def allocate(group: h5py.Group, name: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """A contiguous data set with its space in the file, not filled."""
    properties = h5p.create(h5p.DATASET_CREATE)
    properties.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    properties.set_fill_time(h5d.FILL_TIME_NEVER)
    kind = h5t.py_create(dtype, logical=True)
    h5d.create(group.id, name.encode(), kind, h5s.create_simple(shape), properties)


def array_offset(dataset: h5py.Dataset) -> int:
    """Byte at which the data of a contiguous data set begin."""
    return dataset.id.get_offset()


def find_once(path: Path, number: int) -> int:
    """Byte offset of a 64-bit number that the head of the file holds once.

    Raises
    ------
    OSError: it is not there, or more than once
    """
    head, needle = _head(path), np.int64(number).tobytes()
    if head.count(needle) != 1:
        raise OSError(f"{path}: HDF5 stored the step counter in an unexpected way")
    return head.index(needle)


def attribute_offset(path: Path, name: str, value: int) -> int:
    """Byte offset of a scalar 64-bit attribute, found through its object header message.

    The message is the attribute's name padded to 8 bytes, its type (a 64-bit little-endian integer
    takes 16 bytes) and its scalar shape (8 bytes), then the value.

    Raises
    ------
    OSError: no such attribute of this value
    """
    head, text = _head(path), name.encode() + b"\x00"
    padded = -(-len(text) // 8) * 8
    at = head.find(text)
    while at >= 0:
        offset = at + padded + 16 + 8
        if head[offset : offset + 8] == np.int64(value).tobytes():
            return offset
        at = head.find(text, at + 1)
    raise OSError(f"{path}: the step counter was not found")


def recorded_length(path: Path) -> int | None:
    """Bytes that the superblock says the file has; None where it is not one of version 0."""
    with open(path, "rb") as file:
        head = file.read(48)
    if len(head) < 48 or head[:8] != _SIGNATURE or head[8] != 0:
        return None
    return struct.unpack_from("<Q", head, 40)[0]


def _head(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(_HEAD)
