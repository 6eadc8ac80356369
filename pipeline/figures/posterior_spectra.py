"""Spectra over a posterior: bands of curves, terms, predictions, and the worst misfits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from likelihoods.discrepancy_groups import parameter_name
from likelihoods.joint import JointLikelihood
from likelihoods.measurement import INTERSTELLAR, Measurement
from likelihoods.points import DataPoints
from likelihoods.prediction import Predictor
from pipeline.posterior.load import Posterior
from pipeline.problem import Problem

QUANTILES = (0.025, 0.16, 0.5, 0.84, 0.975)
"""Ends of the 95% and 68% bands and the median."""


@dataclass(frozen=True)
class Misfit:
    """max |ln(model / data)| of one data set: of the median prediction, which figures draw, of the
    best draw, and over the posterior."""

    of_median: float
    best: float
    median: float
    low: float
    high: float


@dataclass(frozen=True)
class PosteriorSpectra:
    """What is drawn of a posterior.

    Attributes
    ----------
    rigidity : (n_R,) GV
    bands : observable to period to (5, n_R), the `QUANTILES` of the curve seen there;
        the period ``interstellar`` is always among them
    terms : proton and boron_to_carbon to name of a term to its interstellar median, (n_R,)
    points : data set to what is drawn of it, converted at the best draw where a model is needed
    predictions : data set to (5, n_bins), the `QUANTILES` of the prediction, in the table's unit
    misfits : data set to `Misfit`
    amplitudes : data set to (5,), the `QUANTILES` of its discrepancy amplitude, if it has one
    holdouts : data set that is not fitted to its measurement and what is drawn of it
    """

    rigidity: np.ndarray
    bands: dict[str, dict[str, np.ndarray]]
    terms: dict[str, dict[str, np.ndarray]]
    points: dict[str, DataPoints]
    predictions: dict[str, np.ndarray]
    misfits: dict[str, Misfit]
    amplitudes: dict[str, np.ndarray]
    holdouts: Mapping[str, tuple[Measurement, DataPoints]] = field(default_factory=dict)


def posterior_spectra(
    posterior: Posterior,
    problem: Problem,
    n_draws: int = 500,
    holdouts: Mapping[str, tuple[Measurement, DataPoints]] | None = None,
) -> PosteriorSpectra:
    """Evaluate the model over a posterior.

    Parameters
    ----------
    posterior : draws, of which about `n_draws` are used, evenly spaced
    problem : that was sampled
    holdouts : as of `pipeline.checks.heldout.holdout_points`
    """
    likelihood, holdouts = problem.likelihood, holdouts or {}
    every = max(1, len(posterior.flat) // n_draws)
    values = problem.values(posterior.flat[::every])
    best = problem.values(posterior.best())
    predictions = likelihood.predict(values)
    low, high = _range([*likelihood.datasets.values(), *(m for m, _ in holdouts.values())])
    curves, spectra, rigidity = _curves(likelihood, values, low, high)
    return PosteriorSpectra(
        rigidity=rigidity,
        bands={
            observable: {period: _quantiles(curve) for period, curve in by_period.items()}
            for observable, by_period in curves.items()
        },
        terms=_terms(spectra, rigidity),
        points=likelihood.data_points(best),
        predictions={name: _quantiles(value) for name, value in predictions.items()},
        misfits=_misfits(likelihood, predictions, best),
        amplitudes=_amplitudes(likelihood, values),
        holdouts=holdouts,
    )


def _range(datasets: Sequence[Measurement]) -> tuple[float, float]:
    low = min(m.rigidity_low[0] for m in datasets)
    high = max(m.rigidity_high[-1] for m in datasets)
    return low / 1.2, high * 1.2


def _curves(likelihood: JointLikelihood, values: Mapping[str, np.ndarray], low, high):
    """Curves (n, n_R) by observable and period, with the spectra they were made from."""
    n = 1 + int(np.ceil(24 * np.log10(high / low)))
    rigidity = np.geomspace(low, high, n)
    views = {}
    for measurement in likelihood.datasets.values():
        view = measurement.at_rigidities(rigidity)
        views[measurement.observable, INTERSTELLAR] = replace(view, period=INTERSTELLAR)
        views[measurement.observable, measurement.potential] = view
    predictor = Predictor({str(key): view for key, view in views.items()}, points_per_decade=24)
    spectra = likelihood.scenario.spectra(values, predictor.rigidity)
    predicted = predictor.predict(spectra, values)
    curves: dict[str, dict[str, np.ndarray]] = {}
    for observable, period in views:
        curves.setdefault(observable, {})[period] = predicted[str((observable, period))]
    return curves, spectra, rigidity


def _terms(spectra, rigidity) -> dict[str, dict[str, np.ndarray]]:
    """Medians of the scenario's additive terms, interpolated in ln-ln to `rigidity`."""
    terms: dict[str, dict[str, np.ndarray]] = {"proton": {}, "boron_to_carbon": {}}
    for name, parts in spectra.terms.items():
        for observable, part in zip(terms, parts, strict=True):
            with np.errstate(divide="ignore"):
                log_median = np.log(np.median(part, axis=0))
            terms[observable][name] = np.exp(
                np.interp(np.log(rigidity), np.log(spectra.rigidity), log_median)
            )
    return terms


def _misfits(likelihood, predictions, best) -> dict[str, Misfit]:
    over_draws = likelihood.max_abs_log_ratio_of(predictions)
    of_median = likelihood.max_abs_log_ratio_of(
        {name: np.nanmedian(value, axis=0)[None] for name, value in predictions.items()}
    )
    at_best = likelihood.max_abs_log_ratio(best)
    misfits = {}
    for name, worst in over_draws.items():
        low, median, high = np.quantile(worst, [0.16, 0.5, 0.84])
        misfits[name] = Misfit(
            float(of_median[name][0]),
            float(at_best[name][0]),
            float(median),
            float(low),
            float(high),
        )
    return misfits


def _amplitudes(likelihood: JointLikelihood, values) -> dict[str, np.ndarray]:
    return {
        name: np.quantile(values[parameter_name(group)], QUANTILES)
        for group, members in likelihood.groups.items()
        for name in members
    }


def _quantiles(curves: np.ndarray) -> np.ndarray:
    return np.nanquantile(curves, QUANTILES, axis=0)


def format_misfits(spectra: PosteriorSpectra) -> str:
    """Table of max |ln(model / data)| per data set, with the discrepancy amplitude it had."""
    width = max(len(name) for name in spectra.misfits)
    width = max(width, len("max |ln(model/data)|"))
    lines = [
        f"{'max |ln(model/data)|':{width}}  median spectrum  best draw  over the draws (68%)  "
        "discrepancy"
    ]
    for name, misfit in spectra.misfits.items():
        amplitude = spectra.amplitudes.get(name)
        text = "none" if amplitude is None else f"{amplitude[2]:.3f}"
        lines.append(
            f"{name:{width}}  {misfit.of_median:15.3f}  {misfit.best:9.3f}  {misfit.median:.3f} "
            f"({misfit.low:.3f} to {misfit.high:.3f})  {text:>12}"
        )
    return "\n".join(lines)
