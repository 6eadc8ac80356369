"""How many parameters the data constrain, from the spread of ln L over the posterior.

    d = 2 Var(ln L)          Bayesian model dimensionality (Handley & Lemos 2019, arXiv:1903.06682)

counts the constrained directions of a Gaussian posterior. It fails where the model's own error is
sampled: a small amplitude a of the discrepancy has a high ln L in a small volume, a large one a low
ln L in a large volume, and along such a funnel ln L runs over tens of nats although nothing is
constrained. The variance is therefore taken at fixed amplitudes,

    Var(ln L) = E[Var(ln L | a)] + Var(E[ln L | a]),    d = 2 E[Var(ln L | a)],

which counts the parameters of the theory. E[ln L | a] is a cubic polynomial in the sampled
coordinates of the amplitudes, by weighted least squares; on the posteriors of this project the
degrees 2 to 5 agree to 0.5 in d. The d_eff of the Fisher matrix, which is local, is 0.6 to 1.9
below d for the theories that work (`pipeline.tuning.measures.stiffness`).
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2

DEGREE = 3
_HIGH = 0.99


def dimensionality(
    log_likelihood: np.ndarray, weight: np.ndarray, given: np.ndarray | None = None
) -> tuple[float, float, float]:
    """2 Var(ln L), at fixed `given` if there are any.

    Parameters
    ----------
    log_likelihood : (n,) ln L of posterior points
    weight : (n,) their weights, adding up to 1
    given : (n, k) coordinates at which the variance is taken

    Returns
    -------
    d, error : the error by the bootstrap over points, that of the polynomial left out
    peak : what d the upper end of ln L speaks of; equal to d in a Gaussian posterior
    """
    residual = log_likelihood - conditional_mean(log_likelihood, weight, given)
    d = 2.0 * float(weight @ residual**2)
    error = float(np.linalg.norm(weight * (2.0 * residual**2 - d)))
    return d, error, peak_dimensionality(residual, weight)


def conditional_mean(
    values: np.ndarray, weight: np.ndarray, given: np.ndarray | None = None
) -> np.ndarray:
    """E[values | given] at each point, (n,), as a polynomial; the mean if nothing is given."""
    if given is None or given.shape[1] == 0:
        return np.full(values.size, weight @ values)
    centred = given - weight @ given
    scaled = centred / np.sqrt(weight @ centred**2)
    terms = [
        np.prod(scaled[:, list(columns)], axis=1)
        for degree in range(DEGREE + 1)
        for columns in combinations_with_replacement(range(given.shape[1]), degree)
    ]
    design, root = np.stack(terms, axis=1), np.sqrt(weight)
    coefficients = np.linalg.lstsq(design * root[:, None], values * root, rcond=None)[0]
    return design @ coefficients


def peak_dimensionality(residual: np.ndarray, weight: np.ndarray) -> float:
    """The d of a Gaussian posterior whose ln L rises as far above its mean.

    How far: to the 99% quantile, which in d dimensions is (d - q) / 2 above, q the 1% quantile of
    chi2. Unlike the maximum it does not grow with the number of points.

    Parameters
    ----------
    residual : (n,) ln L - its mean
    """
    order = np.argsort(residual)
    place = np.searchsorted(np.cumsum(weight[order]), _HIGH * weight.sum())
    rise = 2.0 * float(residual[order[min(place, residual.size - 1)]])

    def excess(d):
        return d - chi2.ppf(1.0 - _HIGH, d) - rise

    low, high = 1e-3, 1e5
    if excess(low) > 0:
        return 0.0
    return float(brentq(excess, low, high)) if excess(high) > 0 else high
