"""What the parameters of the runs are, as their scenarios declare them."""

from __future__ import annotations

from collections.abc import Mapping

from transport.errors import CrtuneError
from transport.full.effects import FULL, PAPER
from transport.parameters import Parameter
from transport.scenario import get_scenario


def parameters_of(runs: Mapping[str, tuple[str, str]]) -> dict[str, Parameter]:
    """Parameters by name, of all runs whose scenarios are at hand.

    Parameters
    ----------
    runs : scenario and options of each, as in the rows of a study
    """
    found: dict[str, Parameter] = {}
    for scenario, options in runs.values():
        for transport in (PAPER, FULL):
            try:
                built = get_scenario(scenario, transport=transport, **_options(options))
            except (ValueError, TypeError, CrtuneError):  # one's own, or without this transport
                continue
            for parameter in built.parameters:
                found.setdefault(parameter.name, parameter)
    return found


def _options(text: str) -> dict[str, str]:
    pairs = (part.split(" = ", 1) for part in text.split(", ") if " = " in part)
    return dict(pairs)
