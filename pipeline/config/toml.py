"""Writing TOML: the standard library only reads it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def to_toml(content: Mapping) -> str:
    """TOML of nested mappings of strings, numbers, booleans and lists.

    Keys whose value is None are left out. Reading it back with `tomllib` gives the same content.

    Raises
    ------
    TypeError: a value that is none of these
    """
    return "\n".join(_section((), content)).strip("\n") + "\n"


def toml_value(value: object) -> str:
    """One value as it stands behind the equals sign."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return repr(value)
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(v) for v in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {toml_value(v)}" for k, v in value.items()) + "}"
    raise TypeError(f"{value!r} cannot be written as TOML")


def dotted_key(parts) -> str:
    """The parts of a key joined as TOML writes them."""
    return ".".join(_key(str(p)) for p in parts)


def _section(path, content):
    lines = []
    tables = {k: v for k, v in content.items() if isinstance(v, Mapping)}
    plain = {k: v for k, v in content.items() if k not in tables and v is not None}
    if path and (plain or not tables):
        lines += ["", f"[{dotted_key(path)}]"]
    lines += [f"{_key(k)} = {toml_value(v)}" for k, v in plain.items()]
    for key, table in tables.items():
        lines += _section((*path, key), table)
    return lines


def _key(key):
    return key if _BARE_KEY.fullmatch(key) else _string(key)


def _string(text):
    # JSON strings are TOML strings, but for DEL, which JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
