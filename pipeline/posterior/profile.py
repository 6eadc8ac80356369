"""Profiles: how good the fit can be at every value of one parameter, all others free.

A marginal posterior weighs with the volume of the prior; a profile does not, so that the two tell
apart what the data say of a parameter from what the prior's volume says. What is maximised is
ln L plus the log-density of the nuisances' priors (the potentials are measured, their priors are
data), inside the bounds and constraints of the prior; or the whole log-posterior.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from pipeline.files import replacing
from pipeline.posterior.load import Posterior
from pipeline.problem import Problem

POINTS = 15
_STARTS = 3
_MOST_DRAWS = 2000
_STEP = 1e-4  # of a difference, in standard deviations of the posterior
_IMPOSSIBLE = 1e12  # what the optimiser sees of minus infinity
_ENDS = (0.003, 0.997)


@dataclass(frozen=True)
class Profile:
    """Best fits along one coordinate.

    Attributes
    ----------
    name : of the coordinate
    grid : (n,) its values
    best : (n,) what was maximised, at its maximum over all other coordinates
    spread : (n,) by how much the maxima found from other starts are lower, at most: large where the
        climb is not to be trusted
    theta : (n, ndim) where
    """

    name: str
    grid: np.ndarray
    best: np.ndarray
    spread: np.ndarray
    theta: np.ndarray


@dataclass(frozen=True)
class Profiles:
    """Profiles of one problem.

    Attributes
    ----------
    of : ``likelihood`` or ``posterior``
    maximum : of all points found
    theta : (ndim,) where
    profiles : one for each coordinate asked for
    """

    of: str
    maximum: float
    theta: np.ndarray
    profiles: tuple[Profile, ...]

    def drop(self, profile: Profile) -> np.ndarray:
        """(n,) twice the loss against the maximum: 1 and 4 bound 68% and 95% where Wilks holds."""
        return 2.0 * (self.maximum - profile.best)


def objective_of(problem: Problem, of: str) -> Callable[[np.ndarray], np.ndarray]:
    """Coordinates (n, ndim) to what is maximised, (n,); -inf outside the prior."""
    own = {p.name for p in problem.scenario.parameters}
    columns = [i for i, p in enumerate(problem.parameters) if p.name in own]

    def objective(theta: np.ndarray) -> np.ndarray:
        value = problem.log_prob(theta)[:, 0]
        if of == "likelihood":
            possible = np.isfinite(value)
            value[possible] -= problem.prior.product.terms(theta[possible])[:, columns].sum(axis=1)
        return value

    return objective


def profiles_of(
    posterior: Posterior,
    problem: Problem,
    columns: list[int],
    points: int = POINTS,
    of: str = "likelihood",
    tell: Callable[[str], None] = lambda text: None,
) -> Profiles:
    """Profile some coordinates of a run.

    Parameters
    ----------
    posterior : its draws say where to look and where to start
    columns : coordinates to profile
    points : of each, over the central 99.4% of the posterior
    of : ``likelihood`` or ``posterior``
    tell : is told which coordinate is begun

    Notes
    -----
    At every point the climb starts from the three best draws, moved there along the posterior's
    regression, and from the neighbouring optima, once from either side. Quasi-Newton with central
    differences, evaluated as one batch.
    """
    objective = objective_of(problem, of)
    low, high = problem.prior_transform(np.array([[0.0], [1.0]]) * np.ones(problem.ndim))
    draws = posterior.flat[:: max(1, len(posterior.flat) // _MOST_DRAWS)]
    climber = _Climber(objective, low, high, draws)
    everything = np.arange(problem.ndim)
    tops = [climber.climb(start, everything) for start in _best(objective, draws)]
    found = []
    for column in columns:
        tell(problem.names[column])
        found.append(_profile(climber, problem.names[column], column, points))
    tops += [(p.best[k], p.theta[k]) for p in found for k in [int(np.argmax(p.best))]]
    maximum, theta = max(tops, key=lambda top: top[0])
    return Profiles(of, float(maximum), theta, tuple(found))


class _Climber:
    def __init__(self, objective, low, high, draws):
        self.objective, self.low, self.high, self.draws = objective, low, high, draws
        self.scale = np.maximum(draws.std(axis=0), 1e-12)
        self.covariance = np.atleast_2d(np.cov(draws, rowvar=False))

    def moved(self, theta: np.ndarray, column: int, to: float) -> np.ndarray:
        """Points (n, ndim) with one coordinate elsewhere, the others moved along with it."""
        variance = self.covariance[column, column]
        slope = self.covariance[:, column] / variance if variance > 0 else np.zeros(len(self.scale))
        moved = theta + (to - theta[:, column])[:, None] * slope
        moved = np.clip(moved, self.low, self.high)
        moved[:, column] = to
        return moved

    def climb(self, start: np.ndarray, free: np.ndarray) -> tuple[float, np.ndarray]:
        """Local maximum over the coordinates `free`: its value and where."""
        if not free.size:
            return float(self.objective(start[None])[0]), start
        scale = self.scale[free]
        steps = np.vstack([np.zeros(free.size), _STEP * np.eye(free.size)])
        steps = np.vstack([steps, -steps[1:]])

        def function(z):
            theta = np.tile(start, (len(steps), 1))
            theta[:, free] += (z + steps) * scale
            theta = np.clip(theta, self.low, self.high)
            value = self.objective(theta)
            if not np.isfinite(value[0]):
                return _IMPOSSIBLE, np.zeros(free.size)
            up, down = value[1 : 1 + free.size], value[1 + free.size :]
            up, down = (np.where(np.isfinite(side), side, value[0]) for side in (up, down))
            width = np.abs(theta[1 : 1 + free.size, free] - theta[1 + free.size :, free]).diagonal()
            width = np.maximum(width / scale, 0.5 * _STEP)
            return -value[0], -(up - down) / width

        bounds = [
            ((a - x) / s if np.isfinite(a) else None, (b - x) / s if np.isfinite(b) else None)
            for a, b, x, s in zip(self.low[free], self.high[free], start[free], scale, strict=True)
        ]
        found = minimize(
            function, np.zeros(free.size), jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": 200, "maxls": 30},
        )  # fmt: skip
        theta = start.copy()
        theta[free] = np.clip(start[free] + found.x * scale, self.low[free], self.high[free])
        return -float(found.fun), theta


def _best(objective, theta, count: int = _STARTS) -> np.ndarray:
    return theta[np.argsort(objective(theta))[::-1][:count]]


def _profile(climber: _Climber, name: str, column: int, points: int) -> Profile:
    low, high = np.quantile(climber.draws[:, column], _ENDS)
    grid = np.linspace(low, high, points)
    free = np.array([i for i in range(len(climber.scale)) if i != column])
    tops = []
    for x in grid:
        starts = _best(climber.objective, climber.moved(climber.draws, column, x))
        tops.append([climber.climb(start, free) for start in starts])
    theta = np.array([max(t, key=lambda top: top[0])[1] for t in tops])
    for order in (range(1, points), range(points - 2, -1, -1)):
        for k in order:
            neighbour = theta[k - 1 if order.step > 0 else k + 1]
            start = climber.moved(neighbour[None], column, grid[k])[0]
            tops[k].append(climber.climb(start, free))
            theta[k] = max(tops[k], key=lambda top: top[0])[1]
    values = [np.sort([value for value, _ in t])[::-1] for t in tops]
    best = np.array([v[0] for v in values])
    return Profile(name, grid, best, best - np.array([v[1] for v in values]), theta)


def write_profiles(found: Profiles, posterior: Posterior, path: str | Path) -> Path:
    """Write every point: coordinate, its value, the loss, and the coordinates of the best fit."""
    path = Path(path)
    with replacing(path) as draft, open(draft, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        head = ["profile", "at", f"twice_loss_of_ln_{found.of}", "spread"]
        writer.writerow([*head, *posterior.names, "verdict"])
        for profile in found.profiles:
            rows = zip(
                profile.grid, found.drop(profile), profile.spread, profile.theta, strict=True
            )
            for at, drop, spread, theta in rows:
                numbers = [f"{x:.8g}" for x in (at, drop, spread, *theta)]
                writer.writerow([profile.name, *numbers, posterior.verdict.label])
    return path
