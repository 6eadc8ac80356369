"""Where self-confinement ends: the rigidity above which the topmost term holds nothing.

With linear damping f of a halo falls to almost nothing at the rigidity at which the flux that
arrives is as small as S. Below it, f begins as a power of x = ln(R_cutoff / R): the square where
particles cool into it, x itself where nothing cools. Smooth is ln f without that power: differences
and interpolation are made of it, and never across a cutoff.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from transport.constants import LIGHT_SPEED

UNCONFINED = 1.000001 / LIGHT_SPEED
LEAST = 0.25
"""Steps by which a node lies below a cutoff at least to count as below."""
ABOVE_FLOOR = 3.0
"""And what f should be there, over that of particles that stream freely."""
STEEP = 10.0
"""How many times that a step further down at least: nonlinear damping alone gets there slowly, and
what it leaves is no cutoff."""
NONE = -1


@dataclass(frozen=True)
class Cutoff:
    """Of every walker.

    Attributes
    ----------
    place : (n,) of the cutoff, in steps from the lowest node; infinite where there is none
    last : (n,) index of the last node below it, `NONE` where there is none
    onset : power of x with which f begins
    n_nodes, step : how many nodes, and how far apart in ln R
    shift : of a species whose parents have that cutoff, too, in steps by which theirs are lower in
        rigidity: f begins as (x (x + shift))^onset; negative for one that is injected
    """

    place: np.ndarray
    last: np.ndarray
    onset: float
    n_nodes: int
    step: float
    shift: float = -1.0

    def of_daughter(self, shift: float) -> Cutoff:
        """The same for a species that is made of one with this cutoff."""
        return replace(self, shift=shift)

    def __bool__(self):
        return bool((self.last != NONE).any())

    @cached_property
    def beyond(self) -> np.ndarray:
        """(n, m) bool: nodes above a cutoff."""
        return (self.last[:, None] != NONE) & (np.arange(self.n_nodes) > self.last[:, None])

    @cached_property
    def _distance(self):
        """(n, m) steps to the cutoff above a node, 1 where there is none, and whether there is."""
        index = np.arange(self.n_nodes)
        below = index <= self.last[:, None]
        return np.where(below, self.place[:, None] - index, 1.0), below

    @cached_property
    def log_shape(self) -> np.ndarray:
        """ln of how f begins, (n, m); 0 where there is no cutoff above."""
        x, below = self._distance
        logs = np.log(x * (x + self.shift) if self.shift >= 0.0 else x)
        return np.where(below, self.onset * logs, 0.0)

    @cached_property
    def slope(self) -> np.ndarray:
        """Its derivative with respect to ln R, (n, m)."""
        x, below = self._distance
        rise = 1.0 / x + (1.0 / (x + self.shift) if self.shift >= 0.0 else 0.0)
        return np.where(below, -self.onset / self.step * rise, 0.0)


def find_cutoff(rho: np.ndarray, onset: float, step: float) -> Cutoff:
    """The cutoff of a residence, found between nodes from the three below.

    Parameters
    ----------
    rho : (n, m) s/cm at the flux that arrives at the term, 1 / c where nothing is held
    onset : power of x, 1 or 2
    step : of the nodes in ln R
    """
    n, m = rho.shape
    place, last = np.full(n, np.inf), np.full(n, NONE)
    held = rho > UNCONFINED
    if held.all():
        return Cutoff(place, last, onset, m, step)
    top = m - 1 - np.argmax(held[:, ::-1], axis=1)
    steep = rho[np.arange(n), np.maximum(top - 1, 0)] > STEEP / LIGHT_SPEED
    # six nodes on either side for interpolation
    walkers = np.flatnonzero(held.any(axis=1) & steep & (top >= 6) & (top < m - 7))
    if walkers.size:
        at = top[walkers]
        a, b, c = (rho[walkers, at - k] - 1.0 / LIGHT_SPEED for k in range(3))
        linear, square = 0.5 * (3.0 * a - 4.0 * b + c), 0.5 * (a - 2.0 * b + c)
        with np.errstate(all="ignore"):
            root = -2.0 * a / (linear - np.sqrt(linear**2 - 4.0 * square * a))
            root = np.where((root > 0.0) & (root <= 1.0), root, np.clip(a / (b - a), 0.0, 1.0))
        place[walkers] = at + root
        # f / F is the slope of rho times x, or 3/2 of it times x^2 ln R where it cools
        rise = ABOVE_FLOOR / LIGHT_SPEED / np.maximum(b - a, 1e-300)
        rise = rise if onset == 1.0 else np.sqrt(rise / (1.5 * step))
        node = np.floor(place[walkers] - np.maximum(rise, LEAST))
        place[walkers] = np.where(node >= 6, place[walkers], np.inf)
        last[walkers] = np.where(node >= 6, node, NONE)
    return Cutoff(place, last, onset, m, step)
