"""Where HDF5 put the bytes of a file: everything that knows its format below h5py lies here.

Steps are added by writing at these places, past the library, since what HDF5 writes in place of
its own structure is what a crash makes unreadable. That relies on

- `H5Dget_offset` of a contiguous data set, made for this: an array that was allocated when it was
  created stays where it is as long as nobody resizes, deletes or rewrites it, which nobody does.
  It counts from the beginning of the file, user block included;
- ``libver="earliest"`` and an attribute of a group with few attributes being a message in its
  object header within the first MiB, in place, not compressed.

The last is no promise of the library's. `create` of `pipeline.chains.layout` therefore plants a
number that occurs once, looks for it, and has HDF5 read back what it writes in its place. All
offsets are kept in the file's seal, so nothing is looked for again.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t

_HEAD = 1 << 20


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


def _head(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(_HEAD)
