"""Where scenarios come from: this checkout, entry points of other packages, and single files.

A scenario that cannot be used stops the runs that ask for it and nobody else: it is left out of
`transport.scenario.scenario_names` and told, with its reason, by `broken_scenarios`.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import pkgutil
import sys
import traceback
from functools import cache
from pathlib import Path

import numpy as np

from transport.errors import CrtuneError
from transport.scenario_declaration import DECLARED, Scenario
from transport.user_files import user_path

ENTRY_POINTS = "crtune.scenarios"
"""Group of the entry points of Python packages that bring scenarios: name = "module:Class"."""

_FOLDER = "transport.scenarios"
_FILE_MODULE = "_crtune_scenario_file_"  # names of modules made of single files begin so


def is_path(scenario: str) -> bool:
    """Whether the `scenario` of a config is a file, not a name."""
    return scenario.endswith(".py") or "/" in scenario


@cache
def shipped_scenarios() -> tuple[dict[str, type[Scenario]], dict[str, str]]:
    """Scenarios of ``transport/scenarios`` by name, and why files there give none, by file name."""
    package = importlib.import_module(_FOLDER)
    found, broken = {}, {}
    for info in pkgutil.iter_modules(package.__path__):
        module, path = f"{_FOLDER}.{info.name}", Path(package.__path__[0], f"{info.name}.py")
        try:
            importlib.import_module(module)
            for cls in DECLARED.get(module, ()):
                _check_class(cls)
                if cls.name in found:
                    other = Path(inspect.getfile(found[cls.name])).name
                    raise ValueError(f"{other} has a scenario that is called {cls.name!r} too")
                found[cls.name] = cls
        except (Exception, SystemExit) as error:
            broken[info.name] = f"{path}{_place(error, path)}"
    return found, broken


@cache
def installed_scenarios() -> dict[str, importlib.metadata.EntryPoint]:
    """Entry points of other packages by name; those named as a shipped scenario are left out."""
    shipped = shipped_scenarios()[0]
    points = importlib.metadata.entry_points(group=ENTRY_POINTS)
    return {point.name: point for point in points if point.name not in shipped}


def broken_scenarios() -> dict[str, str]:
    """Name or file of every scenario that cannot be used: one line that says why."""
    broken = dict(shipped_scenarios()[1])
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        if point.name in shipped_scenarios()[0]:
            broken[f"{point.name} ({point.value})"] = "a scenario of crtune has this name"
            continue
        try:
            load_entry_point(point)
        except CrtuneError as error:
            broken[point.name] = str(error)
    return broken


def load_entry_point(point: importlib.metadata.EntryPoint) -> type[Scenario]:
    """The scenario class of an entry point.

    Raises
    ------
    CrtuneError: it cannot be imported, or is no scenario
    """
    where = f"entry point {point.name} = {point.value} of {ENTRY_POINTS}"
    try:
        cls = point.load()
        _check_class(cls)
        if cls.name != point.name:
            raise ValueError(f"the scenario's own name is {cls.name!r}; give both the same")
    except (Exception, SystemExit) as error:
        raise CrtuneError(f"{where}: {_reason(error)}") from error
    return cls


def load_file(path: str | Path) -> type[Scenario]:
    """The scenario that a Python file declares with ``@register``.

    The file is read anew when its content has changed. Its name need only be unique in it: two
    files may have a scenario of the same name.

    Raises
    ------
    CrtuneError: no such file, an error in it, or not exactly one scenario
    """
    path = user_path(path).resolve()
    if path.suffix != ".py":
        raise CrtuneError(f"scenario file {path}: should be a Python file, NAME.py")
    try:
        source = path.read_bytes()
    except OSError as error:
        raise CrtuneError(f"scenario file {path} cannot be read: {error.strerror}") from None
    key = hashlib.sha256(str(path).encode() + b"\0" + source).hexdigest()[:16]
    return _load_source(path, f"{_FILE_MODULE}{key}")


@cache
def _load_source(path: Path, name: str) -> type[Scenario]:
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        # Not by the loader, whose cache of bytecode goes by the time of the file alone.
        exec(compile(path.read_bytes(), str(path), "exec"), vars(module))
        declared = DECLARED.get(name, [])
        if len(declared) != 1:
            names = ", ".join(cls.__name__ for cls in declared) or "none"
            raise ValueError(
                f"should declare one scenario, a class under @register; it has {names}"
            )
        _check_class(declared[0])
        # Another process can not import the module of such a file by its name.
        declared[0].__reduce__ = lambda self: (_rebuild, (path, vars(self)))
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        DECLARED.pop(name, None)
        raise CrtuneError(f"scenario file {path}{_place(error, path)}") from error
    return declared[0]


def _rebuild(path: Path, state: dict) -> Scenario:
    """In another process: a scenario of a file that was sent there."""
    cls = load_file(path)
    scenario = cls.__new__(cls)
    vars(scenario).update(state)
    return scenario


def check_prediction(scenario: Scenario) -> None:
    """Ask a scenario once for spectra at its fiducials, so that mistakes in it are told in a line.

    Raises
    ------
    CrtuneError: it raises an error, or its fluxes do not have the shape (1, n_R)
    """
    rigidity = np.array([1.0, 10.0, 100.0])
    path = Path(inspect.getfile(type(scenario)))
    try:
        with np.errstate(all="ignore"):
            spectra = scenario.spectra(scenario.fiducial(), rigidity)
        for name in ("proton", "carbon", "boron"):
            shape = np.shape(getattr(spectra, name))
            if shape != (1, 3):
                raise ValueError(
                    f"{name} has the shape {shape} for 1 walker and 3 rigidities, should be (1, 3)"
                )
    except CrtuneError:
        raise
    except Exception as error:
        raise CrtuneError(
            f"{scenario.name} fails at its fiducial values: {path}{_place(error, path)}"
        ) from error


def _check_class(cls) -> None:
    """Refuse what is no scenario; building it finds options and parameters that cannot be."""
    if not (isinstance(cls, type) and issubclass(cls, Scenario)):
        raise TypeError(f"{cls!r} is no subclass of transport.scenario.Scenario")
    for attribute in ("name", "title", "parameters"):
        if not getattr(cls, attribute, None):
            raise TypeError(f"{cls.__name__} declares no {attribute}")
    if not cls.name.isidentifier():
        raise ValueError(f"name = {cls.name!r} should be letters, digits and underscores")
    cls()


def _place(error: BaseException, path: Path) -> str:
    """``, line 12: NameError: ...``: the last line in `path` on the way to an error."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f", line {error.lineno}: {_reason(error)}"
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return f", line {lines[-1]}: {_reason(error)}" if lines else f": {_reason(error)}"


def _reason(error: BaseException) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {' '.join(text.split())}"
