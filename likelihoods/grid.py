"""One log-spaced rigidity grid, and local cubic interpolation in ln R of ln J on it."""

from __future__ import annotations

import numpy as np

# Lagrange's cubic through the nodes -1, 0, 1, 2 as a polynomial in t: rows are the powers of t.
_CUBIC = np.array(
    [
        [0.0, 1.0, 0.0, 0.0],
        [-1.0 / 3.0, -1.0 / 2.0, 1.0, -1.0 / 6.0],
        [1.0 / 2.0, -1.0, 1.0 / 2.0, 0.0],
        [-1.0 / 6.0, 1.0 / 2.0, -1.0 / 2.0, 1.0 / 6.0],
    ]
)


class RigidityGrid:
    """Nodes R_k = 10^(k / points_per_decade), k integer, around [low, high].

    Node positions do not depend on the data, only their range does, so two data sets see the same
    spectra. One node beyond each end makes every stencil a centred one.

    Parameters
    ----------
    low, high : GV, range to interpolate in
    points_per_decade : nodes per decade
    """

    def __init__(self, low: float, high: float, points_per_decade: int = 16):
        first = int(np.floor(np.log10(low) * points_per_decade)) - 1
        last = int(np.ceil(np.log10(high) * points_per_decade)) + 1
        self.points_per_decade = points_per_decade
        self.step = np.log(10.0) / points_per_decade
        self.log_first = first * self.step
        self.rigidity = 10.0 ** (np.arange(first, last + 1) / points_per_decade)
        self.n_cells = self.rigidity.size - 3

    def locate(self, log_rigidity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cell number (0 is the first with a full stencil) and position in it, for any shape."""
        position = (log_rigidity - (self.log_first + self.step)) / self.step
        cell = np.clip(position.astype(np.intp), 0, self.n_cells - 1)
        return cell, position - cell

    def coefficients(self, log_flux: np.ndarray) -> np.ndarray:
        """Cubic coefficients (n, n_cells, 4), powers of t ascending, of ln J (n, n_nodes)."""
        stencil = np.lib.stride_tricks.sliding_window_view(log_flux, 4, axis=1)
        return stencil @ _CUBIC.T

    def matrix(self, log_rigidity: np.ndarray) -> np.ndarray:
        """Linear operator (n_nodes, n_points) from ln J on the nodes to ln J at fixed points."""
        cell, t = self.locate(log_rigidity)
        weights = np.stack([np.ones_like(t), t, t**2, t**3], axis=1) @ _CUBIC
        operator = np.zeros((self.rigidity.size, t.size))
        for offset in range(4):
            operator[cell + offset, np.arange(t.size)] = weights[:, offset]
        return operator
