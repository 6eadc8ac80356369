"""Results of measures on disk: any frozen dataclass of arrays, numbers and text as HDF5.

A result carries the key of what it was made from: problem, version of the estimator, settings.
Asked for under another key, it is as good as not there; so nothing is made twice, and nothing stale
is taken for new. The whole file is under one checksum (`pipeline.seal`), compared before any of it
is read.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import h5py
import numpy as np

from pipeline import provenance
from pipeline.files import opened, remove_drafts, replacing
from pipeline.seal import SEAL_BYTES, NoSealError, SealError, check_seal, read_seal, write_seal
from transport.errors import CrtuneError

Result = TypeVar("Result")

_OVERHEAD = 1 << 18  # bytes of structure around the arrays, at most
_PROBES = 12
_TEXT = h5py.string_dtype()


def identity_of(problem) -> str:
    """Checksum of a problem, of how its parameters are read, and of numbers that its model gives.

    ln L at a few draws from the prior stands for the code of the model: rewriting it changes
    nothing, another result does.
    """
    probe = problem.log_likelihood(problem.sample_prior(_PROBES, np.random.default_rng(0)))
    numbers = [f"{value:.5g}" for value in np.ravel(probe)]
    read = [(p.name, p.medium, p.is_exponent, p.is_law) for p in problem.parameters]
    return _checksum([problem.fingerprint(), read, numbers])


def key_of(problem, version: str, **settings) -> str:
    """What a result is made from, as text.

    Parameters
    ----------
    problem : its `identity_of` comes first
    version : of the estimator, without blanks
    settings : how hard the estimator worked; their checksum comes last
    """
    return f"{identity_of(problem)} {version} {_checksum(settings)}"


def made_from(path: str | Path) -> tuple[str, str] | None:
    """Identity of the problem and version of the estimator that a stored result is made from.

    None if there is no result. Keys written before versions were part of them give version "".

    Raises
    ------
    CrtuneError: the file is damaged
    """
    key = stored_key(path)
    if key is None:
        return None
    identity, *rest = key.split() or [""]
    return identity, rest[0] if len(rest) > 1 else ""


def stored_key(path: str | Path) -> str | None:
    """Key of a stored result; None if there is no result, "" for one from before checksums.

    Raises
    ------
    CrtuneError: the file is damaged
    """
    path = Path(path)
    if not path.is_file():
        return None
    with _whole(path) as file:
        return "" if file is None else str(file.attrs["key"])


def save(path: str | Path, result, key: str) -> Path:
    """Write a result, whole or not at all, with its key and what made it.

    Parameters
    ----------
    result : dataclass of arrays, numbers, strings, tuples of strings, and dicts of those by name

    Raises
    ------
    CrtuneError: no space, no permission
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_drafts(path)
    content = {f.name: getattr(result, f.name) for f in dataclasses.fields(result)}
    size = sum(np.asarray(v).nbytes for v in content.values() if isinstance(v, np.ndarray))
    with replacing(path, size + _OVERHEAD) as draft:
        with h5py.File(draft, "w", userblock_size=SEAL_BYTES) as file:
            file.attrs["key"] = key
            file.attrs["result"] = type(result).__name__
            file.attrs["provenance"] = json.dumps(provenance.session())
            _write(file, content)
        with opened(draft) as descriptor:
            write_seal(descriptor, {"kind": "result"})
    return path


def load(path: str | Path, cls: type[Result], key: str | None = None) -> Result | None:
    """Read a result; None if there is none, or if its key is another one.

    Raises
    ------
    CrtuneError: the file is damaged or holds something else
    """
    path = Path(path)
    if not path.is_file():
        return None
    with _whole(path) as file:
        if file is None:
            return None
        if file.attrs["result"] != cls.__name__:
            raise CrtuneError(f"{path}: holds a {file.attrs['result']}, not a {cls.__name__}")
        if key is not None and file.attrs["key"] != key:
            return None
        content = _read(file)
    try:
        # a field that this version does not know, or one that it lacks, makes the result stale
        return cls(**content)
    except TypeError:
        return None


def remember(path: str | Path, cls: type[Result], key: str, make: Callable[[], Result]) -> Result:
    """The result stored under `key`, or else a new one from `make`, stored."""
    result = load(path, cls, key)
    if result is None:
        result = make()
        save(path, result, key)
    return result


def _checksum(content) -> str:
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def _whole(path: Path):
    """A result's file that agrees with its checksum, open; None if it is from before checksums.

    Raises
    ------
    CrtuneError: it is damaged, or cannot be read
    """
    try:
        with opened(path, os.O_RDONLY) as descriptor:
            check_seal(descriptor, read_seal(descriptor))
            with h5py.File(path, "r", locking=False) as file:
                yield file
    except NoSealError:
        if not h5py.is_hdf5(path):
            raise _damaged(path, "it is not HDF5") from None
        yield None
    except (SealError, OSError, KeyError, RuntimeError) as error:
        raise _damaged(path, error) from error


def _damaged(path, error) -> CrtuneError:
    return CrtuneError(
        f"{path}: damaged or no result of crtune ({error}); delete it, and it is made again"
    )


def _write(group: h5py.Group, content: dict) -> None:
    for name, value in content.items():
        if isinstance(value, dict):
            child = group.create_group(name)
            child.attrs["kind"] = "dict"
            _write(child, value)
        elif isinstance(value, tuple | list):
            data = np.array([str(item) for item in value], dtype=object)
            group.create_dataset(name, data=data, dtype=_TEXT).attrs["kind"] = "texts"
        elif isinstance(value, str):
            group.create_dataset(name, data=value, dtype=_TEXT).attrs["kind"] = "text"
        elif isinstance(value, np.ndarray):
            group.create_dataset(name, data=value).attrs["kind"] = "array"
        else:
            group.create_dataset(name, data=value).attrs["kind"] = "number"


def _read(group: h5py.Group) -> dict:
    return {name: _value(item) for name, item in group.items()}


def _value(item):
    kind = item.attrs["kind"]
    if kind == "dict":
        return _read(item)
    if kind == "texts":
        return tuple(item.asstr()[:]) if item.size else ()
    if kind == "text":
        return item.asstr()[()]
    return item[...] if kind == "array" else item[()].item()
