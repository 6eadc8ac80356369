"""Numbers as JSON can hold them, and files of JSON that know their checksum."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path

_SUM = "sha256"


def without_infinities(row: Mapping) -> dict:
    """The row with None, which JSON writes as null, for numbers that are not finite."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in row.items()
    }


def text_with_checksum(fields: Mapping) -> str:
    """JSON of `fields` and, as the last of them, ``sha256`` of all the others."""
    return json.dumps({**fields, _SUM: _checksum(fields)}, indent=1)


def read_with_checksum(path: str | Path) -> dict:
    """What `text_with_checksum` wrote, without the checksum.

    Raises
    ------
    ValueError: no JSON, or its content differs from its checksum
    OSError: it cannot be read
    """
    try:
        fields = json.loads(Path(path).read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError(f"{path}: nested too deeply") from None
    if not isinstance(fields, dict) or fields.pop(_SUM, None) != _checksum(fields):
        raise ValueError(f"{path}: its content differs from its checksum")
    return fields


def _checksum(fields: Mapping) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
