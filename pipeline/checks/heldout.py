"""Hold-outs of a run: data in its config that were not fitted, predicted by its posterior."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from likelihoods.conditional import HeldOut
from likelihoods.discrepancy_groups import DEFAULT_GROUP
from likelihoods.events import shared_events
from likelihoods.measurement import Measurement
from likelihoods.points import DataPoints, data_points
from pipeline.checks.scores import Score, score
from pipeline.config.load import Config
from pipeline.from_config import read_holdouts
from pipeline.problem import Problem, data_identity
from priors.distributions import Distribution
from priors.sets import load_prior_set
from transport.errors import CrtuneWarning

ENOUGH = 30
"""Draws that a predictive density should rest on, so that its ln is good to some tenths."""


@dataclass(frozen=True)
class HoldoutResult:
    """What became of one hold-out.

    Attributes
    ----------
    score : of its prediction
    shares : why it is no hold-out, in words, where it shares events with fitted data; else empty
    integrated : nuisances that only it has, integrated over their prior
    identity : of its data, as in a problem's fingerprint
    draws : of the posterior that predicted it
    """

    score: Score
    shares: str
    integrated: tuple[str, ...]
    identity: str
    draws: int


def check_holdouts(
    config: Config,
    problem: Problem,
    theta: np.ndarray,
    rng: np.random.Generator,
    draws: int = 1000,
    most: int = 8000,
) -> dict[str, HoldoutResult]:
    """Predict every hold-out of a config and score it.

    Parameters
    ----------
    config : whose hold-outs are taken; the fitted data are those of `problem`
    problem : that was sampled
    theta : (n, ndim) draws of its posterior, as many as there are
    draws, most : how many of them predict a hold-out: at first, and where its density rests on
        fewer than `ENOUGH` of those

    Raises
    ------
    CrtuneError: a hold-out that is also fitted, damaged, or without a prior for its nuisances
    """
    found = {}
    for name, held in held_out(config, problem).items():
        count = draws
        while True:
            chosen = evenly(theta, count)
            values = with_own_nuisances(config, problem, held, chosen, rng)
            result = score(held.gaussians(values), rng)
            if result.effective_draws >= ENOUGH or count >= min(most, len(theta)):
                break
            count = min(2 * count, most)
        found[name] = HoldoutResult(
            score=result,
            shares=_shares(held.measurement, problem.likelihood.datasets),
            integrated=tuple(_own_priors(config, problem, held)[0]),
            identity=data_identity(held.measurement),
            draws=len(chosen),
        )
    return found


def evenly(rows: np.ndarray, count: int) -> np.ndarray:
    """At most `count` rows, evenly spaced."""
    return rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int)]


def held_out(config: Config, problem: Problem) -> dict[str, HeldOut]:
    """Every hold-out of a config as its problem sees it, by name."""
    likelihood = problem.likelihood
    return {
        name: HeldOut(likelihood, name, measurement, _group(config, likelihood, name, measurement))
        for name, measurement in read_holdouts(config).items()
    }


def with_own_nuisances(
    config: Config, problem: Problem, held: HeldOut, theta: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Values (n,) of everything that a hold-out needs: draws of the posterior, and for each
    nuisance that only the hold-out has a draw of the prior, or the value that this fixes."""
    own, fixed = _own_priors(config, problem, held)
    drawn = {name: prior.rvs(len(theta), rng) for name, prior in own.items()}
    return problem.values(theta) | drawn | {k: np.full(len(theta), v) for k, v in fixed.items()}


def _own_priors(config, problem, held) -> tuple[dict[str, Distribution], dict[str, float]]:
    """Of the nuisances that only a hold-out has: priors, and values of those that are fixed."""
    if not held.nuisances:
        return {}, {}
    nuisances = (*problem.likelihood.nuisances, *held.nuisances)
    with warnings.catch_warnings():  # the report tells what is integrated over its prior
        warnings.simplefilter("ignore", CrtuneWarning)
        prior = load_prior_set(config.priors).prior(problem.scenario, nuisances)
    of = {p.name: d for p, d in zip(prior.parameters, prior.distributions, strict=True)}
    names = [parameter.name for parameter in held.nuisances]
    return (
        {name: of[name] for name in names if name in of},
        {name: prior.fixed[name] for name in names if name in prior.fixed},
    )


def holdout_points(
    config: Config, problem: Problem, theta: np.ndarray
) -> dict[str, tuple[Measurement, DataPoints]]:
    """What to draw of every hold-out, placed in rigidity.

    Parameters
    ----------
    theta : (ndim,), for tables in kinetic energy; nuisances of hold-outs are at their prior median
    """
    points = {}
    for name, held in held_out(config, problem).items():
        own, fixed = _own_priors(config, problem, held)
        medians = {name: np.atleast_1d(prior.ppf(0.5)) for name, prior in own.items()}
        values = problem.values(theta) | medians | {k: np.array([v]) for k, v in fixed.items()}
        spectra = problem.scenario.spectra(values, held.predictor.rigidity)
        drawn = data_points(held.predictor, spectra, values)
        points[name] = (held.measurement, drawn[name])
    return points


def _group(config, likelihood, name, measurement) -> str | None:
    """The group that the config names, or that of fitted data of the same kind, or its default."""
    if not likelihood.groups:
        return None
    for group, members in config.discrepancy.groups.items():
        if name in members:
            return group
    default = DEFAULT_GROUP[measurement.observable, measurement.is_modulated]
    for group, members in likelihood.groups.items():
        for member in members:
            other = likelihood.datasets[member]
            if DEFAULT_GROUP[other.observable, other.is_modulated] == default:
                return group
    return default


def _shares(measurement: Measurement, fitted: Mapping[str, Measurement]) -> str:
    reasons = [
        f"shares events with {name}: {reason}"
        for name, other in fitted.items()
        if (reason := shared_events(measurement, other))
    ]
    return "; ".join(reasons)
