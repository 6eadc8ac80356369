"""Paths and TOML files that users give: every way in which they can be wrong, as one message."""

from __future__ import annotations

import errno
import tomllib
from collections.abc import Mapping
from pathlib import Path

from transport.errors import CrtuneError

_INTEGERS = 2**63


def user_path(text: str | Path, folder: str | Path | None = None) -> Path:
    """A path that a user wrote, ``~`` expanded, relative to `folder`; it need not exist.

    Raises
    ------
    CrtuneError: no such user, control characters, or too long for the file system
    """
    text = str(text)
    if not text.isprintable():
        raise CrtuneError(f"{text!r}: a path should have no line breaks or control characters")
    try:
        path = Path(folder or "") / Path(text).expanduser()
        path.stat()
    except RuntimeError as error:  # of expanduser
        raise CrtuneError(f"{text}: {str(error).rstrip('.')}; write the path out") from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise CrtuneError(
                f"{text[:60]}... ({len(text)} characters): longer than a path may be"
            ) from None
    return path


def read_text(path: Path, kind: str = "") -> str:
    """Text of a file in UTF-8, without the byte order mark that some editors put in front.

    Parameters
    ----------
    kind : what it is, for messages

    Raises
    ------
    FileNotFoundError: there is none, for the caller to suggest another
    CrtuneError: no UTF-8, or it cannot be read
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise
    except UnicodeDecodeError as error:
        raise CrtuneError(f"{path}: not valid TOML, which is UTF-8 text: {error}") from None
    except OSError as error:
        raise CrtuneError(f"{kind} {path} cannot be read: {error.strerror}".strip()) from None


def parse_toml(text: str, where: str | Path) -> dict:
    """Content of a TOML text.

    Raises
    ------
    CrtuneError: no TOML, nested without end, or integers beyond 64 bits, which TOML has not
    """
    try:
        content = tomllib.loads(text)
        _check_integers(content, "")
    except RecursionError:
        raise CrtuneError(f"{where}: not valid TOML: nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError is one, integers of 5000 digits are another
        raise CrtuneError(f"{where}: not valid TOML: {error}") from None
    return content


def _check_integers(value: object, key: str) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _check_integers(inner, f"{key}.{name}".strip("."))
    elif isinstance(value, list):
        for inner in value:
            _check_integers(inner, key)
    elif isinstance(value, int) and not -_INTEGERS <= value < _INTEGERS:
        raise ValueError(f"{key}: an integer of more than 64 bits")
