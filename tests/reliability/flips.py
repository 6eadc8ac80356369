"""One bit of a stored file is flipped: what reads it gives the same, or says that it is damaged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from transport.errors import CrtuneError


class SilentChangeError(AssertionError):
    """A flipped bit that changed what is read without a word."""


def flipped(content: bytes, bit: int) -> bytes:
    """The content with one bit the other way."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def bits_of(path: Path, number: int, rng) -> list[int]:
    """Random bits of a file: half of them anywhere, half where it is not empty space."""
    content = np.frombuffer(path.read_bytes(), np.uint8)
    used = np.flatnonzero(content)
    places = [rng.integers(0, content.size, number // 2), rng.choice(used, number - number // 2)]
    return (8 * np.concatenate(places) + rng.integers(0, 8, number)).tolist()


def flip_bits(path: Path, bits: Iterable[int], read: Callable[[], object], check=None) -> Counter:
    """Flip single bits of a file, one after the other, and read it each time.

    Parameters
    ----------
    bits : positions, each flipped by itself
    read : gives what a result rests on, comparable by ``==``
    check : called while the file is damaged and says so, e.g. to salvage it

    Returns
    -------
    how often it was ``told``, and how often ``harmless``: the bit decides about nothing

    Raises
    ------
    SilentChangeError: something else was read, or another error than `CrtuneError` raised
    """
    whole, truth = path.read_bytes(), read()
    seen = Counter()
    for bit in bits:
        path.write_bytes(flipped(whole, bit))
        try:
            found = read()
        except CrtuneError as error:
            if str(path) not in str(error):
                raise SilentChangeError(f"bit {bit} of {path.name}: unnamed: {error}") from error
            seen["told"] += 1
            if check:
                check()
        except Exception as error:
            raise SilentChangeError(f"bit {bit} of {path.name}: {error!r}") from error
        else:
            if found != truth:
                raise SilentChangeError(f"bit {bit} of {path.name}: something else was read")
            seen["harmless"] += 1
    path.write_bytes(whole)
    return seen
