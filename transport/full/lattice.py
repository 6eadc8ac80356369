"""The rigidities of the march, the same whatever is asked for, and interpolation between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

PER_DECADE = 18
LOWEST = 0.05
"""GV, 1.3 MeV of protons and 0.3 MeV per nucleon of carbon: below it losses by ionisation are not
given by Bethe's formula."""
USUAL_RANGE = (0.2, 4000.0)
"""GV, that the nodes always cover, densely: what AMS-02 and Voyager ask for."""
HEADROOM = 1.0
"""Decades above it at which the march begins: the slope assumed there is forgotten as R^4.5."""
COARSENING = 3
"""Above the range each so many nodes the scenario is evaluated, between them interpolated."""
BELOW = 4
"""Nodes below the lowest rigidity, for derivatives and interpolation (times the refinement)."""
ORDER = 6  # nodes of an interpolation


@dataclass(frozen=True)
class Lattice:
    """Nodes R = 10^(k / per_decade), k ascending.

    Attributes
    ----------
    first, dense, last : k of the lowest node, the highest of the dense part and the highest
    per_decade : nodes per decade of rigidity
    """

    first: int
    dense: int
    last: int
    per_decade: int = PER_DECADE

    @property
    def step(self) -> float:
        """Of the nodes in ln R."""
        return np.log(10.0) / self.per_decade

    @cached_property
    def rigidity(self) -> np.ndarray:
        """(m,) GV."""
        return 10.0 ** (np.arange(self.first, self.last + 1) / self.per_decade)

    @cached_property
    def asked(self) -> np.ndarray:
        """Indices of the nodes between which rigidities are asked for, and one above."""
        low = BELOW * self.per_decade // PER_DECADE
        return np.arange(low, self.dense - self.first - 1)

    @cached_property
    def evaluated(self) -> np.ndarray:
        """Those, some below and a few far above: where evaluating is cheap, a cutoff is seen."""
        dense = self.dense - self.first + 1
        return np.r_[:dense, dense - 1 + COARSENING : len(self.rigidity) : COARSENING]

    def spread(self, array: np.ndarray) -> np.ndarray:
        """(..., m) of positive values at the `evaluated` nodes, log-linear between coarse ones.

        Of values at the `asked` nodes alone: above them the power law of the last, below a parabola
        of ln f over ln R through the first.
        """
        result = np.empty((*array.shape[:-1], len(self.rigidity)))
        if array.shape[-1] == len(self.asked):
            first, last = self.asked[0], self.asked[-1]
            result[..., first : last + 1] = array
            slope = np.log(array[..., -1:] / array[..., -4:-3]) / 3.0
            above = np.arange(1, len(self.rigidity) - last)
            result[..., last + 1 :] = array[..., -1:] * np.exp(slope * above)
            f = np.log(array[..., :3])
            x = -np.arange(first, 0.0, -1.0)
            rise = 0.5 * x * (x - 1.0) * (f[..., 2:] - 2.0 * f[..., 1:2] + f[..., :1])
            result[..., :first] = np.exp(f[..., :1] + x * (f[..., 1:2] - f[..., :1]) + rise)
            return result
        dense = self.dense - self.first
        result[..., : dense + 1] = array[..., : dense + 1]
        logs = np.log(array[..., dense:])
        for j in range(COARSENING):
            share = (j + 1) / COARSENING
            result[..., dense + 1 + j :: COARSENING] = np.exp(
                (1.0 - share) * logs[..., :-1] + share * logs[..., 1:]
            )
        return result


@lru_cache(maxsize=64)
def lattice(lowest: float, highest: float, refinement: int = 1) -> Lattice:
    """The lattice for rigidities from `lowest` to `highest`, GV, with so many times the nodes."""
    per_decade = PER_DECADE * refinement
    low, high = min(lowest, USUAL_RANGE[0]), max(highest, USUAL_RANGE[1])
    first = int(np.floor(np.log10(low) * per_decade)) - BELOW * refinement
    dense = int(np.ceil(np.log10(high) * per_decade)) + ORDER // 2
    coarse = int(np.ceil(HEADROOM * per_decade / COARSENING))
    return Lattice(first, dense, dense + coarse * COARSENING, per_decade)


class Interpolation:
    """Values between the nodes from values at the nodes, of degree 5 in ln f over ln R.

    Where ln f is not smooth (a cutoff), of degree 1: a polynomial would overshoot.

    Parameters
    ----------
    nodes : the lattice
    rigidity : (n_R,) GV, where values are wanted
    """

    KINK = 0.5  # second difference of ln f that no smooth spectrum reaches within a step

    def __init__(self, nodes: Lattice, rigidity: np.ndarray):
        position = np.log10(rigidity) * nodes.per_decade - nodes.first
        self._near = np.clip(np.floor(position).astype(int), 2, len(nodes.rigidity) - 4)
        self._share = position - self._near
        self._index = self._near[:, None] + np.arange(-2, 4)
        offsets = np.arange(-2.0, 4.0)
        others = offsets[:, None] != offsets
        weights = [
            np.prod(
                (self._share[:, None] - offsets[others[j]]) / (offsets[j] - offsets[others[j]]),
                axis=1,
            )
            for j in range(ORDER)
        ]
        self._weights = np.stack(weights, axis=1)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(n, n_R) of positive values (n, m) at the nodes."""
        logs = np.log(values)[:, self._index]
        smooth = np.einsum("nrj,rj->nr", logs, self._weights)
        curvature = np.abs(np.diff(logs, 2, axis=2)).max(axis=2)
        if np.any(curvature > self.KINK):
            linear = logs[..., 2] + self._share * (logs[..., 3] - logs[..., 2])
            smooth = np.where(curvature > self.KINK, linear, smooth)
        return np.exp(smooth)


@lru_cache(maxsize=64)
def _interpolation(nodes: Lattice, rigidity: bytes) -> Interpolation:
    return Interpolation(nodes, np.frombuffer(rigidity))


def interpolation(nodes: Lattice, rigidity: np.ndarray) -> Interpolation:
    """`Interpolation`, made once for each set of rigidities."""
    return _interpolation(nodes, np.ascontiguousarray(rigidity, dtype=float).tobytes())
