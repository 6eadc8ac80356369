"""One log-spaced rigidity grid, and local quintic interpolation in ln R of ln J on it."""

from __future__ import annotations

import numpy as np

_STENCIL = np.arange(-2.0, 4.0)
# Lagrange's quintic through these nodes as a polynomial in t: rows are the powers of t.
_POWERS = np.linalg.inv(np.vander(_STENCIL, increasing=True))
ORDER = _STENCIL.size


class RigidityGrid:
    """Nodes R_k = 10^(k / points_per_decade), k integer, around [low, high].

    Node positions do not depend on the data, only their range does, so two data sets see the same
    spectra. Two nodes beyond each end make every stencil a centred one.

    Parameters
    ----------
    low, high : GV, range to interpolate in
    points_per_decade : nodes per decade
    """

    def __init__(self, low: float, high: float, points_per_decade: int = 18):
        first = int(np.floor(np.log10(low) * points_per_decade)) - 2
        last = int(np.ceil(np.log10(high) * points_per_decade)) + 2
        self.points_per_decade = points_per_decade
        self.step = np.log(10.0) / points_per_decade
        self.log_first = first * self.step
        self.rigidity = 10.0 ** (np.arange(first, last + 1) / points_per_decade)
        self.n_cells = self.rigidity.size - ORDER + 1

    def locate(self, log_rigidity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cell number (0 is the first with a full stencil) and position in it, for any shape."""
        position = (log_rigidity - (self.log_first + 2 * self.step)) / self.step
        cell = np.clip(position.astype(np.intp), 0, self.n_cells - 1)
        return cell, position - cell

    def coefficients(self, log_flux: np.ndarray) -> np.ndarray:
        """Coefficients (n, n_cells, ORDER), powers of t ascending, of ln J (n, n_nodes)."""
        stencil = np.lib.stride_tricks.sliding_window_view(log_flux, ORDER, axis=1)
        return stencil @ _POWERS.T

    def matrix(self, log_rigidity: np.ndarray) -> np.ndarray:
        """Linear operator (n_nodes, n_points) from ln J on the nodes to ln J at fixed points."""
        cell, t = self.locate(log_rigidity)
        weights = np.vander(t, ORDER, increasing=True) @ _POWERS
        operator = np.zeros((self.rigidity.size, t.size))
        for offset in range(ORDER):
            operator[cell + offset, np.arange(t.size)] = weights[:, offset]
        return operator
