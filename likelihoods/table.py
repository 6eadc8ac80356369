"""Checked reading of one ECSV table: units converted, every defect named by row and column."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from likelihoods.metadata import check_columns, check_keys, without_limits
from transport.errors import CrtuneError
from transport.suggest import suggest

AXES = {"rigidity": "GV", "kinetic_energy": "GeV", "kinetic_energy_per_nucleon": "GeV"}
OBSERVABLES = ("proton", "carbon", "boron", "boron_to_carbon")
ERROR_ROLES = ("statistical", "total", "correlated", "scale")
META_KEYS = ("name", "observable", "axis", "period", "doi", "reference", "derived", "errors")


@dataclass(frozen=True)
class Table:
    """Columns of a measured table in the project's units, and its meta."""

    path: Path
    meta: dict
    columns: dict[str, np.ndarray]
    low: np.ndarray | None
    high: np.ndarray | None
    mean: np.ndarray | None
    value: np.ndarray

    def column(self, name: str) -> np.ndarray:
        """A column that the meta refers to.

        Raises
        ------
        CrtuneError: there is no such column
        """
        if name not in self.columns:
            raise CrtuneError(f"{self.path}: missing column {name!r}{suggest(name, self.columns)}")
        return self.columns[name]

    def error(self, entry: dict, side: str) -> np.ndarray:
        """The error of one side of a component; 0 or above.

        Raises
        ------
        CrtuneError: column missing, or a negative error
        """
        name = entry.get(side, entry.get("column"))
        if name is None:
            raise CrtuneError(
                f"{self.path}: meta key 'errors': component {entry.get('name')!r} names no "
                f"column; give `column`, or both `minus` and `plus`"
            )
        if side in entry and "column" in entry:
            raise CrtuneError(
                f"{self.path}: meta key 'errors': component {entry.get('name')!r} has `column` and "
                f"`{side}`; give `column`, or both `minus` and `plus`"
            )
        error = self.column(name)
        _check_rows(self.path, name, error, error >= 0, "is negative; errors are 1 sigma, >= 0")
        return error


def read_table(path: Path) -> Table:
    """Read and check a measured table.

    Raises
    ------
    CrtuneError: unreadable, meta key or column missing, NaN, non-positive value, wrong unit,
        unsorted or overlapping bins
    """
    raw = _read_ecsv(path)
    meta = _check_meta(path, dict(raw.meta))
    raw = without_limits(path, raw)
    prefix = "rigidity" if meta["axis"] == "rigidity" else "kinetic_energy"
    value_name = "ratio" if meta["observable"] == "boron_to_carbon" else "flux"
    axis_unit = AXES[meta["axis"]]
    value_unit = "" if value_name == "ratio" else f"1 / ({axis_unit} m2 s sr)"
    axis = [f"{prefix}_{part}" for part in ("low", "high", "mean")]
    parts = ("column", "minus", "plus", "resolution")
    errors = [entry[part] for entry in meta["errors"] for part in parts if part in entry]
    used = {*axis, value_name, *map(str, errors)}
    edges = [name in raw.colnames for name in axis[:2]]
    needed = [value_name, *(axis[:2] if any(edges) else axis[2:]), *map(str, errors)]
    for name in needed:
        if name not in raw.colnames:
            raise CrtuneError(f"{path}: missing column {name!r}{suggest(name, raw.colnames)}")
    check_columns(path, raw.colnames, used, meta)
    _refuse_per_cent(path, raw, value_name, map(str, errors))
    columns = {  # errors share the unit of the value
        name: _convert(path, raw[name], axis_unit if name in axis else value_unit)
        for name in raw.colnames
        if name in used
    }
    low, high, mean = (columns.get(f"{prefix}_{part}") for part in ("low", "high", "mean"))
    if len(raw) == 0:
        raise CrtuneError(f"{path}: the table has no rows")
    value = columns[value_name]
    _check_rows(path, value_name, value, value > 0, "is not positive; logarithms are taken of it")
    _check_axis(path, prefix, low, high, mean)
    return Table(path, meta, columns, low, high, None if any(edges) else mean, value)


def _read_ecsv(path: Path):
    from astropy.table import Table as AstropyTable  # slow to import, needed here only

    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return AstropyTable.read(lines, format="ascii.ecsv")
    except OSError as error:
        raise CrtuneError(f"{path}: cannot be read: {error.strerror or error}") from error
    except Exception as error:  # astropy and YAML raise many kinds for a damaged file
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CrtuneError(
            f"{path}: not a readable ECSV table ({reason}); compare with a table in data/"
        ) from error


