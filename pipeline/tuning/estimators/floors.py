"""The floor: the closest to the data that a theory comes anywhere in its prior.

Below it the acceptable fraction is not small but zero. The log-ratios r are smooth in the sampled
coordinates, so from each start the search goes on linearised: with J = dr/dtheta by differences,

    max:  minimise t  subject to  |r_i + J_i s| <= t   (a linear programme)
    rms:  minimise  sum_i w_i (r_i + J_i s)^2          (bounded least squares)
    beyond: as rms, of what half of g leaves of each r_i, w_i = 1 / (s_i^2 c)

within a trust region of steps s; of a few fractions of the step the best is taken, all evaluated
in one batch. Walls that are not bounds (constraints of the prior) only shorten steps, so the spread
over starts tells how far to trust the result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog, lsq_linear

from pipeline.tuning.estimators.criteria import Criterion, log_ratios

_DIFFERENCE = 1e-4  # of the scale of a coordinate
_FRACTIONS = 2.0 ** -np.arange(7)  # of a step that are tried
_SMALLEST = 1e-3  # of the scale: a trust region below this is the end
_UNBOUNDED = 1e-12  # of prior mass left outside where a prior has no bounds


@dataclass(frozen=True)
class FloorSettings:
    """How hard to search.

    Attributes
    ----------
    starts : points to start from
    iterations : most per start
    """

    starts: int = 6
    iterations: int = 60


@dataclass(frozen=True)
class Floor:
    """Result of `find_floor`.

    Attributes
    ----------
    g : lowest distance found
    theta : (ndim,) where
    reached : (n_starts,) distance that each start ended at, ascending
    calls : evaluations of the model
    """

    g: float
    theta: np.ndarray
    reached: np.ndarray
    calls: int

    @property
    def spread(self) -> float:
        """Median over starts of what they ended at, less the lowest."""
        return float(np.median(self.reached) - self.g)


def find_floor(
    problem,
    criterion: Criterion,
    starts: np.ndarray,
    scale: np.ndarray,
    settings: FloorSettings | None = None,
) -> Floor:
    """Search the floor from several starts.

    Parameters
    ----------
    problem : as `pipeline.problem.Problem`
    starts : (n, ndim) coordinates inside the prior, possible, best first
    scale : (ndim,) typical size of a step in each coordinate, e.g. the prior's deviation
    """
    settings = settings or FloorSettings()
    search = _Search(problem, criterion, np.asarray(scale, dtype=float))
    ends = [search.descend(start, settings.iterations) for start in starts[: settings.starts]]
    g = np.array([value for value, _ in ends])
    return Floor(float(g.min()), ends[int(np.argmin(g))][1], np.sort(g), search.calls)


class _Search:
    def __init__(self, problem, criterion, scale):
        self.problem, self.criterion, self.scale = problem, criterion, scale
        corners = np.array([np.full(scale.size, u) for u in (_UNBOUNDED, 1.0 - _UNBOUNDED)])
        self.low, self.high = problem.prior_transform(corners)
        self.calls = 0

    def descend(self, theta, iterations):
        """Lowest g from one start, and where."""
        theta, radius = np.array(theta, dtype=float), 0.3
        g = float(self._distance(theta[None])[0])
        for _ in range(iterations):
            residual, jacobian = self._linearise(theta)
            low = np.maximum(-radius, (self.low - theta) / self.scale)
            high = np.minimum(radius, (self.high - theta) / self.scale)
            step = self._step(residual, jacobian, np.minimum(low, 0.0), np.maximum(high, 0.0))
            trial = theta + _FRACTIONS[:, None] * step * self.scale
            values = self._distance(trial)
            best = int(np.argmin(values))
            if values[best] < g * (1.0 - 1e-6):
                g, theta = float(values[best]), trial[best]
                radius = min(2.0 * radius, 1.0) if best == 0 else radius * _FRACTIONS[best - 1]
            else:
                radius *= 0.1
            if radius < _SMALLEST:
                break
        return g, theta

    def _distance(self, theta):
        self.calls += len(theta)
        return self.criterion.distance(self.problem, theta)

    def _linearise(self, theta):
        """r (n_points,) and its derivative (n_points, ndim) in units of the scale."""
        h = _DIFFERENCE * self.scale
        steps = np.where(theta + h > self.high, -h, h)
        points = np.concatenate([theta[None], theta + np.diag(steps)])
        self.calls += len(points)
        ratios = log_ratios(self.problem, points)
        jacobian = (ratios[1:] - ratios[0]).T / (steps / self.scale)
        return ratios[0], np.where(np.isfinite(jacobian), jacobian, 0.0)

    def _step(self, residual, jacobian, low, high):
        """Step in units of the scale, (ndim,)."""
        if self.criterion.name == "max":
            return _chebyshev(residual, jacobian, low, high)
        if self.criterion.name == "beyond":
            half = 0.5 * self.criterion.norm(self.problem, residual[None])[0]
            residual = np.sign(residual) * np.maximum(np.abs(residual) - half, 0.0)
        root = np.sqrt(self.criterion.weights(self.problem))
        free = high - low > 1e-12
        step = np.zeros_like(low)
        step[free] = lsq_linear(
            root[:, None] * jacobian[:, free], -root * residual, (low[free], high[free])
        ).x
        return step


def _chebyshev(residual, jacobian, low, high):
    """The step s in [low, high] that minimises max |r + J s|."""
    one = np.ones((residual.size, 1))
    rows = np.block([[jacobian, -one], [-jacobian, -one]])
    limits = np.concatenate([-residual, residual])
    bounds = [*zip(low, high, strict=True), (0.0, None)]
    cost = np.append(np.zeros(low.size), 1.0)
    found = linprog(cost, A_ub=rows, b_ub=limits, bounds=bounds, method="highs")
    return found.x[:-1] if found.success else np.zeros_like(low)
