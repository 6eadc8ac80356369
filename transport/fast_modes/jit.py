"""Numba's compiler, its results cached on disk wherever a place can be written."""

import hashlib
import os
import tempfile
from pathlib import Path

import numba
import platformdirs

_TRANSPORT = Path(__file__).parents[1]


def _source_hash() -> str:
    """Of every file the compiled code may depend on, through calls or constants.

    Numba's own cache looks at the file of the compiled function alone, so a change in a function
    that it calls would go unnoticed.
    """
    digest = hashlib.sha256()
    for path in sorted([*_TRANSPORT.glob("*.py"), *_TRANSPORT.glob("fast_modes/*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> str | None:
    """A writable folder for this version of the code, or None."""
    root = os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_path("crtune") / "numba"
    folder = Path(root) / _source_hash()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return None  # a read-only home costs a compilation at every start, nothing else
    return str(folder)


_FOLDER = _cache_folder()
if _FOLDER:
    numba.config.CACHE_DIR = _FOLDER


def njit(function):
    """Compile to machine code at the first call; later processes load it from the cache."""
    fastmath = {"contract", "reassoc", "arcp", "nsz"}
    return numba.njit(cache=_FOLDER is not None, fastmath=fastmath)(function)
