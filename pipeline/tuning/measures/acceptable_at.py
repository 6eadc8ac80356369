"""An acceptable fraction at one precision, with what to say where there is none."""

from __future__ import annotations

import numpy as np

from pipeline.tuning.measures.columns import LOWER_BOUND
from pipeline.tuning.measures.rounding import plain

MOST_MEMORY = 0.5
"""Of the chains behind an estimate; above this it is doubtful."""


def acceptable_at(fraction, epsilon: float) -> tuple[float, float, str]:
    """Bits of F(epsilon), their error, and a note.

    Bits are interpolated linearly in ln ln(1 + epsilon). Below the floor, the smallest epsilon that
    any point of the prior's support reaches, F is 0: bits are infinite and the note says where the
    floor is. Between the floor and the last precision whose fraction could be measured, the bits
    there are a lower bound, since F falls with epsilon; where none could be, the rarest states that
    were found at all are one.

    Parameters
    ----------
    fraction : `pipeline.tuning.estimators.acceptable.AcceptableFraction`
    """
    if epsilon < fraction.floor:
        return float("inf"), float("nan"), f"none: floor {percent(fraction.floor)}"
    order = np.argsort(fraction.epsilon)
    grid, bits, error = (array[order] for array in (fraction.epsilon, *fraction.best_bits()))
    known = np.isfinite(bits)
    if not known.any():
        deepest = fraction.deepest_bits
        return deepest, float("nan"), LOWER_BOUND if np.isfinite(deepest) else "not measured"
    grid, bits, error = grid[known], bits[known], error[known]
    if epsilon < grid[0] * (1.0 - 1e-9):
        return float(bits[0]), float("nan"), LOWER_BOUND
    x, at = np.log(np.log1p(grid)), np.log(np.log1p(epsilon))
    return float(np.interp(at, x, bits)), float(np.interp(at, x, error)), ""


def remembered(fraction, epsilon: float) -> bool:
    """Whether the chains behind F(epsilon) remember too much of where they began.

    Not where prior draws could be counted, too: there the two estimates stand side by side.
    """
    if epsilon < fraction.floor:
        return False
    order = np.argsort(fraction.epsilon)
    counted = np.isfinite(fraction.plain_bits[order])
    if counted.any() and epsilon >= fraction.epsilon[order][counted][0]:
        return False
    memory = np.interp(epsilon, fraction.epsilon[order], fraction.memory[order])
    return bool(memory > MOST_MEMORY)


def percent(epsilon: float) -> str:
    """``45%``; from 200% on as a factor."""
    return f"{plain(100 * epsilon, 2)}%" if epsilon < 2.0 else f"factor {1 + epsilon:.2g}"
