"""Ratios of model and data, which know nothing of errors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from likelihoods.measurement import Measurement
from transport.errors import CrtuneError


def max_abs_log_ratio(
    datasets: Mapping[str, Measurement], predictions: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """max |ln(model / data)| over the bins of each data set, (n,); inf where impossible.

    Parameters
    ----------
    predictions : data set name to bin means (n, n_bins), in its table's unit
    """
    worst = {}
    for name, measurement in datasets.items():
        with np.errstate(all="ignore"):
            ratio = np.abs(np.log(predictions[name] / measurement.value))
        worst[name] = np.max(np.where(np.isnan(ratio), np.inf, ratio), axis=1)
    return worst


def log_ratios(
    datasets: Mapping[str, Measurement], predictions: Mapping[str, np.ndarray]
) -> np.ndarray:
    """ln(model / data) at all points of all data sets in order, (n, n_points); inf where
    impossible.

    Parameters
    ----------
    predictions : as of `max_abs_log_ratio`
    """
    with np.errstate(all="ignore"):
        ratios = [np.log(predictions[k] / m.value) for k, m in datasets.items()]
    joined = np.concatenate(ratios, axis=1)
    return np.where(np.isnan(joined), np.inf, joined)


def log_rigidity_widths(datasets: Mapping[str, Measurement]) -> np.ndarray:
    """Width of each point in ln R, (n_points,) in the order of `log_ratios`.

    That of the bin, or half the distance between the neighbours where a table has no edges.

    Raises
    ------
    CrtuneError: a table without edges has a single point, which has no width
    """
    widths = []
    for name, measurement in datasets.items():
        if measurement.has_edges:
            widths.append(np.log(measurement.rigidity_high / measurement.rigidity_low))
        elif measurement.n_bins > 1:
            widths.append(np.gradient(np.log(measurement.rigidity_centre)))
        else:
            raise CrtuneError(
                f"data set {name}: one point without bin edges has no width in rigidity to "
                "weigh it with; loosen its cuts or add edges to its table"
            )
    return np.concatenate(widths)
