"""Predictions of scenarios at chosen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

import pipeline.predict
from crtune.configs import load_config
from crtune.quantities import number, numbers
from pipeline.config.load import Config
from pipeline.from_config import build_scenario
from pipeline.predict import Prediction
from pipeline.predict_input import check_rigidities, check_value, make_scenario
from priors.distributions import Fixed
from priors.sets import is_nuisance, load_prior_set
from transport.errors import CrtuneError
from transport.full.production import only_with_production
from transport.scenario import Scenario
from transport.suggest import suggest


def predict(
    scenario: str | Path | Config | Scenario,
    rigidity,
    phi: float = 0.0,
    options: Mapping | None = None,
    transport: str | Iterable[str] | None = None,
    **values,
) -> Prediction:
    """Proton flux, B/C and turbulent diffusion coefficient of a scenario.

    Parameters
    ----------
    scenario : name, path of the Python file that declares one, config (also the path of its TOML
        file), or scenario
    rigidity : GV, one or many, in any order
    phi : force-field potential, GV; 0 is interstellar space
    options : of the scenario, instead of those of the config
    transport : "paper", "full" or a list of effects, instead of that of the config; "paper" where
        there is none
    **values : of parameters, in the units that `crtune.scenarios` shows, or with astropy units;
        for the others those that the priors of the config fix, else the paper's. Nuisance
        parameters of a fit are left out, so that
        ``**run.best()`` can be given

    Returns
    -------
    `pipeline.predict.Prediction`, whose arrays have the shape of `rigidity`

    Raises
    ------
    CrtuneError: unknown scenario, option, transport or parameter, or a value that cannot be;
        options beside a scenario, which has its own

    Examples
    --------
    >>> import crtune
    >>> one = crtune.predict("kolmogorov", rigidity=[10, 100, 1000], phi=0.6)
    >>> one.boron_to_carbon.shape
    (3,)
    >>> two = crtune.predict("kolmogorov", rigidity=[10, 100, 1000], phi=0.6, E_CR=2)
    >>> (two.proton / one.proton).round(6).tolist()
    [2.0, 2.0, 2.0]
    >>> full = crtune.predict("kolmogorov", rigidity=[10, 100, 1000], phi=0.6, transport="full")
    >>> bool(full.proton[0] < one.proton[0])  # losses in the gas
    True
    """
    chosen = _scenario(scenario, options)
    if transport is not None:
        chosen = chosen.with_transport(transport)
    rigidity = np.atleast_1d(numbers(rigidity, "GV", "rigidity"))
    check_rigidities(rigidity, "rigidity")
    return pipeline.predict.predict(
        chosen,
        _values(chosen, _fixed(scenario, chosen) | values),
        rigidity,
        number(phi, "GV", "phi"),
    )


def _scenario(source, options) -> Scenario:
    if options is not None and not isinstance(options, Mapping):
        raise CrtuneError(f"options = {options!r} should be a dictionary, as {{name: value}}")
    if isinstance(source, Scenario):
        if options:
            raise CrtuneError(
                f"options = {options!r}: a scenario that is built already has its own; give its "
                f"name instead, {source.name!r}"
            )
        return source
    if _is_config(source):
        config = load_config(source)
        return build_scenario(load_config(config, scenario_options=options) if options else config)
    return make_scenario(str(source), options=options or {})


def _fixed(source, scenario: Scenario) -> dict[str, float]:
    """Parameters of the scenario that the priors of a config fix, with their values."""
    if not _is_config(source):
        return {}
    entries = load_prior_set(load_config(source).priors).entries(scenario.name)
    own = {p.name for p in scenario.parameters}
    return {k: e.value for k, e in entries.items() if k in own and isinstance(e, Fixed)}


def _is_config(source) -> bool:
    return isinstance(source, Config) or str(source).endswith(".toml")


def _values(scenario: Scenario, given: Mapping) -> dict[str, float]:
    parameters = {p.name: p for p in scenario.parameters}
    values = {name: p.fiducial for name, p in parameters.items()}
    for name, value in given.items():
        if name not in parameters:
            if is_nuisance(name):
                continue
            raise CrtuneError(
                f"{scenario.name} has no parameter {name!r}{suggest(name, parameters)}"
                f"{only_with_production(name)}; crtune.scenarios({scenario.name!r}) shows them"
            )
        values[name] = number(value, parameters[name].unit, name)
        check_value(parameters[name], values[name], f"{name} = {value}")
    return values
