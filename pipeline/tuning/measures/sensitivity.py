"""Barbieri-Giudice sensitivity, |d ln O / d ln theta|, over the posterior.

Barbieri & Giudice (1988): by how many per cent an observable moves when a parameter moves by one.
An O = theta^p has p everywhere, and then fixing O in a log-uniform prior of width W costs
-ln Z = ln(p W): sensitivity is what tuning adds to the width, ln p nats.

Conventions: where the observable is a slope it is |dO / d ln theta|, where the parameter is an
exponent |d ln O / d theta| (see `pipeline.tuning.estimators.derivatives`). Only parameters of the
scenario count, for the observables are interstellar.

Total sensitivities of an observable, at each draw: the largest over the parameters (the original
measure) and the quadrature sum (their joint effect if all moved independently by one per cent).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.tuning.estimators.derivatives import STEP, central_differences, per_logarithm
from pipeline.tuning.measures.columns import with_note
from pipeline.tuning.measures.measure import Group, Measure, Measured, register
from pipeline.tuning.measures.stiffness import THEME
from transport.observables import Observed, observables

_QUANTILES = (0.16, 0.5, 0.84)


@dataclass(frozen=True)
class Sensitivity:
    """Sensitivities of O observables to P parameters over n posterior draws.

    Attributes
    ----------
    observables, observable_labels, parameters, parameter_labels : names and LaTeX
    is_slope : (O,) whether an observable is a slope; is_exponent : (P,) likewise of parameters
    low, median, high : (O, P) 16%, 50%, 84% quantiles over the draws, NaN where never defined
    median_error : (O, P) standard error of the median, from the 68% interval
    step_change : (O, P) median of the change at twice the step; three times the error of the
        finer one where the observable is smooth
    share : (O,) share of the draws at which the observable is defined
    largest, quadrature : (n, O) totals at each draw, NaN where not defined
    draws : n
    """

    observables: tuple[str, ...]
    observable_labels: tuple[str, ...]
    parameters: tuple[str, ...]
    parameter_labels: tuple[str, ...]
    is_slope: np.ndarray
    is_exponent: np.ndarray
    low: np.ndarray
    median: np.ndarray
    high: np.ndarray
    median_error: np.ndarray
    step_change: np.ndarray
    share: np.ndarray
    largest: np.ndarray
    quadrature: np.ndarray
    draws: int

    def total(self, name: str, kind: str = "largest") -> np.ndarray:
        """(3,) 16%, 50%, 84% quantiles of a total of the observable `name`."""
        column = getattr(self, kind)[:, self.observables.index(name)]
        return _quantiles(column[:, None])[:, 0]


def sensitivity(
    problem,
    draws: np.ndarray,
    observe: Callable[..., Observed] = observables,
    step: float = STEP,
) -> Sensitivity:
    """Sensitivity of the observables of a problem's scenario.

    Parameters
    ----------
    problem : a `pipeline.problem.Problem`
    draws : (n, ndim) posterior draws of equal weight; 100 to 200 are enough
    observe : scenario, values -> `Observed`
    step : of the differences, in prior standard deviations
    """
    own = {p.name for p in problem.scenario.parameters}
    columns = [i for i, p in enumerate(problem.parameters) if p.name in own]
    parameters = [problem.parameters[i] for i in columns]
    at_draws = observe(problem.scenario, problem.values(draws))
    fine, coarse = central_differences(
        lambda values: observe(problem.scenario, values).comparable, problem, draws, columns, step
    )
    rate = per_logarithm(parameters, np.atleast_2d(draws)[:, columns])[:, :, None]
    fine, coarse = (np.swapaxes(a * rate, 1, 2) for a in (fine, coarse))  # (n, O, P)
    # a transition that leaves the range within a step has no derivative by that parameter
    defined = np.isfinite(fine).all(axis=2) & np.isfinite(coarse).all(axis=2)
    size = np.where(defined[:, :, None], np.abs(fine), np.nan)
    low, median, high = _quantiles(size)
    change = _quantiles(np.where(defined[:, :, None], np.abs(fine - coarse), np.nan))[1]
    count = np.maximum(defined.sum(axis=0), 1)[:, None]
    return Sensitivity(
        observables=at_draws.names,
        observable_labels=at_draws.labels,
        parameters=tuple(p.name for p in parameters),
        parameter_labels=tuple(f"${p.latex}$" for p in parameters),
        is_slope=np.asarray(at_draws.is_slope),
        is_exponent=np.array([p.is_exponent for p in parameters]),
        low=low,
        median=median,
        high=high,
        median_error=np.sqrt(np.pi / 2.0) * 0.5 * (high - low) / np.sqrt(count),
        step_change=change,
        share=defined.mean(axis=0),
        largest=size.max(axis=2),
        quadrature=np.sqrt(np.sum(size**2, axis=2)),
        draws=len(fine),
    )


def _quantiles(array):
    """(3, ...) quantiles over the first axis without the NaN; NaN where there is nothing else."""
    flat = array.reshape(len(array), -1)
    result = np.full((3, flat.shape[1]), np.nan)
    for i, column in enumerate(flat.T):
        good = column[~np.isnan(column)]
        if good.size:
            result[:, i] = np.quantile(good, _QUANTILES)
    return result.reshape(3, *array.shape[1:])


_LEAST_SHARE = 0.5
"""Of the draws at which an observable must be defined to be told of."""


def _make(study):
    draws = study.draws("sensitivity", study.settings.derivative_draws)
    return sensitivity(study.problem, draws)


def _rows(s, results):
    defined = np.where(s.share[:, None] >= _LEAST_SHARE, s.median, np.nan)
    plain = ~s.is_slope[:, None] & ~s.is_exponent[None, :]
    for name, usable in (
        ("largest_sensitivity", np.where(plain, defined, np.nan)),
        ("largest_sensitivity_of_a_slope", np.where(s.is_slope[:, None], defined, np.nan)),
        ("largest_sensitivity_to_an_exponent", np.where(s.is_exponent, defined, np.nan)),
    ):
        if np.isfinite(usable).any():
            i, j = np.unravel_index(np.nanargmax(usable), usable.shape)
            of = f"of {s.observables[i]} to {s.parameters[j]}"
            yield Measured(name, s.median[i, j], s.median_error[i, j], "", of)


register(
    Measure(
        "sensitivity",
        Sensitivity,
        Group("sensitivity", "Barbieri-Giudice sensitivities"),
        _make,
        version=2,
        settings=lambda study: {"draws": study.settings.derivative_draws},
        rows=_rows,
        columns=(with_note(THEME, "largest sensitivity", "largest_sensitivity"),),
    )
)
