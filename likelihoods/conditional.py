"""What data that were not fitted should look like, given those that were.

At each parameter vector the prediction of a data set h is Gaussian in y = ln(d / d_observed). Where
h shares its discrepancy with fitted data f, the fitted residuals r_f = ln m_f - ln d_f tell what
the model gets wrong nearby (Gaussian-process conditional; Rasmussen & Williams 2006, eqs.
2.23-2.24):

    r_h | r_f ~ N(A r_f, a^2 K_hh + C_h - A a^2 K_fh),  A = a^2 K_hf (C_f + a^2 K_ff)^-1,

and y = ln(m_h / d_h) - r_h. In the eigenbasis of `likelihoods.discrepancy`, V^T C_f V = 1 and
V^T K_ff V = lambda, the inverse is V (1 + a^2 lambda)^-1 V^T for every amplitude. Without
discrepancy y = d / d_observed - 1, as the errors of `GaussianLikelihood` are Gaussian in the flux.

Asymmetric errors: every bin takes the error of the side on which the median prediction lies, so
that the predictive distribution is a Gaussian at each draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from likelihoods.covariance import Sides, relative_covariance
from likelihoods.discrepancy import process_covariance
from likelihoods.discrepancy_groups import amplitude_parameter, parameter_name
from likelihoods.joint import JointLikelihood
from likelihoods.measurement import Measurement
from likelihoods.prediction import Predictor
from transport.parameters import Parameter


@dataclass(frozen=True)
class Gaussians:
    """Predictive distributions of one data set, one for each draw; the data themselves are at 0.

    Attributes
    ----------
    mean : (n, n_bins) of y = ln(d / d_observed), or of d / d_observed - 1 where not `logarithmic`
    covariance : (n, n_bins, n_bins)
    logarithmic : which of the two
    """

    mean: np.ndarray
    covariance: np.ndarray
    logarithmic: bool

    def relative(self, y: np.ndarray) -> np.ndarray:
        """d / d_observed of values of y, any shape."""
        return np.exp(y) if self.logarithmic else 1.0 + y


class HeldOut:
    """One data set that is not fitted, seen from a likelihood of others.

    Parameters
    ----------
    likelihood : of the fitted data
    name, measurement : the data set
    group : of the discrepancy that it is in, perhaps one that no fitted data set is in; None
        without discrepancy

    Attributes
    ----------
    nuisances : parameters that only this data set has: its potential, the normalisation of nuclei,
        the amplitude of a discrepancy of its own
    """

    def __init__(
        self,
        likelihood: JointLikelihood,
        name: str,
        measurement: Measurement,
        group: str | None = None,
    ):
        self.likelihood, self.name, self.measurement, self.group = (
            likelihood, name, measurement, group,
        )  # fmt: skip
        self.predictor = Predictor({name: measurement})
        own: tuple[Parameter, ...] = self.predictor.nuisances
        if group is not None:
            own += (amplitude_parameter(group),)
        known = {p.name for p in likelihood.parameters}
        self.nuisances = tuple(p for p in own if p.name not in known)
        self.term = likelihood.group_term(group) if group in likelihood.groups else None
        self._noise = relative_covariance(measurement, likelihood.covariance)
        self._sides = Sides.of(measurement, likelihood.covariance)

    def predict(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Bin means (n, n_bins) in the table's unit; `values` hold the nuisances too."""
        spectra = self.likelihood.scenario.spectra(values, self.predictor.rigidity)
        return self.predictor.predict(spectra, values)[self.name]

    def gaussians(self, values: Mapping[str, np.ndarray]) -> Gaussians:
        """Predictive distributions at draws of the posterior.

        Parameters
        ----------
        values : every parameter of the likelihood and of `nuisances`, each (n,)
        """
        ratio = self.predict(values) / self.measurement.value
        noise = self._one_sided(ratio)
        if self.group is None:
            n = len(ratio)
            return Gaussians(ratio - 1.0, np.broadcast_to(noise, (n, *noise.shape)), False)
        variance = np.asarray(values[parameter_name(self.group)], dtype=float) ** 2
        length = self.likelihood.discrepancy.length
        process = process_covariance([self.measurement], length)
        covariance = noise + variance[:, None, None] * process
        mean = np.log(ratio)
        if self.term is not None:
            expected, known = self._from_fitted(values, variance, length)
            mean, covariance = mean - expected, covariance - known
        return Gaussians(mean, covariance, True)

    def _from_fitted(self, values, variance, length):
        """Residuals expected from those of fitted data (n, n_bins), and the covariance that knowing
        them takes away (n, n_bins, n_bins)."""
        term = self.term
        vectors, eigenvalues = term.basis
        together = process_covariance([*term.measurements, self.measurement], length)
        n_fitted = len(vectors)
        projected = vectors.T @ together[:n_fitted, n_fitted:]  # V^T K_fh
        weight = variance[:, None] / (1.0 + variance[:, None] * eigenvalues)
        residuals = term.residuals(self.likelihood.predict(values)) @ vectors
        expected = (weight * residuals) @ projected
        known = np.einsum("ki,nk,kj->nij", projected, weight * variance[:, None], projected,
                          optimize=True)  # fmt: skip
        return expected, known

    def _one_sided(self, ratio: np.ndarray) -> np.ndarray:
        """Relative covariance of the noise with the error of the side the prediction is on."""
        above = np.median(ratio, axis=0) > 1.0
        scale = 1.0 / np.where(above, self._sides.above, self._sides.below)
        return self._noise * np.outer(scale, scale)
