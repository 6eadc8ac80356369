"""Scenarios: what one is, and how the rest of the project finds one by its name or file."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from transport import scenario_sources as sources
from transport.errors import CrtuneError
from transport.full.effects import PAPER
from transport.scenario_declaration import Scenario, Spectra, register
from transport.suggest import suggest

__all__ = [
    "Scenario",
    "Spectra",
    "get_scenario",
    "register",
    "scenario_class",
    "scenario_names",
    "source_identity",
]


def scenario_names() -> list[str]:
    """Names of all scenarios that can be used without giving a file, sorted."""
    return sorted({*sources.shipped_scenarios()[0], *sources.installed_scenarios()})


def get_scenario(name: str, *, transport: str | Iterable[str] = PAPER, **options) -> Scenario:
    """The scenario called `name`, or declared in the file of that path, built with its options.

    Parameters
    ----------
    transport : which effects it has, as `transport.full.effects.effects_of` reads it

    Raises
    ------
    ValueError: unknown name (the message suggests the nearest) or unknown option
    CrtuneError: a file or package that cannot be used, with the reason
    CrtuneError: an unknown effect, or one that the scenario cannot have
    """
    return scenario_class(name)(**options).with_transport(transport)


def scenario_class(name: str) -> type[Scenario]:
    """As `get_scenario`, the class itself."""
    if sources.is_path(name):
        return sources.load_file(name)
    shipped, broken = sources.shipped_scenarios()
    if name in shipped:
        return shipped[name]
    if name in sources.installed_scenarios():
        return sources.load_entry_point(sources.installed_scenarios()[name])
    if name in broken:
        raise CrtuneError(f"scenario {name} cannot be used: {broken[name]}")
    names = scenario_names()
    raise ValueError(f"unknown scenario {name!r}{suggest(name, names)}; known: {', '.join(names)}")


def source_identity(name: str) -> str | None:
    """File name and SHA-256 of a scenario's source if it is not of this checkout, else None.

    Of a scenario in a package every Python file of the outermost package counts, since the physics
    may stand in any of them.

    Parameters
    ----------
    name : as of `get_scenario`
    """
    if not sources.is_path(name) and name not in sources.installed_scenarios():
        return None
    module = sys.modules[scenario_class(name).__module__]
    digest = hashlib.sha256()
    for file in _source_files(module):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return f"{Path(module.__file__).name}, sha256 {digest.hexdigest()}"


def _source_files(module: ModuleType) -> list[Path]:
    top = sys.modules.get(module.__name__.split(".")[0], module)
    if hasattr(top, "__path__"):
        return sorted(file for root in top.__path__ for file in Path(root).rglob("*.py"))
    return [Path(module.__file__)]
