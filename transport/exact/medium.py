"""Heights and streaming speeds of one line of sight up from the disk, and the rigidity grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HEADROOM = 20.0
"""The march begins this factor above the highest rigidity that matters: a wrong slope assumed at
the start is forgotten like (R / start)^alpha."""


@dataclass(frozen=True)
class Medium:
    """Nodes in height with the streaming speed on both sides of each.

    Attributes
    ----------
    z : (n_z,) cm, ascending; the first is the disk (or the base), the last the outer boundary
    below, above : (n_z,) cm/s, streaming speed just below and just above each node; they differ
        where the speed jumps. `below[0]` is 0: by symmetry half of the jump at the disk is ours.
    jump : whether the jumps count as adiabatic losses
    """

    z: np.ndarray
    below: np.ndarray
    above: np.ndarray
    jump: bool = True

    @property
    def steps(self) -> np.ndarray:
        """(n_z,) counted jump of the speed at each node, cm/s."""
        return (self.above - self.below) * self.jump

    @property
    def rises(self) -> np.ndarray:
        """(n_z - 1,) rise of the speed inside each cell, cm/s."""
        return self.below[1:] - self.above[:-1]


def streaming_medium(z, speed, jump=True) -> Medium:
    """One streaming region from the disk up: `speed` (n_z,) cm/s, jumping from 0 at z[0]."""
    below = np.array(speed, float)
    below[0] = 0.0
    return Medium(np.asarray(z, float), below, np.array(speed, float), jump)


def clustered_heights(bottom, top, finest, largest=0.01, growth=1.06):
    """Ascending heights that crowd geometrically towards `top`, where f falls to 0.

    Parameters
    ----------
    bottom, top : cm
    finest : smallest cell, as a fraction of top - bottom
    largest : largest cell, likewise
    growth : ratio of neighbouring cells next to the top
    """
    cells = [finest]
    while sum(cells) < 1.0:
        cells.append(min(cells[-1] * growth, largest))
    distance = np.concatenate([[0.0], np.cumsum(cells)])
    return top - (top - bottom) * (distance / distance[-1])[::-1]


def rigidity_grid(lowest, highest, per_decade):
    """Ascending log-spaced rigidities (GV), `lowest` or just below it to `HEADROOM` * `highest`."""
    start = HEADROOM * highest
    count = int(np.ceil(np.log10(start / lowest) * per_decade)) + 1
    return start * 10.0 ** (-np.arange(count)[::-1] / per_decade)
