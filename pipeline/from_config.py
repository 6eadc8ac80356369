"""What a config describes: its problem, its scenario, the data that it fits and holds out."""

from __future__ import annotations

import json
from dataclasses import replace

from likelihoods.covariance import CovarianceOptions
from likelihoods.discrepancy_groups import DiscrepancyOptions
from likelihoods.events import check_events, same_table
from likelihoods.joint import JointLikelihood
from likelihoods.measurement import Measurement
from likelihoods.reading import read_measurement
from pipeline.config.load import Config
from pipeline.config.models import groups_among
from pipeline.problem import Problem
from priors.sets import load_prior_set
from transport.errors import CrtuneError
from transport.scenario import Scenario, scenario_class, source_identity
from transport.scenario_sources import check_prediction


def build_problem(config: Config) -> Problem:
    """Assemble the problem that a config describes.

    Raises
    ------
    CrtuneError: anything wrong with options, tables, covariance, groups, priors; fewer walkers
        than twice the number of parameters
    """
    scenario = build_scenario(config)
    datasets = read_datasets(config)
    covariance, discrepancy = config.covariance, _fitted_only(config.discrepancy, config)
    try:
        likelihood = JointLikelihood(
            scenario,
            datasets,
            covariance=CovarianceOptions(**covariance.model_dump()),
            discrepancy=DiscrepancyOptions(**discrepancy.model_dump()),
        )
    except CrtuneError as error:
        raise CrtuneError(f"{config.path or 'config'}: {error}") from error
    prior = load_prior_set(config.priors).prior(scenario, likelihood.nuisances)
    identity = {
        "scenario_options": _canonical(config.scenario_options),
        # absent where it is the paper's: chains from before there was a choice go on
        **({"transport": scenario.transport_label} if scenario.effects else {}),
        "covariance": _canonical(covariance.model_dump()),
        "discrepancy": _canonical(discrepancy.model_dump()),
    }
    source = source_identity(config.scenario)
    if source:
        identity["scenario_source"] = source
    if groups := groups_among(config.modulation.groups, config.fitted):
        identity["modulation"] = _canonical(groups)
    problem = Problem(scenario, likelihood, prior, identity)
    if config.sampling.walkers < 2 * problem.ndim:
        raise CrtuneError(
            f"{config.path or 'config'}: sampling.walkers = {config.sampling.walkers}: an ensemble "
            f"needs at least twice as many walkers as parameters, {2 * problem.ndim} here"
        )
    return problem


def build_scenario(config: Config) -> Scenario:
    """The scenario of a config, with its options and transport.

    Raises
    ------
    CrtuneError: an option that the scenario does not take, a value that it refuses, or a mistake
        in its file
    """
    try:
        scenario = scenario_class(config.scenario)(**config.scenario_options)
    except (TypeError, ValueError) as error:
        options = ", ".join(f"{k} = {v!r}" for k, v in config.scenario_options.items())
        raise CrtuneError(
            f"{config.path or 'config'}: scenario_options ({options or 'none'}) of "
            f"{config.scenario}: {error}"
        ) from error
    try:
        scenario = scenario.with_transport(config.transport)
    except CrtuneError as error:
        raise CrtuneError(f"{config.path or 'config'}: {error}") from error
    check_prediction(scenario)
    return scenario


def read_datasets(config: Config) -> dict[str, Measurement]:
    """The tables that a config fits, with its cuts in rigidity.

    Raises
    ------
    CrtuneError: a table is missing, damaged, or left without points; events that count twice
    """
    datasets = _read(config, config.fitted)
    try:
        check_events(datasets)
    except CrtuneError as error:
        raise CrtuneError(f"{config.path or 'config'}: {error}") from error
    return datasets


def read_holdouts(config: Config) -> dict[str, Measurement]:
    """The tables that a config holds out, likewise.

    Raises
    ------
    CrtuneError: as `read_datasets`; one that is fitted as well, under whatever name or unit
    """
    fitted, held = read_datasets(config), _read(config, config.holdouts)
    for name, measurement in held.items():
        for other, its in fitted.items():
            if reason := same_table(measurement, its):
                raise CrtuneError(
                    f"{config.path or 'config'}: data.{name}.holdout = true: it is also fitted, "
                    f"as {other}: {reason}; drop one of them, or give them rigidities of their own"
                )
    return held


def _read(config, names):
    potential_of = {
        member: group for group, members in config.modulation.groups.items() for member in members
    }
    return {
        name: replace(
            read_measurement(
                config.data[name].table or name,
                name=name,
                rigidity_min=config.data[name].rigidity_min,
                rigidity_max=config.data[name].rigidity_max,
            ),
            shared_potential=potential_of.get(name),
        )
        for name in names
    }


def _fitted_only(discrepancy, config):
    """The section without data that are held out: they make no other problem."""
    groups = groups_among(discrepancy.groups, config.fitted)
    return discrepancy.model_copy(update={"groups": groups})


def _canonical(options):
    return json.dumps(options, sort_keys=True)
