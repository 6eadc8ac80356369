"""Numbers that people give, bare or with astropy units."""

from __future__ import annotations

import numpy as np

from transport.errors import CrtuneError


def numbers(value, unit: str, where: str) -> np.ndarray:
    """A number, or an array, in `unit`; astropy converts what has a unit.

    Parameters
    ----------
    where : what it is called, for messages

    Raises
    ------
    CrtuneError: no number, or a unit that does not convert
    """
    try:
        value = value.to_value(unit) if hasattr(value, "to_value") else value
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError) as error:  # astropy's error of conversion is both
        what = f"should be a number or a quantity in {unit}" if unit else "should be a number"
        raise CrtuneError(f"{where} = {value!r}: {what} ({error})") from None


def number(value, unit: str, where: str) -> float:
    """A single one, likewise."""
    found = numbers(value, unit, where)
    if found.ndim:
        raise CrtuneError(f"{where} = {value!r}: should be one number")
    return float(found)
