"""How narrow a measurement makes ln L, as a function of what is assumed about its systematics.

For a small change of the model, ln m -> ln m + x t, with a shape t over the bins, ln L is a
parabola in x of width (t^T Sigma^-1 t)^-1/2, Sigma being the relative covariance with the model
discrepancy at a given amplitude.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.linalg import block_diag

from likelihoods.covariance import CovarianceOptions, factorise, relative_covariance
from likelihoods.discrepancy import process_covariance
from likelihoods.joint import JointLikelihood
from likelihoods.measurement import Measurement


def shapes(measurement: Measurement) -> dict[str, np.ndarray]:
    """Three shapes (n_bins,): all bins up, a tilt (per decade) and a bump 0.1 decades wide."""
    x = np.log10(measurement.rigidity_centre)
    middle = 0.5 * (x[0] + x[-1])
    return {
        "scale": np.ones_like(x),
        "tilt": x - middle,
        "bump": np.exp(-0.5 * ((x - middle) / 0.1) ** 2),
    }


def width(
    measurement: Measurement,
    shape: np.ndarray,
    options: CovarianceOptions,
    amplitude: float = 0.0,
    length: float = 0.5,
) -> float:
    """1 sigma of the coefficient of a shape (n_bins,), all else fixed.

    Parameters
    ----------
    options : what becomes of the error components
    amplitude, length : of the model discrepancy; amplitude 0 for none
    """
    sigma = relative_covariance(measurement, options)
    sigma += amplitude**2 * process_covariance([measurement], length)
    whitened = factorise(sigma, measurement.name).whiten(shape[None])
    return float(1.0 / np.sqrt(np.sum(whitened**2)))


def log_derivatives(
    likelihood: JointLikelihood, values: Mapping[str, np.ndarray], step: float = 0.01
) -> dict[str, np.ndarray]:
    """d ln(prediction) / d(coordinate) of each scenario parameter, all data sets stacked.

    Central differences about `values` (1,); the step is in the coordinate for log10 parameters
    and for linear ones that are 0, relative for the others. Returns name to (n_bins_total,).
    """
    derivatives = {}
    for parameter in likelihood.scenario.parameters:
        centre = parameter.to_coordinate(values[parameter.name])
        relative = parameter.scale != "log10" and np.all(centre != 0.0)
        half = step * np.abs(centre) if relative else step
        pair = {k: np.repeat(v, 2) for k, v in values.items()}
        pair[parameter.name] = parameter.from_coordinate(
            np.concatenate([centre - half, centre + half])
        )
        predicted = likelihood.predict(pair)
        logs = np.concatenate([np.log(p) for p in predicted.values()], axis=1)
        derivatives[parameter.name] = (logs[1] - logs[0]) / np.ravel(2.0 * half)[0]
    return derivatives


def parameter_widths(
    likelihood: JointLikelihood, derivatives: Mapping[str, np.ndarray], amplitude: float
) -> dict[str, float]:
    """1 sigma of each parameter's coordinate, all others fixed, at one amplitude for all groups.

    Parameters
    ----------
    likelihood : its covariance options, groups and discrepancy length are used
    derivatives : of `log_derivatives`
    """
    names = list(likelihood.datasets)
    measurements = list(likelihood.datasets.values())
    sigma = block_diag(*[relative_covariance(m, likelihood.covariance) for m in measurements])
    group_of = {name: g for g, members in likelihood.groups.items() for name in members}
    labels = np.concatenate([[group_of.get(n, n)] * likelihood.datasets[n].n_bins for n in names])
    same_group = labels[:, None] == labels[None, :]
    process = process_covariance(measurements, likelihood.discrepancy.length)
    factor = factorise(sigma + amplitude**2 * process * same_group, ", ".join(names))
    return {
        name: float(1.0 / np.sqrt(np.sum(factor.whiten(shape[None]) ** 2)))
        for name, shape in derivatives.items()
    }
