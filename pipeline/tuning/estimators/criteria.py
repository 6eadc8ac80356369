"""What it is to match the data to within a factor 1 + epsilon, whatever the errors of the data.

With r_i = ln(model / data) at the points of all data sets,

    max:  g = max_i |r_i|
    rms:  g^2 = sum_i w_i r_i^2 / sum_i w_i,  w_i the width of the point in ln R,

and a state is acceptable where g <= ln(1 + epsilon). The weights make `rms` a mean over ln R, in
which a range does not count more because an experiment cut it into more bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_BATCH = 2000  # states evaluated at once


@dataclass(frozen=True)
class Criterion:
    """How far a state is from the data.

    A problem is asked for ``log_prior``, ``values`` and, of its ``likelihood``, for
    ``log_ratios`` and ``log_rigidity_widths``.

    Attributes
    ----------
    name : a key of `CRITERIA`
    """

    name: str

    def log_ratios(self, problem, theta: np.ndarray) -> np.ndarray:
        """ln(model / data) of coordinates (n, ndim), (n, n_points); inf where impossible."""
        theta = np.atleast_2d(theta)
        parts = [
            problem.likelihood.log_ratios(problem.values(theta[i : i + _BATCH]))
            for i in range(0, len(theta), _BATCH)
        ]
        return np.concatenate(parts)

    def weights(self, problem) -> np.ndarray:
        """(n_points,), adding up to 1."""
        widths = problem.likelihood.log_rigidity_widths
        return widths / widths.sum()

    def norm(self, problem, log_ratios: np.ndarray) -> np.ndarray:
        """g of log-ratios (n, n_points), (n,)."""
        if self.name == "max":
            return np.abs(log_ratios).max(axis=1)
        return np.sqrt(log_ratios**2 @ self.weights(problem))

    def distance(self, problem, theta: np.ndarray) -> np.ndarray:
        """g of coordinates (n, ndim), (n,); inf outside the prior and where impossible."""
        theta = np.atleast_2d(theta)
        g = np.full(len(theta), np.inf)
        inside = np.flatnonzero(problem.log_prior(theta) > -np.inf)
        if inside.size:
            g[inside] = self.norm(problem, self.log_ratios(problem, theta[inside]))
        return g


CRITERIA = {name: Criterion(name) for name in ("max", "rms")}
"""By name."""
