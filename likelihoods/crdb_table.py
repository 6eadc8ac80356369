"""Rows of a CRDB export as a checked table of this project, written as ECSV."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from likelihoods.crdb import OBSERVABLES, Point, years_of
from likelihoods.measurement import INTERSTELLAR, SPECIES_OF, Measurement
from likelihoods.reading import read_measurement
from transport.errors import CrtuneError

HELIOPAUSE = 121.6
"""AU: where Voyager 1 left the heliosphere; data from beyond are interstellar."""


def table_of(
    points: Sequence[Point],
    where: str,
    name: str,
    period: str | None = None,
    label: str | None = None,
    doi: str | None = None,
):
    """The `astropy.table.Table` of one data set, and what was done to it, in words.

    Parameters
    ----------
    points : of `likelihoods.crdb.choose`
    where : file, for messages
    name : of the table
    period : of the data; by default ``interstellar`` beyond 121.6 AU, else experiment and years

    Raises
    ------
    CrtuneError: only upper limits, a ratio on an axis that cannot be converted, no dates
    """
    measured = sorted((p for p in points if not p.limit), key=lambda p: p.mean)
    remarks = []
    if len(measured) < len(points):
        remarks.append(f"{len(points) - len(measured)} upper limits are left out")
    if not measured:
        raise CrtuneError(f"{where}: holds upper limits only: there is nothing to fit")
    if measured[0].quantity == "H":
        remarks.append("hydrogen is taken as protons")
    observable = OBSERVABLES[measured[0].quantity]
    axis, shift, factor = _conversion(where, measured[0], observable, remarks)
    prefix = "rigidity" if axis == "rigidity" else "kinetic_energy"
    columns, units = {}, {}
    unit = "GV" if axis == "rigidity" else "GeV"
    edges = all(p.low < p.high for p in measured)
    if not edges:
        some = any(p.low < p.high for p in measured)
        remarks.append(
            ("some bins have no edges" if some else "no bin edges")
            + ": predictions are taken at the mean of each bin"
        )
    for part in ("low", "high") if edges else ("mean",):
        columns[f"{prefix}_{part}"] = [(getattr(p, part) - shift) / factor for p in measured]
        units[f"{prefix}_{part}"] = unit
    ratio = observable == "boron_to_carbon"
    value_unit = "" if ratio else f"1 / ({unit} m2 s sr)"
    value = "ratio" if ratio else "flux"
    scale = 1.0 if ratio else factor
    columns[value] = [p.value * scale for p in measured]
    errors = _errors(where, measured, scale, columns, remarks)
    units |= {key: value_unit for key in columns if key == value or key.startswith("err_")}
    period = period or _period(where, measured, remarks)
    meta = {
        "name": name,
        "observable": observable,
        "axis": axis,
        "period": period,
        "doi": doi or measured[0].ads,
        "reference": f"CRDB: {measured[0].experiment}, {measured[0].ads}",
        "derived": _derived(measured, remarks),
        "errors": errors,
    }
    if label:
        meta["label"] = label
    from astropy.table import Column, Table  # slow to import, needed here only

    table = Table([Column(v, name=k, unit=units[k] or None) for k, v in columns.items()])
    table.meta.update(meta)
    return table, remarks


def write_table(table, path: str | Path) -> Measurement:
    """Write a table, once it reads back as a measurement; an existing file is not replaced.

    Raises
    ------
    CrtuneError: the file exists, or what `read_measurement` finds wrong
    """
    path = Path(path)
    if path.exists():
        raise CrtuneError(f"{path}: exists; give another --output")
    draft = path.with_name(f".{path.name}.draft.ecsv")
    try:
        table.write(draft, format="ascii.ecsv", delimiter=",", overwrite=True)
        try:
            read_measurement(draft)
        except CrtuneError as error:
            raise CrtuneError(str(error).replace(str(draft), "the converted table")) from None
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    return read_measurement(path)


def _conversion(where, point: Point, observable, remarks) -> tuple[str, float, float]:
    """Axis of the table; T per nucleon = (E - shift) / factor, and fluxes times the factor."""
    species = SPECIES_OF[observable]
    nucleus = observable != "proton"
    axis = "kinetic_energy_per_nucleon" if nucleus else "kinetic_energy"
    if point.axis == "R":
        return "rigidity", 0.0, 1.0
    if point.axis == "EKN" or (point.axis == "EK" and not nucleus):
        return axis, 0.0, 1.0
    if observable == "boron_to_carbon":
        raise CrtuneError(
            f"{where}: B/C at equal {point.axis} cannot be turned into equal energy per nucleon "
            "without both spectra; export EKN or R"
        )
    nucleons, mass = species.mass_number, species.mass_per_nucleon
    shift = {"EK": 0.0, "ETOT": nucleons * mass, "ETOTN": mass}[point.axis]
    factor = 1.0 if point.axis == "ETOTN" else float(nucleons)
    remarks.append(
        f"{point.axis} turned into kinetic energy per nucleon of {species.name}, A = {nucleons:g}"
    )
    return axis, shift, factor


def _errors(where, points, scale, columns, remarks) -> list[dict]:
    """Adds the columns of errors, and describes them."""
    stat, syst = (
        np.array([[getattr(p, f"{kind}_{side}") for p in points] for side in ("minus", "plus")])
        for kind in ("stat", "syst")
    )
    kinds = [("stat", "statistical", stat), ("systematic", "correlated", syst)]
    present = [kind for kind in kinds if np.any(kind[2] > 0)]
    lacking = [p for p, sides in zip(points, stat.T, strict=True) if sides.min() == 0]
    if lacking and len(present) == 2:
        raise CrtuneError(
            f"{where}: {len(lacking)} points have no statistical error, the first at "
            f"{lacking[0].mean:g}: if it is printed as 0, write half of the last printed digit "
            "into the export"
        )
    if not present:
        raise CrtuneError(f"{where}: the points have no errors")
    if len(present) == 1:
        name, _, error = present[0]
        remarks.append(
            f"only one error ({name}) is given: taken as the total, independent from bin to bin"
        )
        present = [("total", "total", error)]
    errors = []
    for name, role, (minus, plus) in present:
        if np.array_equal(minus, plus):
            columns[f"err_{name}"] = list(minus * scale)
            errors.append({"name": name, "role": role, "column": f"err_{name}"})
        else:
            for side, error in (("minus", minus), ("plus", plus)):
                columns[f"err_{name}_{side}"] = list(error * scale)
            sides = {side: f"err_{name}_{side}" for side in ("minus", "plus")}
            errors.append({"name": name, "role": role, **sides})
    return errors


def _period(where, points, remarks) -> str:
    if all(p.distance > HELIOPAUSE for p in points):
        remarks.append(f"measured beyond {HELIOPAUSE} AU: interstellar, no modulation")
        return INTERSTELLAR
    years = years_of(points)
    if years is None:
        raise CrtuneError(
            f"{where}: no dates in this export; give --period, such as ams02_2011_2016"
        )
    experiment = re.sub(r"\W+", "", re.split(r"[(\s]", points[0].experiment)[0]).lower()
    return f"{experiment}_{years[0]}_{years[1]}"


def _derived(points, remarks) -> str:
    potentials = sorted({p.phi for p in points if math.isfinite(p.phi) and p.phi > 0})
    if potentials and points[0].distance <= HELIOPAUSE:
        texts = ", ".join(f"{phi:g} MV" for phi in potentials)
        remarks.append(f"CRDB gives a modulation potential of {texts} for these data; not used")
    text = "Converted from an export of CRDB, values and errors as they stand there"
    return "; ".join([text, *remarks]) + "."
