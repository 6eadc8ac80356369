"""Model discrepancy: a Gaussian process in ln(model), with a sampled amplitude.

An order-of-magnitude theory against 1% data needs one. With d the data, m the prediction,

    ln d = ln m + delta + noise,  delta ~ GP(0, a^2 exp(-(log10 R_i/R_j)^2 / 2 l^2)),

so r = ln m - ln d has covariance C / (d d^T) + a^2 K. Taking the noise as Gaussian in ln d is the
one approximation: for a single bin of relative error s, t sigma off, ln L differs by s t^3 / 2 to
leading order: negligible at 1%, 0.15 for the highest B/C bin (s = 0.3) at one sigma. Over mock
data at their true parameters ln L differs by 0.36 (AMS-02 protons above 10 GV) and 0.64 (AMS-02
B/C) in the median, and a fitted scale and tilt move by 0.06 sigma or less (Voyager B/C, with
errors of 13%: 0.13 sigma). `GaussianLikelihood` serves the case without discrepancy, exactly.

C and K are fixed, only a varies, so both are diagonalised once: V^T C V = 1, V^T K V = lambda.
Each walker then costs one matrix-vector product, and chi2 = sum (V^T r)^2 / (1 + a^2 lambda) and
ln det = ln det C + sum ln(1 + a^2 lambda) are exact.

The model errs at interstellar rigidities, so R is that at which the particles of a bin entered the
heliosphere: at 2 GV seen at Earth it is 2.8 GV. Only so do AMS-02 and Voyager, in one group, see
the same error at the same place.

Data sets of a group share the amplitude, and those of one observable share the realisation: where
two experiments measure the same flux, the model errs once. Per-data-set log-likelihoods are the
terms of the chain rule, ln L(d1), ln L(d2 | d1), ..., in the order of the config.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag, eigh

from likelihoods.covariance import (
    CovarianceOptions,
    Sides,
    correlation,
    factorise,
    relative_covariance,
)
from likelihoods.discrepancy_groups import parameter_name
from likelihoods.measurement import Measurement
from transport.modulation import interstellar_rigidity

MEAN_POTENTIAL = 0.65
"""GV; places bins seen at Earth on the interstellar axis of the process. A potential off by 0.1 GV
moves a bin at 2 GV by 0.02 decades, little in units of the correlation length."""


def where_the_model_errs(measurement: Measurement) -> np.ndarray:
    """Interstellar rigidity (n_bins,), GV, of the particles in each bin, at `MEAN_POTENTIAL`."""
    if not measurement.is_modulated:
        return measurement.rigidity_centre
    return interstellar_rigidity(measurement.rigidity_centre, MEAN_POTENTIAL, measurement.species)


def process_covariance(measurements: list[Measurement], length: float) -> np.ndarray:
    """Unit-amplitude covariance K of the process over the stacked data sets, (n, n)."""
    position = np.concatenate([np.log10(where_the_model_errs(m)) for m in measurements])
    observable = np.concatenate([[m.observable] * m.n_bins for m in measurements])
    same = observable[:, None] == observable[None, :]
    return correlation(position, length, "squared_exponential") * same


@dataclass(frozen=True)
class _Basis:
    """Generalised eigenbasis of the first data sets of a group."""

    vectors: np.ndarray  # (n, n): V, used as r @ V
    eigenvalues: np.ndarray  # (n,): lambda
    constant: float  # ln det C + n ln 2 pi + 2 sum ln d

    @classmethod
    def of(cls, noise: np.ndarray, process: np.ndarray, data: np.ndarray, name: str) -> _Basis:
        log_determinant = factorise(noise, name).log_determinant
        eigenvalues, vectors = eigh(process, noise)
        constant = log_determinant + data.size * np.log(2 * np.pi) + 2.0 * np.sum(np.log(data))
        return cls(np.ascontiguousarray(vectors), np.maximum(eigenvalues, 0.0), float(constant))

    def log_likelihood(self, residuals: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """ln L (n_walkers,) of residuals (n_walkers, n) at amplitudes squared (n_walkers,)."""
        inflation = 1.0 + variance[:, None] * self.eigenvalues
        chi2 = np.sum((residuals @ self.vectors) ** 2 / inflation, axis=1)
        return -0.5 * (chi2 + np.sum(np.log(inflation), axis=1) + self.constant)

    def log_likelihood_at_each(self, residuals: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """ln L (n_walkers, m) of residuals (n_walkers, n) at all of m amplitudes squared (m,)."""
        inflation = 1.0 + np.multiply.outer(self.eigenvalues, variance)
        chi2 = (residuals @ self.vectors) ** 2 @ (1.0 / inflation)
        return -0.5 * (chi2 + np.sum(np.log(inflation), axis=0) + self.constant)


class DiscrepantLikelihood:
    """Log-space Gaussian likelihood of a group of data sets with a shared discrepancy.

    Parameters
    ----------
    group : its name; the amplitude is the value called ``discrepancy_<group>``
    datasets : name to measurement, in the order of the config
    covariance : what becomes of the error components
    length : of the process, decades
    """

    def __init__(
        self,
        group: str,
        datasets: Mapping[str, Measurement],
        covariance: CovarianceOptions,
        length: float,
    ):
        self.names = tuple(datasets)
        self.amplitude = parameter_name(group)
        self.measurements = list(datasets.values())
        self.sides = [Sides.of(m, covariance) for m in self.measurements]
        self.noise = [relative_covariance(m, covariance) for m in self.measurements]
        self.process = process_covariance(self.measurements, length)
        self._log_data = [np.log(m.value) for m in self.measurements]
        self._ends = np.cumsum([m.n_bins for m in self.measurements])
        data = np.concatenate([m.value for m in self.measurements])
        noise = block_diag(*self.noise)
        self._bases = [
            _Basis.of(noise[:end, :end], self.process[:end, :end], data[:end], name)
            for end, name in zip(self._ends, self.names, strict=True)
        ]

    def log_likelihood(self, predictions: Mapping[str, np.ndarray], values) -> np.ndarray:
        """Chain-rule terms (n, n_datasets); -inf where a prediction is impossible."""
        residuals, possible = self._residuals(predictions)
        variance = np.asarray(values[self.amplitude], dtype=float) ** 2
        sane = np.isfinite(variance)
        cumulative = [
            basis.log_likelihood(residuals[:, :end], np.where(sane, variance, 0.0))
            for basis, end in zip(self._bases, self._ends, strict=True)
        ]
        terms = np.diff(np.stack(cumulative, axis=1), axis=1, prepend=0.0)
        return np.where(possible & sane[:, None], terms, -np.inf)

    def log_likelihood_at_each(
        self, predictions: Mapping[str, np.ndarray], amplitudes: np.ndarray
    ) -> np.ndarray:
        """ln L of the whole group (n, m) at m amplitudes; -inf where a prediction is impossible."""
        residuals, possible = self._residuals(predictions)
        terms = self._bases[-1].log_likelihood_at_each(residuals, np.square(amplitudes))
        return np.where(possible.all(axis=1)[:, None], terms, -np.inf)

    @property
    def basis(self) -> tuple[np.ndarray, np.ndarray]:
        """V (n, n) and lambda (n,) of all data sets of the group: V^T C V = 1, V^T K V = lambda."""
        return self._bases[-1].vectors, self._bases[-1].eigenvalues

    def residuals(self, predictions: Mapping[str, np.ndarray]) -> np.ndarray:
        """ln m - ln d of the whole group (n, n_points), in the measure of its reference errors."""
        return self._residuals(predictions)[0]

    def _residuals(self, predictions):
        residuals, possible = [], []
        for name, log_data, sides in zip(self.names, self._log_data, self.sides, strict=True):
            predicted = predictions[name]
            good = np.all(np.isfinite(predicted) & (predicted > 0), axis=1)
            log_ratio = np.log(np.where(good[:, None], predicted, 1.0)) - log_data
            residuals.append(sides.scale(log_ratio))
            possible.append(good)
        return np.concatenate(residuals, axis=1), np.stack(possible, axis=1)

    def replicate(
        self, predictions: Mapping[str, np.ndarray], values, rng
    ) -> dict[str, np.ndarray]:
        """Data (n, n_bins) about predictions (n, n_bins): one process for all data sets of a draw,
        independent noise."""
        amplitude = np.asarray(values[self.amplitude], dtype=float)[:, None]
        # K is numerically singular; the eigenbasis draws from it without a jitter.
        eigenvalues, vectors = np.linalg.eigh(self.process)
        normal = rng.standard_normal((len(amplitude), eigenvalues.size))
        delta = amplitude * (normal * np.sqrt(np.maximum(eigenvalues, 0.0))) @ vectors.T
        data = {}
        for i, (name, process) in enumerate(
            zip(self.names, np.split(delta, self._ends[:-1], axis=1), strict=True)
        ):
            noise = rng.standard_normal(process.shape) @ factorise(self.noise[i], name).lower.T
            # A residual is model minus data.
            variance = amplitude**2 + np.diag(self.noise[i])  # the process has unit variance
            residual = self.sides[i].asymmetric(-(process + noise), np.sqrt(variance))
            data[name] = predictions[name] * np.exp(-residual)
        return data

    def draw(self, predictions: Mapping[str, np.ndarray], values, rng) -> dict[str, Measurement]:
        """Mock measurements about predictions (1, n_bins)."""
        one = {self.amplitude: np.ravel(values[self.amplitude])[:1]}
        data = self.replicate(predictions, one, rng)
        return {
            name: measurement.with_values(data[name][0], data[name][0])
            for name, measurement in zip(self.names, self.measurements, strict=True)
        }

    def chi2(self, data: Mapping[str, np.ndarray], predictions, values) -> dict[str, np.ndarray]:
        """r^T (C + a^2 K)^-1 r of each data set by itself, (n,), for any data (n or 1, n_bins)."""
        variance = np.asarray(values[self.amplitude], dtype=float)[:, None] ** 2
        found = {}
        for i, (name, measurement) in enumerate(zip(self.names, self.measurements, strict=True)):
            rows = slice(self._ends[i] - measurement.n_bins, self._ends[i])
            eigenvalues, vectors = eigh(self.process[rows, rows], self.noise[i])
            residual = self.sides[i].scale(np.log(predictions[name]) - np.log(data[name]))
            inflation = 1.0 + variance * np.maximum(eigenvalues, 0.0)
            found[name] = np.sum((residual @ vectors) ** 2 / inflation, axis=1)
        return found
