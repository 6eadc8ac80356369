"""Numbers as JSON can hold them."""

from __future__ import annotations

import math
from collections.abc import Mapping


def without_infinities(row: Mapping) -> dict:
    """The row with None, which JSON writes as null, for numbers that are not finite."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in row.items()
    }
