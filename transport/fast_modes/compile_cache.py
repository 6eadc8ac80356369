"""Compiled code on disk, in files that nobody else could have written and that are not damaged.

A cache is optional: whatever is wrong with it costs a compilation and nothing else. Numba's own
cache unpickles, and so runs, what it finds, whoever wrote it, and stops at a damaged file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import platform
import stat
import sys
from multiprocessing import current_process
from pathlib import Path

import numba
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

_DIGEST = hashlib.sha256().digest_size
_RANKS = ("OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK")


class Notice:
    """One line on stderr, once, when a compilation is about to begin.

    Parameters
    ----------
    when : how often that happens, for people
    """

    def __init__(self, when: str):
        self._text = f"crtune: compiling the transport kernels, about half a minute ({when})"
        self._is_given = False

    def give(self) -> None:
        """Print it, in one of several processes that start together."""
        name = current_process().name
        first = name == "MainProcess" or name.endswith("-1")
        if first and not self._is_given and all(os.environ.get(r, "0") == "0" for r in _RANKS):
            with contextlib.suppress(OSError, ValueError):  # a closed stderr
                print(self._text, file=sys.stderr, flush=True)
        self._is_given = True


def prepare_folder(folder: Path) -> str | None:
    """Make a folder that only this user can write; why it cannot be used, or None."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if not _is_own(os.stat(folder)):
            return f"{folder} belongs to somebody else"
        if not _is_private(os.stat(folder)):
            os.chmod(folder, 0o700)
        if not os.access(folder, os.W_OK | os.X_OK):
            return f"{folder} cannot be written"
    except OSError as error:
        return f"{folder} cannot be used: {error.strerror or error}"
    return None


class CompileCache(NullCache):
    """Compiled versions of one function, as `numba.core.dispatcher.Dispatcher` asks for them.

    Parameters
    ----------
    function : the Python function
    folder : where the files are, or None
    notice : given before a compilation
    """

    def __init__(self, function, folder: Path | None, notice: Notice):
        self._function, self._folder, self._notice = function, folder, notice

    def load_overload(self, sig, target_context):
        """The compiled version for a signature, or None: it will then be compiled."""
        if self._folder is not None:
            # whatever a damaged file, a changed library or another processor make of it
            with contextlib.suppress(Exception):
                target_context.refresh()
                payload = read_private(self._path(sig, target_context.codegen()))
                return CompileResult._rebuild(target_context, *pickle.loads(payload))
        self._notice.give()
        return None

    def save_overload(self, sig, cres):
        """Keep a compiled version, if that can be."""
        if self._folder is None:
            return
        with contextlib.suppress(Exception):  # a full disk, a quota, a folder that has gone
            if not cres.lifted and not cres.library.has_dynamic_globals:
                write_private(self._path(sig, cres.library.codegen), dumps(cres._reduce()))

    def _path(self, sig, codegen):
        code = self._function.__code__
        parts = (sig, codegen.magic_tuple(), code.co_code, code.co_firstlineno,
                 numba.__version__, platform.python_version())  # fmt: skip
        digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:24]
        return self._folder / f"{self._function.__module__}.{self._function.__name__}.{digest}"


def read_private(path: Path) -> bytes:
    """Content of a file that only this user can have written, whole.

    Raises
    ------
    OSError: it cannot be read; somebody else owns it or may write it
    ValueError: it is damaged
    """
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        if not (_is_own(status) and _is_private(status) and stat.S_ISREG(status.st_mode)):
            raise PermissionError(f"{path}: somebody else may have written it")
        content = file.read()
    digest, payload = content[:_DIGEST], content[_DIGEST:]
    if hashlib.sha256(payload).digest() != digest:
        raise ValueError(f"{path}: damaged")
    return payload


def write_private(path: Path, payload: bytes) -> None:
    """Write a file for `read_private`, whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(hashlib.sha256(payload).digest() + payload)
        os.replace(draft, path)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(draft)


def _is_own(status: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or status.st_uid == os.geteuid()


def _is_private(status: os.stat_result) -> bool:
    return os.name == "nt" or not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
