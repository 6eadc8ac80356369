"""Joint constraints: hard walls that the prior is cut at, such as beta < 1 in the warm layer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from transport.errors import CrtuneError
from transport.suggest import suggest


@dataclass(frozen=True)
class Constraint:
    """``low < quantity < high`` for a parameter or a derived quantity of a scenario.

    Attributes
    ----------
    name : of the quantity
    low, high : in the unit of the quantity; infinite where there is no wall
    """

    name: str
    low: float = -math.inf
    high: float = math.inf

    def __str__(self):
        left = f"{self.low:g} < " if math.isfinite(self.low) else ""
        right = f" < {self.high:g}" if math.isfinite(self.high) else ""
        return f"{left}{self.name}{right}"

    def satisfied(self, quantities: Mapping[str, np.ndarray]) -> np.ndarray:
        """Where the constraint holds, (n,) bool; a NaN quantity never satisfies it.

        Where there is no wall, an infinite quantity does: a cutoff beyond all rigidities is one
        above 3 TV.
        """
        quantity = np.asarray(quantities[self.name])
        inside = ~np.isnan(quantity)
        if self.low > -math.inf:
            inside &= quantity > self.low
        if self.high < math.inf:
            inside &= quantity < self.high
        return inside


def constraint_from_table(name: str, table: object) -> Constraint:
    """Constraint of a TOML table: ``{below = 1.0}``, ``{above = 0.1}`` or ``{between = [a, b]}``.

    Raises
    ------
    CrtuneError: saying what is wrong and what would be right; the caller adds file and key
    """
    forms = "{ below = b }, { above = a } or { between = [a, b] }"
    if not isinstance(table, Mapping) or not table:
        raise CrtuneError(f"{table!r} is no constraint; write {forms}")
    for key in table:
        if key not in ("below", "above", "between"):
            near = suggest(key, ("below", "above", "between"))
            raise CrtuneError(f"unknown key {key!r}{near}; write {forms}")
    if "between" in table:
        pair = table["between"]
        if len(table) > 1 or not isinstance(pair, list) or len(pair) != 2:
            raise CrtuneError(f"{dict(table)!r} should be {{ between = [a, b] }}")
        low, high = pair
    else:
        low, high = table.get("above", -math.inf), table.get("below", math.inf)
    for bound in (low, high):
        if isinstance(bound, bool) or not isinstance(bound, int | float) or math.isnan(bound):
            raise CrtuneError(f"{bound!r} should be a number")
    if not low < high:
        raise CrtuneError(f"the bounds {low!r} and {high!r} leave nothing between them")
    return Constraint(name, float(low), float(high))


def check_quantities(constraints: Iterable[Constraint], known: Iterable[str]) -> None:
    """Refuse constraints on quantities that are not `known`.

    Raises
    ------
    CrtuneError: with the nearest known quantity
    """
    known = list(known)
    for constraint in constraints:
        if constraint.name not in known:
            raise CrtuneError(
                f"{constraint.name} is neither a parameter nor a derived quantity"
                f"{suggest(constraint.name, known)}; known: {', '.join(known)}"
            )
