"""What it is to match the data to within a factor 1 + epsilon.

With r_i = ln(model / data) at the points of all data sets,

    max:     g = max_i |r_i|
    rms:     g^2 = sum_i w_i r_i^2 / sum_i w_i,  w_i the width of the point in ln R
    beyond:  g = the least t that each data set allows: sum_i x_i(t)^2 / s_i^2 <= c

and a state is acceptable where g <= ln(1 + epsilon). The weights make `rms` a mean over ln R, in
which a range does not count more because an experiment cut it into more bins.

`max` and `rms` know nothing of the data's errors: below them they ask for the noise to be met, and
no theory is true enough. `beyond` takes off what the model may be off by, a factor e^t at every
point, towards the data, and asks whether the errors can explain what is left:

    x_i(t) = model e^-t / data - 1    where r_i > t,
             model e^t / data - 1     where r_i < -t,   else 0,

s_i is the total relative error of the point, and c the quantile of sum_i (x_i(0) / s_i)^2 at
probability `PASSING`^(1 / number of data sets) under the data set's covariance, correlations
included (a sum of chi2 weighted with the eigenvalues of the correlation matrix). At t = 0 a true
model passes all data sets with probability `PASSING`, and x_i(t)^2 falls with t: **the truth passes
at any epsilon with at least this probability**, so that what stays out is the model's fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

_BATCH = 2000  # states evaluated at once
PASSING = 0.95
"""Probability that a true model is acceptable, however small epsilon is."""
_SIMULATED = 100_000  # sums of chi2 behind a quantile: it is good to 1%
_HALVINGS = 30


class Allowance(NamedTuple):
    """What the errors of a data set allow.

    Attributes
    ----------
    error : (n_points,) total relative error
    limit : quantile of sum_i (x_i / error_i)^2
    """

    error: np.ndarray
    limit: float


_allowances: WeakKeyDictionary = WeakKeyDictionary()


def allowances(likelihood) -> list[Allowance]:
    """What the errors of each data set of a `likelihoods.joint.JointLikelihood` allow."""
    if likelihood not in _allowances:
        covariances = likelihood.relative_covariances
        _allowances[likelihood] = [allowance(c, len(covariances)) for c in covariances]
    return _allowances[likelihood]


def allowance(covariance: np.ndarray, n_sets: int = 1) -> Allowance:
    """`Allowance` of a relative covariance (n, n), one of `n_sets` that all have to be passed."""
    error = np.sqrt(np.diag(covariance))
    share = np.linalg.eigvalsh(covariance / np.outer(error, error))
    share = np.clip(share, 0.0, None)
    rng = np.random.default_rng(0)
    sums = np.zeros(_SIMULATED)
    for value in share[share > 1e-6 * share.max()]:
        sums += value * rng.chisquare(1.0, _SIMULATED)
    return Allowance(error, float(np.quantile(sums, PASSING ** (1.0 / n_sets))))


def beyond_errors(log_ratios: np.ndarray, allowed: Sequence[Allowance]) -> np.ndarray:
    """g of `beyond` of log-ratios (n, n_points), the data sets one after the other, (n,)."""
    g, start = np.zeros(len(log_ratios)), 0
    for error, limit in allowed:
        r = log_ratios[:, start : start + error.size]
        start += error.size
        # what the sets before ask for is kept: only where it is not enough, more is sought
        short = np.flatnonzero(_left(r, g, error) > limit)
        low, high = g[short], np.abs(r[short]).max(axis=1)
        known = np.isfinite(high)
        g[short[~known]] = np.inf
        short, low, high = short[known], low[known], high[known]
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            enough = _left(r[short], middle, error) <= limit
            high, low = np.where(enough, middle, high), np.where(enough, low, middle)
        g[short] = high
    return g


def _left(r, t, error):
    """sum_i (x_i / s_i)^2 of log-ratios (n, n_points) at t (n,), (n,)."""
    with np.errstate(invalid="ignore", over="ignore"):
        t = t[:, None]
        x = np.expm1(np.where(r > t, r - t, np.where(r < -t, r + t, 0.0)))
        return np.where(np.isfinite(t[:, 0]), np.sum((x / error) ** 2, axis=1), 0.0)


def log_ratios(problem, theta: np.ndarray) -> np.ndarray:
    """ln(model / data) of coordinates (n, ndim), (n, n_points); inf where impossible."""
    theta = np.atleast_2d(theta)
    parts = [
        problem.likelihood.log_ratios(problem.values(theta[i : i + _BATCH]))
        for i in range(0, len(theta), _BATCH)
    ]
    return np.concatenate(parts)


@dataclass(frozen=True)
class Criterion:
    """How far a state is from the data.

    A problem is asked for ``log_prior``, ``values`` and, of its ``likelihood``, for
    ``log_ratios`` and ``log_rigidity_widths`` or ``relative_covariances``.

    Attributes
    ----------
    name : a key of `CRITERIA`
    """

    name: str

    def weights(self, problem) -> np.ndarray:
        """(n_points,), adding up to 1."""
        if self.name == "beyond":
            weight = np.concatenate(
                [a.error**-2.0 / a.limit for a in allowances(problem.likelihood)]
            )
        else:
            weight = problem.likelihood.log_rigidity_widths
        return weight / weight.sum()

    def norm(self, problem, log_ratios: np.ndarray) -> np.ndarray:
        """g of log-ratios (n, n_points), (n,)."""
        if self.name == "max":
            return np.abs(log_ratios).max(axis=1)
        if self.name == "beyond":
            return beyond_errors(log_ratios, allowances(problem.likelihood))
        return np.sqrt(log_ratios**2 @ self.weights(problem))

    def distance(self, problem, theta: np.ndarray) -> np.ndarray:
        """g of coordinates (n, ndim), (n,); inf outside the prior and where impossible."""
        return distances(problem, theta, [self])[0]


CRITERIA = {name: Criterion(name) for name in ("max", "rms", "beyond")}
"""By name."""


def distances(problem, theta: np.ndarray, criteria: Sequence[Criterion]) -> np.ndarray:
    """g of coordinates (n, ndim) by each criterion, (n_criteria, n); the model is asked once.

    inf outside the prior and where impossible.
    """
    theta = np.atleast_2d(theta)
    g = np.full((len(criteria), len(theta)), np.inf)
    inside = np.flatnonzero(problem.log_prior(theta) > -np.inf)
    if inside.size:
        ratios = log_ratios(problem, theta[inside])
        g[:, inside] = [criterion.norm(problem, ratios) for criterion in criteria]
    return g
