"""A measured table (ECSV with units and provenance), found and read into a `Measurement`.

The table says everything about itself: its meta holds `name`, `observable`, `axis`, `period`,
`doi`, `reference`, `derived` and `errors`, a list with the role of each error column. So a new
measurement needs no code: data/README.md describes the form.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from likelihoods.measurement import ErrorComponent, Measurement
from likelihoods.table import ERROR_ROLES, Table, read_table
from transport.checkout import ROOT
from transport.errors import CrtuneError
from transport.suggest import suggest

DATA_DIRECTORY = ROOT / "data"
LEAST_RELATIVE_ERROR = 1e-6
"""No flux of cosmic rays is known better: a smaller error is a mistake of units or of typing."""


def measurement_names(directory: Path = DATA_DIRECTORY) -> list[str]:
    """Names of the measurements in a directory of tables, sorted."""
    return sorted(p.stem for p in Path(directory).glob("*.ecsv") if _is_measurement(p))


def read_measurement(
    table: str | Path,
    *,
    name: str | None = None,
    rigidity_min: float | None = None,
    rigidity_max: float | None = None,
    directory: Path = DATA_DIRECTORY,
) -> Measurement:
    """Read a measured table and cut it.

    Parameters
    ----------
    table : a name in `directory` (without suffix) or the path of an ECSV file
    name : name of the data set; the table's own by default
    rigidity_min, rigidity_max : keep whole bins within, GV
    directory : where names are looked up

    Raises
    ------
    CrtuneError: missing file (with the nearest name), damaged table, or cuts that keep nothing;
        the message names file, row, column and remedy
    """
    path = find_table(table, directory)
    raw = read_table(path)
    measurement = Measurement(
        name=name or raw.meta["name"],
        observable=raw.meta["observable"],
        axis=raw.meta["axis"],
        period=raw.meta["period"],
        low=raw.low,
        high=raw.high,
        mean=raw.mean,
        value=raw.value,
        components=_components(raw),
        doi=raw.meta["doi"],
        reference=raw.meta["reference"],
        derived=raw.meta["derived"],
        path=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        label=str(raw.meta.get("label", "")),
    )
    return measurement.cut(rigidity_min, rigidity_max)


def find_table(table: str | Path, directory: Path = DATA_DIRECTORY) -> Path:
    """Path of a table given by name or by path.

    Raises
    ------
    CrtuneError: there is none; the message suggests the nearest name
    """
    text = str(table)
    if text.endswith(".ecsv") or "/" in text:
        path = Path(text)
        if path.is_file():
            return path
        raise CrtuneError(f"{path}: no such table; give an ECSV file or a name of {directory}")
    known = measurement_names(directory)
    path = Path(directory) / f"{text}.ecsv"
    if text in known:
        return path
    raise CrtuneError(
        f"{path}: no measurement is called {text!r}{suggest(text, known)}; "
        f"known: {', '.join(known) or 'none'}"
    )


def _is_measurement(path: Path) -> bool:
    """Tables of another kind (modulation potentials) declare no observable.

    What cannot be read passes, so that reading it says why.
    """
    try:
        with open(path, encoding="utf-8") as file:
            return any("{observable:" in line for line in file if line.startswith("#"))
    except (OSError, UnicodeDecodeError):
        return True


def _components(raw: Table) -> tuple[ErrorComponent, ...]:
    components = []
    for entry in raw.meta["errors"]:
        minus, plus = (raw.error(entry, side) for side in ("minus", "plus"))
        if "resolution" in entry:
            # A printed 0.00 is not a perfect measurement.
            half = 0.5 * raw.column(entry["resolution"])
            minus, plus = np.maximum(minus, half), np.maximum(plus, half)
        components.append(ErrorComponent(str(entry["name"]), entry["role"], minus, plus))
    independent = ERROR_ROLES[:2]
    smaller = [np.minimum(c.minus, c.plus) for c in components if c.role in independent]
    with np.errstate(over="ignore"):
        error = np.sqrt(sum((s / raw.value) ** 2 for s in smaller)) + np.zeros_like(raw.value)
    small = np.flatnonzero(~(error >= LEAST_RELATIVE_ERROR))
    if small.size:
        row = int(small[0]) + 1
        raise CrtuneError(
            f"{raw.path}: row {row}: no statistical or total error above "
            f"{LEAST_RELATIVE_ERROR:g} of the value, but {error[small[0]]:.3g}; give the one that "
            "was measured, or a `resolution` column with the last printed digit"
        )
    endless = np.flatnonzero(np.isinf(error))
    if endless.size:
        raise CrtuneError(
            f"{raw.path}: row {endless[0] + 1}: the error is too many times the value "
            f"{raw.value[endless[0]]:g}; check their exponents"
        )
    return tuple(components)
