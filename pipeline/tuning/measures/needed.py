"""How wrong a theory must be allowed to be: the posterior of its discrepancy amplitudes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.marginal import amplitude_columns
from pipeline.tuning.estimators.effective import weighted_quantiles, weighted_size
from pipeline.tuning.measures.columns import interval_of
from pipeline.tuning.measures.evidence import GROUP
from pipeline.tuning.measures.measure import EVERY_SELECTION, Measure, Measured, register
from pipeline.tuning.measures.tension import THEME

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
    problem : with the parameters, values and prior_cdf of
        `pipeline.problem.Problem`
    theta : (n, ndim) sampled coordinates
    log_weight : (n,) logarithms of their weights, with any normalisation
    """
    weight = np.exp(log_weight - log_weight.max())
    weight = weight / weight.sum()
    size = weighted_size(log_weight)
    cdf = problem.prior_cdf(theta)
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


_AT_EDGE = 0.3  # 0.05 where nothing was learnt


def _rows(found, results):
    for i, group in enumerate(found.groups):
        key = f"{PREFIX}{group}"
        flags = tuple(
            f"{100 * share[i]:.0f}% of it in the outermost 5% of its prior: {bound} limit"
            for share, bound in (
                (found.at_upper_edge, "a lower"),
                (found.at_lower_edge, "an upper"),
            )
            if share[i] > _AT_EDGE
        )
        yield Measured(key, found.median[i], found.median_error[i], flags=flags, part=group)
        for name, values in (
            ("16", found.low),
            ("84", found.high),
            ("at_upper_edge", found.at_upper_edge),
            ("at_lower_edge", found.at_lower_edge),
        ):
            yield Measured(f"{key}_{name}", values[i], part=group)


register(
    Measure(
        "needed",
        NeededDiscrepancy,
        GROUP,
        lambda study: discrepancy_needed(
            study.problem, study.posterior.theta, study.posterior.log_weight
        ),
        selections=EVERY_SELECTION,
        applies=lambda study: len(amplitude_columns(study.problem)) > 0,
        rows=_rows,
        columns=(
            interval_of(THEME, "amplitude of {part}", PREFIX + "{part}", middle="", per_part=True),
        ),
    )
)
