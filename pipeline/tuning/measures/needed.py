"""How wrong a theory must be allowed to be: the posterior of its discrepancy amplitudes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.tuning.estimators.effective import weighted_size

EDGE = 0.05
"""Prior mass that counts as its edge, on either side."""
PREFIX = "discrepancy_"


@dataclass(frozen=True)
class NeededDiscrepancy:
    """Amplitudes of the model discrepancy that the data ask for, by group; no unit, 0.1 is 10%.

    Attributes
    ----------
    groups : (n_groups,) names
    median, median_error : (n_groups,) posterior median and its Monte Carlo error
    low, high : (n_groups,) bounds of the central 68%
    at_lower_edge, at_upper_edge : (n_groups,) posterior probability in the outermost `EDGE` of the
        prior; `EDGE` itself where nothing was learnt. High at the upper edge: no amplitude that
        the prior allows suffices. High at the lower edge: none is needed, and the median is an
        upper limit that leans on the prior
    """

    groups: tuple[str, ...]
    median: np.ndarray
    median_error: np.ndarray
    low: np.ndarray
    high: np.ndarray
    at_lower_edge: np.ndarray
    at_upper_edge: np.ndarray


def discrepancy_needed(problem, theta: np.ndarray, log_weight: np.ndarray) -> NeededDiscrepancy:
    """Amplitudes from weighted posterior draws; with no groups where none is sampled.

    Parameters
    ----------
    problem : with the parameters, values and the product of distributions of
        `pipeline.problem.Problem`
    theta : (n, ndim) sampled coordinates
    log_weight : (n,) logarithms of their weights, with any normalisation
    """
    weight = np.exp(log_weight - log_weight.max())
    weight = weight / weight.sum()
    size = weighted_size(log_weight)
    cdf = problem.prior.product.cdf(theta)
    groups, rows = [], []
    values = problem.values(theta)
    for i, name in enumerate(p.name for p in problem.parameters):
        if not name.startswith(PREFIX):
            continue
        value = values[name]
        groups.append(name.removeprefix(PREFIX))
        off = 0.5 / np.sqrt(size)
        low, below, median, above, high = weighted_quantiles(
            value, weight, [0.16, 0.5 - off, 0.5, 0.5 + off, 0.84]
        )
        edges = weight @ (cdf[:, i] < EDGE), weight @ (cdf[:, i] > 1.0 - EDGE)
        rows.append((median, 0.5 * (above - below), low, high, *edges))
    columns = np.array(rows, dtype=float).reshape(len(groups), 6).T
    return NeededDiscrepancy(tuple(groups), *columns)


def weighted_quantiles(values: np.ndarray, weight: np.ndarray, probabilities) -> np.ndarray:
    """Quantiles of weighted points (n,), interpolated between the middles of their weights."""
    order = np.argsort(values)
    weight = weight[order]
    middle = np.cumsum(weight) - 0.5 * weight
    return np.interp(probabilities, middle / weight.sum(), values[order])
