"""Numba's compiler with its results cached on disk wherever a place can be written."""

import os
import tempfile

import numba
import platformdirs

if "NUMBA_CACHE_DIR" not in os.environ:
    _cache = platformdirs.user_cache_path("crtune") / "numba"
    try:
        _cache.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=_cache).close()
        numba.config.CACHE_DIR = str(_cache)
        _CAN_CACHE = True
    except OSError:
        _CAN_CACHE = False  # a read-only home costs a compilation at every start, nothing else
else:
    _CAN_CACHE = True


def njit(function):
    """Compile to machine code at the first call; later processes load it from the cache."""
    return numba.njit(cache=_CAN_CACHE, fastmath={"contract", "reassoc", "arcp", "nsz"})(function)
