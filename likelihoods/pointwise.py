"""The likelihood of each data point given all others: what leaving one out needs.

Errors and discrepancy are correlated, so ln L is no sum over points. It factorises as
p(d | theta) = p(d_-i | theta) p(d_i | d_-i, theta) for every i, and importance sampling with
1 / p(d_i | d_-i, theta) turns the posterior into the one without point i (Buerkner, Gabry & Vehtari
2021, Comput. Stat. 36, 1243, eqs. 4-6). For a Gaussian of covariance S and residuals r,

    r_i | r_-i ~ N(r_i - g_i / p_i, 1 / p_i),  g = S^-1 r,  p_i = (S^-1)_ii.

The sum over points is not ln L. Points share their discrepancy group with those of other data
sets, which are among "all others".
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.linalg import solve_triangular

from likelihoods.covariance import GaussianLikelihood
from likelihoods.discrepancy import DiscrepantLikelihood
from likelihoods.joint import JointLikelihood


def pointwise_log_likelihood(
    likelihood: JointLikelihood, values: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """ln p(d_i | all other points, theta), a density in the data's own unit, by data set.

    Parameters
    ----------
    values : scenario and nuisance values, each (n,)

    Returns
    -------
    data set name to (n, n_bins); NaN where the prediction is impossible
    """
    predictions = likelihood.predict(values)
    found: dict[str, np.ndarray] = {}
    for term in likelihood.terms:
        of_term = _discrepant if isinstance(term, DiscrepantLikelihood) else _gaussian
        found |= of_term(term, predictions, values)
    return {name: found[name] for name in likelihood.dataset_names}


def _discrepant(term: DiscrepantLikelihood, predictions, values) -> dict[str, np.ndarray]:
    vectors, eigenvalues = term.basis  # S^-1 = V (1 + a^2 lambda)^-1 V^T
    variance = np.asarray(values[term.amplitude], dtype=float)[:, None] ** 2
    weight = 1.0 / (1.0 + variance * eigenvalues)
    gradient = (term.residuals(predictions) @ vectors * weight) @ vectors.T
    log_density = _conditional(gradient, weight @ (vectors**2).T)
    ends = np.cumsum([m.n_bins for m in term.measurements])[:-1]
    parts = np.split(log_density, ends, axis=1)
    return {
        name: _possible(part, predictions[name]) - np.log(measurement.value)
        for name, part, measurement in zip(term.names, parts, term.measurements, strict=True)
    }


def _gaussian(term: GaussianLikelihood, predictions, values) -> dict[str, np.ndarray]:
    name, measurement = term.names[0], term.measurement
    inverse = solve_triangular(term.factor.lower, np.eye(measurement.n_bins), lower=True)
    residuals = term.sides.scale(predictions[name] / measurement.value - 1.0)
    log_density = _conditional(residuals @ inverse.T @ inverse, np.sum(inverse**2, axis=0))
    return {name: _possible(log_density, predictions[name]) - np.log(measurement.value)}


def _conditional(gradient, precision):
    return 0.5 * (np.log(precision / (2.0 * np.pi)) - gradient**2 / precision)


def _possible(log_density, predicted):
    good = np.all(np.isfinite(predicted) & (predicted > 0), axis=1)
    return np.where(good[:, None], log_density, np.nan)
