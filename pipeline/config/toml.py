"""Writing TOML, which the standard library only reads, and keys as it writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import tomli_w

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def to_toml(content: Mapping) -> str:
    """TOML of nested mappings of strings, numbers, booleans and lists.

    Keys whose value is None are left out. Reading it back with `tomllib` gives the same content.

    Raises
    ------
    TypeError: a value that is none of these
    """
    return tomli_w.dumps(_without_none(content))


def dotted_key(parts) -> str:
    """The parts of a key joined as TOML writes them."""
    return ".".join(_key(str(part)) for part in parts)


def _without_none(content: Mapping) -> dict:
    return {
        key: _without_none(value) if isinstance(value, Mapping) else value
        for key, value in content.items()
        if value is not None
    }


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)
