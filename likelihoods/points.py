"""Data as points in rigidity, for figures: every table as dJ/dR, or B/C at equal rigidity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from likelihoods.measurement import Measurement
from likelihoods.prediction import Predictor
from transport.kinematics import energy_per_rigidity
from transport.scenario import Spectra


@dataclass(frozen=True)
class DataPoints:
    """One data set as drawn; arrays (n_bins,).

    Attributes
    ----------
    rigidity, rigidity_low, rigidity_high : GV; the ends equal the centre where no edges are known
    value, minus, plus : dJ/dR in 1/(m2 sr s GV), or B/C at equal rigidity, with total errors
    converted : what the published values were multiplied by (all ones on a rigidity axis)
    """

    observable: str
    rigidity: np.ndarray
    rigidity_low: np.ndarray
    rigidity_high: np.ndarray
    value: np.ndarray
    minus: np.ndarray
    plus: np.ndarray
    converted: np.ndarray


def data_points(
    predictor: Predictor, spectra: Spectra, values: Mapping[str, np.ndarray]
) -> dict[str, DataPoints]:
    """Points of every data set of a predictor.

    Fluxes per energy become fluxes per rigidity by the width of the bin on both axes, which needs
    no model. B/C at equal kinetic energy per nucleon compares boron and carbon at rigidities 8%
    apart, so placing it at equal rigidity needs the slope of a spectrum: the model's, from
    `spectra` and `values` (one walker). The ratio model/data is the same before and after.
    """
    predictions = predictor.predict(spectra, values)
    points = {}
    for name, measurement in predictor.datasets.items():
        factor = _per_rigidity(measurement)
        if measurement.observable == "boron_to_carbon" and measurement.axis != "rigidity":
            at_rigidity = measurement.at_rigidities(measurement.rigidity_centre)
            single = Predictor({name: at_rigidity}, grid=predictor.grid)
            factor = single.predict(spectra, values)[name][0] / predictions[name][0]
        points[name] = DataPoints(
            observable=measurement.observable,
            rigidity=measurement.rigidity_centre,
            rigidity_low=measurement.rigidity_low,
            rigidity_high=measurement.rigidity_high,
            value=measurement.value * factor,
            minus=measurement.error_minus * factor,
            plus=measurement.error_plus * factor,
            converted=factor,
        )
    return points


def _per_rigidity(measurement: Measurement) -> np.ndarray:
    """Mean dT/dR over each bin: turns dJ/dT into dJ/dR. One on a rigidity axis."""
    if measurement.axis == "rigidity" or measurement.observable == "boron_to_carbon":
        return np.ones(measurement.n_bins)
    if not measurement.has_edges:
        return energy_per_rigidity(measurement.rigidity_centre, measurement.species)
    width = measurement.rigidity_high - measurement.rigidity_low
    return (measurement.high - measurement.low) / width
