"""Scenarios, values and rigidities that people give for a prediction, checked."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping

import numpy as np

from transport.errors import CrtuneError
from transport.full.effects import PAPER
from transport.full.production import only_with_production
from transport.parameters import Parameter
from transport.scenario import Scenario, scenario_class
from transport.suggest import suggest

RIGIDITY_RANGE = (1e-3, 1e9)  # GV: far beyond where any scenario means anything


def make_scenario(
    name: str,
    assignments: Iterable[str] = (),
    options: Mapping | None = None,
    transport: str | Iterable[str] = PAPER,
) -> Scenario:
    """A scenario, by its name or the path of its file, with options.

    Parameters
    ----------
    assignments : options as ``name=value`` texts
    options : further ones, by name
    transport : as `transport.full.effects.effects_of` reads it

    Raises
    ------
    CrtuneError: unknown scenario, option, value or transport
    """
    try:
        scenario_class(name)
    except ValueError as error:
        raise CrtuneError(f"{error}, or the path of a Python file") from None
    options = dict(options or {})
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not (equals and key.strip() and text.strip()):
            raise CrtuneError(f"--option {assignment}: should be name=value")
        try:
            options[key.strip()] = tomllib.loads(f"x = {text}")["x"]
        except (ValueError, RecursionError):
            options[key.strip()] = text.strip()
    try:
        scenario = scenario_class(name)(**options)
    except (TypeError, ValueError) as error:
        raise CrtuneError(f"options of {name}: {error}") from None
    try:
        return scenario.with_transport(transport)
    except CrtuneError as error:
        raise CrtuneError(f"transport {transport}: {error}") from None


def parse_values(scenario: Scenario, assignments: Iterable[str]) -> dict[str, float]:
    """Parameter values from ``name=value`` texts, the fiducials for the rest.

    Raises
    ------
    CrtuneError: a parameter that the scenario does not have, or a value that cannot be
    """
    parameters = {p.name: p for p in scenario.parameters}
    values = {name: p.fiducial for name, p in parameters.items()}
    for assignment in assignments:
        name, equals, text = (part.strip() for part in assignment.partition("="))
        if not (equals and name):
            raise CrtuneError(f"--set {assignment}: should be name=value, e.g. --set r=8")
        if name not in parameters:
            coordinate = name.removeprefix("log10_")
            if coordinate in parameters:
                raise CrtuneError(f"--set {assignment}: give the value itself, {coordinate}=...")
            near = only_with_production(name) or f"{suggest(name, parameters)}; see --list"
            raise CrtuneError(
                f"--set {assignment}: {scenario.name} has no parameter {name!r}{near}"
            )
        parameter = parameters[name]
        try:
            value = float(text)
        except ValueError:
            raise CrtuneError(
                f"--set {assignment}: {text!r} should be a number"
                + (f" in {parameter.unit}" if parameter.unit else "")
            ) from None
        check_value(parameter, value, f"--set {assignment}")
        values[name] = value
    return values


def check_value(parameter: Parameter, value: float, where: str) -> None:
    """Refuse a value that a parameter cannot have.

    Raises
    ------
    CrtuneError: not finite, or not positive where its log10 is sampled
    """
    if not math.isfinite(value):
        raise CrtuneError(f"{where}: the value should be finite")
    if parameter.scale == "log10" and value <= 0:
        raise CrtuneError(f"{where}: {parameter.name} should be positive")


def parse_rigidities(text: str) -> np.ndarray:
    """Rigidities (GV) from a comma-separated list, in the order given.

    Raises
    ------
    CrtuneError: not a list of positive numbers
    """
    try:
        rigidity = np.array([float(part) for part in text.split(",") if part.strip()])
    except ValueError:
        raise CrtuneError(
            f"--rigidity {text}: should be numbers in GV with commas between them, e.g. 1,10,100"
        ) from None
    check_rigidities(rigidity, f"--rigidity {text}")
    return rigidity


def check_rigidities(rigidity: np.ndarray, where: str) -> None:
    """Refuse rigidities (GV) far from where any scenario means anything.

    Raises
    ------
    CrtuneError: none given, or not all of them within `RIGIDITY_RANGE`
    """
    low, high = RIGIDITY_RANGE
    if not rigidity.size or not np.all((rigidity >= low) & (rigidity <= high)):
        raise CrtuneError(
            f"{where}: every rigidity should be a positive number of GV, from {low:g} to {high:g}"
        )
