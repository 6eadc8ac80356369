"""The rigidities of the march, the same whatever is asked for, and interpolation between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from transport.fast_modes.jit import njit
from transport.fast_modes.lagrange import lagrange6
from transport.full.cutoff import NONE, Cutoff

PER_DECADE = 18
LOWEST = 0.05
"""GV, 1.3 MeV of protons and 0.3 MeV per nucleon of carbon: below it losses by ionisation are not
given by Bethe's formula."""
USUAL_RANGE = (0.2, 4000.0)
"""GV, that the nodes always cover: what AMS-02 and Voyager ask for."""
LOCAL_REACH = (-0.6, 1.5)
"""Decades around what is asked for that decide the protons there; see `local_lattice`."""
HEADROOM = 0.7
"""Decades above it at which the march begins: the slope assumed there is forgotten as R^4.5."""
BELOW = 4
"""Nodes below the lowest rigidity, for derivatives and interpolation (times the refinement)."""
ORDER = 6  # nodes of an interpolation
REACH = 8  # steps below a cutoff from which on ln f is smooth enough as it is


@dataclass(frozen=True)
class Lattice:
    """Nodes R = 10^(k / per_decade), k ascending.

    Attributes
    ----------
    first, dense, last : k of the lowest node, of the one above the range, and of the highest
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
    def all(self) -> np.ndarray:
        """Indices of all nodes."""
        return np.arange(len(self.rigidity))

    def spread(self, array: np.ndarray) -> np.ndarray:
        """(..., m) of positive values at `all` nodes, or at those `asked`.

        Of these: above them the power law of the last, below a parabola of ln f over ln R through
        the first.
        """
        if array.shape[-1] == len(self.rigidity):
            return array
        rows = np.ascontiguousarray(array).reshape(-1, array.shape[-1])
        result = np.empty((len(rows), len(self.rigidity)))
        _extrapolate(rows, self.asked[0], result)
        return result.reshape(*array.shape[:-1], -1)


@lru_cache(maxsize=64)
def lattice(lowest: float, highest: float, refinement: int = 1) -> Lattice:
    """The lattice for rigidities from `lowest` to `highest`, GV, with so many times the nodes."""
    low, high = min(lowest, USUAL_RANGE[0]), max(highest, USUAL_RANGE[1])
    return _spanning(low, high, refinement)


@lru_cache(maxsize=64)
def local_lattice(lowest: float, highest: float) -> Lattice:
    """As few nodes as give protons from `lowest` to `highest`, GV, as `lattice` does, to 1e-4.

    What happens above is forgotten as R^4.5 on the way down; from below, what derivatives do at the
    last nodes comes up by two nodes a march.
    """
    low, high = (r * 10.0**reach for r, reach in zip((lowest, highest), LOCAL_REACH, strict=True))
    low = max(low, min(lowest, USUAL_RANGE[0]))
    return _spanning(low, min(high, max(highest, USUAL_RANGE[1])), 1)


def _spanning(low, high, refinement):
    per_decade = PER_DECADE * refinement
    first = int(np.floor(np.log10(low) * per_decade)) - BELOW * refinement
    dense = int(np.ceil(np.log10(high) * per_decade)) + ORDER // 2
    return Lattice(first, dense, dense + int(np.ceil(HEADROOM * per_decade)), per_decade)


@njit
def _extrapolate(rows, first, result):
    for i in range(len(rows)):
        f, n = rows[i], rows.shape[1]
        a, b, c = np.log(f[0]), np.log(f[1]), np.log(f[2])
        for j in range(first):
            x = float(j - first)
            result[i, j] = np.exp(a + x * (b - a) + 0.5 * x * (x - 1.0) * (c - 2.0 * b + a))
        result[i, first : first + n] = f
        ratio = (f[n - 1] / f[n - 4]) ** (1.0 / 3.0)
        for j in range(first + n, result.shape[1]):
            result[i, j] = result[i, j - 1] * ratio


class Interpolation:
    """Values between the nodes from values at the nodes, of degree 5 in ln f over ln R.

    Where ln f is not smooth (a cutoff), of degree 1: a polynomial would overshoot. At a node, where
    the grid of a likelihood has its rigidities, what is there.

    Parameters
    ----------
    nodes : the lattice
    rigidity : (n_R,) GV, where values are wanted
    """

    KINK = 0.5  # second difference of ln f that no smooth spectrum reaches within a step

    def __init__(self, nodes: Lattice, rigidity: np.ndarray):
        position = np.log10(rigidity) * nodes.per_decade - nodes.first
        nearest = np.rint(position)
        position = np.where(np.abs(position - nearest) < 1e-9, nearest, position)
        self._near = np.clip(np.floor(position).astype(int), 2, len(nodes.rigidity) - 4)
        self._share = position - self._near
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

    def __call__(self, values: np.ndarray, cutoff: Cutoff | None = None) -> np.ndarray:
        """(n, n_R) of positive values (n, m) at the nodes, which may have a cutoff."""
        values = np.ascontiguousarray(values)
        out = _interpolate(values, self._near, self._share, self._weights, self.KINK)
        if cutoff:
            position = self._near + self._share
            _around_cutoff(
                values, position, cutoff.place, cutoff.last, cutoff.onset, cutoff.shift, out
            )
        return out


@njit
def _interpolate(values, near, share, weights, kink):
    n, m = values.shape
    out = np.empty((n, near.size))
    logs, between = np.empty(m), np.any(share != 0.0)
    for i in range(n):
        if between:
            for j in range(m):
                logs[j] = np.log(values[i, j])
        for r in range(near.size):
            if share[r] == 0.0:
                out[i, r] = values[i, near[r]]
                continue
            at = near[r] - 2
            value, curvature = 0.0, 0.0
            for q in range(ORDER):
                value += weights[r, q] * logs[at + q]
            for q in range(ORDER - 2):
                bend = logs[at + q] - 2.0 * logs[at + q + 1] + logs[at + q + 2]
                curvature = max(curvature, abs(bend))
            if curvature > kink:
                value = logs[at + 2] + share[r] * (logs[at + 3] - logs[at + 2])
            out[i, r] = np.exp(value)
    return out


@njit
def _around_cutoff(values, position, place, last, onset, shift, out):
    """Replace what `_interpolate` gives near a cutoff: each side by itself, f over its shape."""
    for i in range(values.shape[0]):
        if last[i] == NONE:
            continue
        for r in range(position.size):
            p = position[r]
            if p < last[i] - REACH or p > last[i] + 4:
                continue
            below, above = 0.0, 0.0
            if p < place[i]:
                at = min(max(int(np.floor(p)), 2), last[i] - 3)
                weights = lagrange6(p - at)
                if p > last[i]:  # beyond the nodes, linear
                    weights = (0.0, 0.0, 0.0, 0.0, last[i] - p, 1.0 + p - last[i])
                below = onset * _log_shape(place[i] - p, shift)
                for q in range(ORDER):
                    k = at - 2 + q
                    smooth = np.log(values[i, k]) - onset * _log_shape(place[i] - k, shift)
                    below += weights[q] * smooth
                below = np.exp(below)
            if p > last[i]:  # a power law, no more than its first node holds
                at = max(int(np.floor(p)), last[i] + 1)
                above = values[i, at] * (values[i, at + 1] / values[i, at]) ** max(p - at, 0.0)
            out[i, r] = max(below, above)


@njit
def _log_shape(x, shift):
    return np.log(x) + (np.log(x + shift) if shift >= 0.0 else 0.0)


@lru_cache(maxsize=64)
def _interpolation(nodes: Lattice, rigidity: bytes) -> Interpolation:
    return Interpolation(nodes, np.frombuffer(rigidity))


def interpolation(nodes: Lattice, rigidity: np.ndarray) -> Interpolation:
    """`Interpolation`, made once for each set of rigidities."""
    return _interpolation(nodes, np.ascontiguousarray(rigidity, dtype=float).tobytes())
