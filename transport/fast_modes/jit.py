"""Numba's compiler, its results cached on disk wherever a private place can be written."""

import hashlib
import os
from pathlib import Path

import numba
import platformdirs

from transport.fast_modes.compile_cache import CompileCache, Notice, prepare_folder

_TRANSPORT = Path(__file__).parents[1]


def _source_hash() -> str:
    """Of every file the compiled code may depend on, through calls or constants."""
    digest = hashlib.sha256()
    for path in sorted(_TRANSPORT.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> tuple[Path | None, str]:
    """Folder for this version of the code, or None, and when compilations happen."""
    root = os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_path("crtune") / "numba"
    folder = Path(root) / _source_hash()
    problem = prepare_folder(folder)
    if problem is None:
        return folder, "once after an installation"
    # a read-only home costs a compilation at every start, nothing else
    return None, f"at every start, since {problem}"


_FOLDER, _WHEN = _cache_folder()
_NOTICE = Notice(_WHEN)


def njit(function):
    """Compile to machine code at the first call; later processes load it from the cache."""
    fastmath = {"contract", "reassoc", "arcp", "nsz"}
    dispatcher = numba.njit(fastmath=fastmath, error_model="numpy")(function)
    dispatcher._cache = CompileCache(function, _FOLDER, _NOTICE)
    return dispatcher
