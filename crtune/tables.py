"""Measurements and posteriors as astropy tables, every column in its unit."""

from __future__ import annotations

import numpy as np
from astropy import units
from astropy.table import QTable

from likelihoods.measurement import Measurement
from likelihoods.table import AXES

BANDS = {"low95": 0.025, "low68": 0.16, "median": 0.5, "high68": 0.84, "high95": 0.975}
"""Columns ``model_...`` and the quantiles in them."""


def measurement_table(measurement: Measurement) -> QTable:
    """Bins, values and total errors of a measurement, on the axis and in the unit of its table."""
    axis, unit = measurement.axis, AXES[measurement.axis]
    if measurement.has_edges:
        columns = {f"{axis}_low": measurement.low * units.Unit(unit)}
        columns[f"{axis}_high"] = measurement.high * units.Unit(unit)
    else:
        columns = {f"{axis}_mean": measurement.mean * units.Unit(unit)}
    values = {
        value_name(measurement): measurement.value,
        "error_minus": measurement.error_minus,
        "error_plus": measurement.error_plus,
    }
    unit = value_unit(measurement)
    columns |= {name: value * unit for name, value in values.items()}
    told = ("name", "observable", "period", "doi", "reference")
    return QTable(columns, meta={key: getattr(measurement, key) for key in told})


def value_name(measurement: Measurement) -> str:
    """``flux`` or ``ratio``, as the column of the table is called."""
    return "ratio" if measurement.observable == "boron_to_carbon" else "flux"


def value_unit(measurement: Measurement, axis: str | None = None) -> units.UnitBase:
    """Unit of the values: per GV, or GeV (per nucleon) on an axis of energy; ratios have none."""
    if measurement.observable == "boron_to_carbon":
        return units.dimensionless_unscaled
    return units.Unit(f"1 / ({AXES[axis or measurement.axis]} m2 s sr)")


def band_columns(predictions: np.ndarray, unit: units.UnitBase) -> dict[str, units.Quantity]:
    """Quantiles of predictions (n, n_points) as columns ``model_low95`` ... ``model_high95``."""
    quantiles = np.nanquantile(predictions, list(BANDS.values()), axis=0)
    return {f"model_{name}": q * unit for name, q in zip(BANDS, quantiles, strict=True)}
