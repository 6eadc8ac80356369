"""Choices within a scenario, each declared with the parameters that it brings or makes idle."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from transport.parameters import Parameter
from transport.scenario import Scenario
from transport.suggest import suggest


@dataclass(frozen=True)
class Option:
    """One choice that a scenario leaves to the config.

    Attributes
    ----------
    description : one line for people
    choices : allowed values, the default first, each with the parameters that it adds
    drops : names of the parameters that a value makes superfluous
    """

    description: str
    choices: Mapping[Any, tuple[Parameter, ...]]
    drops: Mapping[Any, tuple[str, ...]] = field(default_factory=dict)

    @property
    def default(self):
        return next(iter(self.choices))


class ScenarioWithOptions(Scenario):
    """A scenario whose options add parameters to, or drop them from, those it declares.

    A subclass declares `options`; `parameters` on the class are those of the defaults without
    what the default choices add.

    Raises
    ------
    ValueError: on construction, for an unknown option or value, with the nearest or allowed ones
    """

    options: ClassVar[Mapping[str, Option]] = {}

    def __init__(self, **chosen):
        for name, value in chosen.items():
            if name not in self.options:
                hint = suggest(name, self.options)
                known = ", ".join(self.options) or "none"
                raise ValueError(f"{self.name} has no option {name!r}{hint}; it has: {known}")
            allowed = list(self.options[name].choices)
            if not any(value == a and isinstance(value, type(a)) for a in allowed):
                raise ValueError(f"{name} = {value!r} should be one of {allowed}")
        self.chosen = {name: option.default for name, option in self.options.items()} | chosen
        self.parameters = self._parameters_of(self.chosen)

    @property
    def optional_parameters(self) -> tuple[Parameter, ...]:
        """Parameters that some choice of options has and this one has not."""
        found = {}
        names = list(self.options)
        for values in itertools.product(*(self.options[n].choices for n in names)):
            for parameter in self._parameters_of(dict(zip(names, values, strict=True))):
                found[parameter.name] = parameter
        present = {p.name for p in self.parameters}
        return tuple(p for name, p in found.items() if name not in present)

    @classmethod
    def _parameters_of(cls, chosen) -> tuple[Parameter, ...]:
        parameters = {p.name: p for p in cls.parameters}
        for name, value in chosen.items():
            option = cls.options[name]
            parameters |= {p.name: p for p in option.choices[value]}
        for name, value in chosen.items():
            for dropped in cls.options[name].drops.get(value, ()):
                parameters.pop(dropped, None)
        return tuple(parameters.values())
