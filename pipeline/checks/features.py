"""Features of data that a theory is asked for: a number of each data set, real or replicated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from likelihoods.measurement import Measurement
from transport.observables import DELTAS, PROTON_SLOPES

LEAST_BINS = 4
"""Points that a straight line is fitted to, at least."""
LEAST_FOR_ROUGHNESS = 8
"""Points of which some have two neighbours on either side."""


@dataclass(frozen=True)
class Feature:
    """A number that a data set has.

    Attributes
    ----------
    name : in tables
    label : for figures, with LaTeX
    of : data (n, n_bins) and predictions (n, n_bins) to (n,)
    """

    name: str
    label: str
    of: Callable[[np.ndarray, np.ndarray], np.ndarray]


def features(measurement: Measurement) -> list[Feature]:
    """What is looked at in a data set: its largest residual always, its roughness, the slope of B/C
    and the break of the proton spectrum where it has enough points there."""
    found = [Feature("largest residual", r"max $|\ln(\mathrm{data/model})|$", largest_residual)]
    if measurement.n_bins >= LEAST_FOR_ROUGHNESS:
        label = r"scatter about neighbours / $\sigma_\mathrm{stat}$"
        found.append(Feature("roughness", label, lambda data, model: roughness(measurement, data)))
    if measurement.observable == "boron_to_carbon":
        low, high = DELTAS[0]
        if (chosen := _within(measurement, low, high)) is not None:
            found.append(
                Feature(
                    f"delta {low:g}-{high:g} GV",
                    rf"$\delta_\mathrm{{B/C}}$, {low:g}$-${high:g} GV",
                    lambda data, model: -slope(measurement, chosen, data),
                )
            )
    if measurement.observable == "proton":
        (low, middle), (knee, high), _ = PROTON_SLOPES
        below = _within(measurement, low, middle)
        above = _within(measurement, knee, high)
        if below is not None and above is not None:
            found.append(
                Feature(
                    f"break, {knee:g}-{high:g} against {low:g}-{middle:g} GV",
                    rf"break: slope {knee:g}$-${high:g} GV less {low:g}$-${middle:g} GV",
                    lambda data, model: (
                        slope(measurement, above, data) - slope(measurement, below, data)
                    ),
                )
            )
    return found


def largest_residual(data: np.ndarray, model: np.ndarray) -> np.ndarray:
    """max |ln(data / model)| over the bins, (n,); inf where data are not positive."""
    with np.errstate(all="ignore"):
        residual = np.abs(np.log(data / model))
    return np.max(np.where(np.isnan(residual), np.inf, residual), axis=1)


def roughness(measurement: Measurement, data: np.ndarray) -> np.ndarray:
    """rms of what each bin is off the parabola through the four around it, in ln(data) over ln R,
    in units of what independent errors make it, (n,).

    Independent errors are the statistical ones; all, where a table has no such component. 1 if only
    they scatter bins, more if anything else moves a bin against its neighbours, whatever the model.
    """
    x = np.log(measurement.rigidity_centre)
    independent = [c for c in measurement.components if c.role in ("statistical", "total")]
    variance = sum((0.5 * (c.minus + c.plus) / measurement.value) ** 2 for c in independent)
    with np.errstate(all="ignore"):
        y = np.log(data)
    squares = []
    for i in range(2, len(x) - 2):
        around = np.array([i - 2, i - 1, i + 1, i + 2])
        weight = np.linalg.pinv(np.vander(x[around] - x[i], 3))[2]  # of the constant term
        off = y[:, i] - y[:, around] @ weight
        squares.append(off**2 / (variance[i] + weight**2 @ variance[around]))
    return np.sqrt(np.mean(squares, axis=0))


def slope(measurement: Measurement, chosen: np.ndarray, data: np.ndarray) -> np.ndarray:
    """d ln(data) / d ln R by least squares over the chosen bins, weighted by total errors, (n,)."""
    x = np.log(measurement.rigidity_centre[chosen])
    sigma = 0.5 * (measurement.error_minus + measurement.error_plus) / measurement.value
    weight = sigma[chosen] ** -2
    x = x - np.average(x, weights=weight)
    with np.errstate(all="ignore"):
        y = np.log(data[:, chosen])
    return y @ (weight * x) / np.sum(weight * x**2)


def _within(measurement: Measurement, low: float, high: float) -> np.ndarray | None:
    """Bins between two rigidities, None if too few or if they cover less than half of ln R."""
    centre = measurement.rigidity_centre
    chosen = np.flatnonzero((centre >= low) & (centre <= high))
    if len(chosen) < LEAST_BINS:
        return None
    covered = np.log(centre[chosen[-1]] / centre[chosen[0]])
    return chosen if covered > 0.5 * np.log(high / low) else None
