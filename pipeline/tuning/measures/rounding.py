"""Numbers as text, to the digits that their errors leave."""

from __future__ import annotations

import math

_NOTHING = 1e-6
_MOST_DECIMALS = 4


def rounded(value: float, error: float = math.nan, digits: int = 3) -> str:
    """``12.34 ± 0.15``: the error to two digits, the value to the same place.

    Without a finite error, or with one that is nothing beside the value, the value alone has
    `digits` significant digits.
    """
    if not math.isfinite(value):
        return str(value)
    if not (math.isfinite(error) and error > _NOTHING * abs(value)):
        return plain(value, digits)
    place = 1 - math.floor(math.log10(error))
    # 0.0999 becomes 0.10, not 0.100
    place = 1 - math.floor(math.log10(round(error, place)))
    if not -6 <= place <= 6:
        return f"{value:.{digits}g} ± {error:.2g}"
    shown = max(place, 0)
    return f"{round(value, place):.{shown}f} ± {round(error, place):.{shown}f}"


def interval(middle: float, low: float, high: float) -> str:
    """``0.45 [0.31, 0.62]``, all to two digits of half the width, four decimals at most."""
    half = 0.5 * (high - low)
    if not all(map(math.isfinite, (low, middle, high))):
        return f"{plain(middle)} [{plain(low)}, {plain(high)}]"
    digits = 1 - math.floor(math.log10(half)) if half > 0.0 else _MOST_DECIMALS
    digits = min(max(digits, 0), _MOST_DECIMALS)
    # adding 0.0 makes -0.0 plain zero
    low, middle, high = (
        f"{round(value, digits) + 0.0:.{digits}f}" for value in (low, middle, high)
    )
    return f"{middle} [{low}, {high}]"


def plain(value: float, digits: int = 3) -> str:
    """A number without an error, to so many digits, without an exponent where that is short."""
    if value == 0.0 or not math.isfinite(value):
        return f"{value:g}"
    if 1e-4 <= abs(value) < 1e6:
        place = digits - 1 - math.floor(math.log10(abs(value)))
        return f"{round(value, place):.{max(place, 0)}f}"
    return f"{value:.{digits}g}"