def _check_meta(path: Path, meta: dict) -> dict:
    for key in META_KEYS:
        if key not in meta:
            raise CrtuneError(f"{path}: missing meta key {key!r}{suggest(key, map(str, meta))}")
    for key, known in (("observable", OBSERVABLES), ("axis", AXES)):
        if not isinstance(meta[key], str) or meta[key] not in known:
            raise CrtuneError(
                f"{path}: meta key {key!r} is {meta[key]!r}, which is none of "
                f"{', '.join(known)}{suggest(str(meta[key]), known)}"
            )
    if meta["axis"] == "kinetic_energy" and meta["observable"] != "proton":
        raise CrtuneError(
            f"{path}: meta key 'axis': kinetic_energy is for protons; nuclei need energies per "
            "nucleon. Total energies are not: divide them by the mass number and multiply fluxes "
            "by it, then write kinetic_energy_per_nucleon. A ratio at equal total energy is none "
            "at equal energy per nucleon, and cannot be used"
        )
    period = str(meta["period"])
    if not period.isidentifier() or (period != "interstellar" and period.lower() == "interstellar"):
        raise CrtuneError(
            f"{path}: meta key 'period' is {meta['period']!r}; give an identifier such as "
            "ams02_2011_2016, or 'interstellar'"
        )
    _check_errors(path, meta["errors"])
    check_keys(path, meta, META_KEYS)
    return meta


def _check_errors(path: Path, errors) -> None:
    if not isinstance(errors, list) or not errors or not all(isinstance(e, dict) for e in errors):
        raise CrtuneError(f"{path}: meta key 'errors' must be a list of {{name, role, column}}")
    names = [entry.get("name") for entry in errors]
    for entry in errors:
        if entry.get("role") not in ERROR_ROLES:
            raise CrtuneError(
                f"{path}: meta key 'errors': component {entry.get('name')!r} has role "
                f"{entry.get('role')!r}; choose one of {', '.join(ERROR_ROLES)}"
            )
        name = entry.get("name")
        if not isinstance(name, str) or not name or names.count(name) > 1:
            raise CrtuneError(
                f"{path}: meta key 'errors': component name {name!r} is missing, no text, or given "
                "twice"
            )


def _refuse_per_cent(path: Path, raw, value_name: str, errors) -> None:
    """Errors of a ratio are absolute, so that "%" beside a plain value may be meant otherwise."""
    for name in errors:
        unit, of_value = raw[name].unit, raw[value_name].unit
        if unit is None or unit == of_value or unit.is_unity():
            continue
        if unit.physical_type == "dimensionless":
            raise CrtuneError(
                f"{path}: column {name!r} has unit {unit.to_string()!r} and {value_name!r} has "
                "not; errors are absolute: if they are relative, multiply them by the value, and "
                "give both columns the same unit"
            )


def _convert(path: Path, column, unit: str) -> np.ndarray:
    import astropy.units as u

    given = u.Unit(column.unit) if column.unit is not None else u.dimensionless_unscaled
    try:
        factor = given.to(u.Unit(unit))
    except (u.UnitConversionError, ValueError) as error:
        raise CrtuneError(
            f"{path}: column {column.name!r} has unit '{given}'; it must convert to '{unit}'"
        ) from error
    if hasattr(column, "filled"):
        column = column.filled(np.nan)
    try:
        if column.dtype.kind in "bc":
            raise ValueError
        values = np.asarray(column, dtype=float)
    except ValueError as error:
        raise CrtuneError(
            f"{path}: column {column.name!r} holds {column.dtype.name}, not real numbers"
        ) from error
    _check_rows(path, column.name, values, np.isfinite(values), "is not a finite number")
    # Not multiplying by one keeps the published digits exact.
    return values if factor == 1.0 else values * factor


def _check_axis(path: Path, prefix: str, low, high, mean) -> None:
    first = mean if low is None else low
    name = f"{prefix}_mean" if low is None else f"{prefix}_low"
    _check_rows(path, name, first, first > 0, "is not positive")
    rising = np.concatenate([[True], np.diff(first) > 0])
    _check_rows(path, name, first, rising, "is not above the row before; sort the rows")
    if low is None:
        return
    _check_rows(path, f"{prefix}_high", high, high > low, f"is not above {prefix}_low")
    apart = np.concatenate([[True], low[1:] >= high[:-1] * (1 - 1e-9)])
    _check_rows(path, name, low, apart, "is below the upper edge of the row before: bins overlap")


def _check_rows(path: Path, name: str, values, good, complaint: str) -> None:
    if not np.all(good):
        row = int(np.flatnonzero(~np.asarray(good))[0])
        raise CrtuneError(f"{path}: row {row + 1}, column {name!r}: {values[row]:g} {complaint}")
