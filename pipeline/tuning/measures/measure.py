"""What a measure is, and the registry that study, tables and command line find it by.

A module of this package declares its measures with `register`; nothing else needs to know of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np

from pipeline.tuning.measures.columns import Column

EVERY_SELECTION = ("both", "proton", "bc")
WHOLE = ("both",)
"""Selections of a measure that describes a whole theory."""


class Measured(NamedTuple):
    """One number of a result.

    Attributes
    ----------
    measure : its name in the tables
    error : NaN where it has none
    note : what belongs to it
    flags : warnings
    part : which it is where a result has as many as the problem has, e.g. amplitudes
    """

    measure: str
    value: float
    error: float = np.nan
    unit: str = ""
    note: str = ""
    flags: tuple[str, ...] = ()
    part: str = ""


class Group(NamedTuple):
    """Measures that are asked for together, with ``--measures NAME``.

    Attributes
    ----------
    optional : whether they are only made where they are asked for
    """

    name: str
    description: str
    optional: bool = False


@dataclass(frozen=True)
class Measure:
    """One kind of result.

    Attributes
    ----------
    name : that it is stored under, and asked for in code
    result : class of the result, a frozen dataclass that `pipeline.tuning.study.store` can keep
    group : that it is made with
    make : the result, of a `pipeline.tuning.study.study.Study`; with the source ``cases`` of the
        results of one case and those of all
    source : what it is made from. ``draws``: prior draws and the problem without its discrepancy;
        ``posterior``: weighted points of the
        posterior, perhaps beside the run's chains; ``chains``:
        these alone; ``cases``: results of several cases, and then it is not stored
    of_posteriors : with the source ``cases``, whether these results are of posteriors, whose doubts
        then stand beside its numbers
    version : of what gives the numbers. Raised with every change of them, so that older results
        are made again and never shown
    selections : of the data that it is made of
    applies : whether a `Study` can make it
    settings : of a `Study`, what else the result depends on
    rows : its numbers in the tables, of the result and of all results of its case
    columns : of the tables for people
    """

    name: str
    result: type
    group: Group
    make: Callable[..., Any]
    source: Literal["draws", "posterior", "chains", "cases"] = "posterior"
    of_posteriors: bool = True
    version: int = 1
    selections: tuple[str, ...] = WHOLE
    applies: Callable[[Any], bool] = lambda study: True
    settings: Callable[[Any], Mapping[str, Any]] = lambda study: {}
    rows: Callable[[Any, Any], Iterable[Measured]] = lambda result, results: ()
    columns: tuple[Column, ...] = ()


_REGISTRY: dict[str, Measure] = {}


def register(measure: Measure) -> Measure:
    """Make a measure known under its name.

    Raises
    ------
    ValueError: another one has this name
    """
    if measure.name in _REGISTRY:
        raise ValueError(f"two measures are called {measure.name!r}")
    _REGISTRY[measure.name] = measure
    return measure


def measures() -> dict[str, Measure]:
    """All measures by name, in its order, whichever was imported first."""
    _import_all()
    return dict(sorted(_REGISTRY.items()))


@cache
def _import_all() -> None:
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{__package__}.{module.name}")


def groups() -> dict[str, str]:
    """What can be asked for, with a line on each; what is made of parts of the data comes first."""
    found = {m.group.name: m.group.description for m in measures().values()}
    parts = groups_for_parts()
    return {name: found[name] for name in sorted(found, key=lambda n: (n not in parts, n))}


def default_groups() -> tuple[str, ...]:
    """Names of the groups that are made where none is named."""
    optional = {m.group.name for m in measures().values() if m.group.optional}
    return tuple(name for name in groups() if name not in optional)


def groups_for_parts() -> tuple[str, ...]:
    """Names of the groups of which something is made of protons or of B/C alone."""
    known = measures().values()
    return tuple(sorted({m.group.name for m in known if m.selections != WHOLE}))
