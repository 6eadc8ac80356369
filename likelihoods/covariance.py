"""Covariance of a measurement from its error components, and the plain Gaussian likelihood.

Everything here is relative: a covariance C of the data d is kept as C / (d d^T). Residuals
(m - d) / d with C / (d d^T) give the same Gaussian as m - d with C, so nothing is approximated.

Correlated components get the correlation rho = exp(-|log10 R_i/R_j| / l) with l in decades. No
correlation length has been published for these systematics, so the form is a choice, made for
what it does not claim. A squared exponential would declare a systematic error perfectly smooth:
two bins 0.03 decades apart (the spacing of AMS-02) would share it to 0.1 sigma at l = 0.3, and
the shape of the spectrum would count as known to the statistical error. The exponential allows
0.4 sigma, is strictly positive definite at any spacing, and needs no jitter to be factorised. It
is also the Markov choice: a bin says nothing about another that the bins between do not.
`kernel = "squared_exponential"` is there to see what the choice costs (docs/covariance.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cholesky, solve_triangular
from scipy.special import ndtr, ndtri

from likelihoods.measurement import ErrorComponent, Measurement
from transport.errors import CrtuneError
from transport.suggest import suggest

MODES = ("full", "diagonal", "statistical")
KERNELS = ("exponential", "squared_exponential")
INDEPENDENT_ROLES = ("statistical", "total")


@dataclass(frozen=True)
class CovarianceOptions:
    """How error components become a covariance.

    Attributes
    ----------
    mode : ``full``; ``diagonal`` (all components, no correlations); ``statistical`` (statistical
        and total-only errors alone)
    correlation_length : decades of rigidity for components of role ``correlated``: one number,
        or a mapping from component name to number, with ``default`` for those not named
    kernel : ``exponential`` or ``squared_exponential``

    Raises
    ------
    CrtuneError: unknown mode or kernel, or a length that is not positive and finite
    """

    mode: str = "full"
    correlation_length: float | Mapping[str, float] = 0.3
    kernel: str = "exponential"

    def __post_init__(self):
        for key, value, known in (("mode", self.mode, MODES), ("kernel", self.kernel, KERNELS)):
            if value not in known:
                raise CrtuneError(f"covariance.{key} = {value!r} is none of {', '.join(known)}")
        for name, length in self._lengths().items():
            if not (isinstance(length, int | float) and 0 < length < np.inf):
                raise CrtuneError(
                    f"covariance.correlation_length{name and '.' + name} = {length!r}: "
                    "give a positive number of decades"
                )

    def _lengths(self) -> dict[str, float]:
        length = self.correlation_length
        return dict(length) if isinstance(length, Mapping) else {"": length}

    def length(self, component: str) -> float:
        """Correlation length of a component, decades.

        Raises
        ------
        CrtuneError: the config's table names neither the component nor a default
        """
        lengths = self._lengths()
        for key in (component, "default", ""):
            if key in lengths:
                return float(lengths[key])
        raise CrtuneError(
            f"covariance.correlation_length has no entry for the component {component!r}; "
            "add one, or `default`"
        )

    def check_components(self, datasets: Mapping[str, Measurement]) -> None:
        """Refuse lengths for components that no data set has (misspelt names).

        Raises
        ------
        CrtuneError: with the nearest component name
        """
        known = {c.name for m in datasets.values() for c in m.components if c.role == "correlated"}
        for name in self._lengths():
            if name not in known | {"", "default"}:
                raise CrtuneError(
                    f"covariance.correlation_length.{name}: no chosen data set has this "
                    f"correlated component{suggest(name, known)}; "
                    f"there are: {', '.join(sorted(known)) or 'none'}"
                )


def correlation(log10_rigidity: np.ndarray, length: float, kernel: str) -> np.ndarray:
    """Correlation matrix (n, n) of points at log10 R with a length in decades."""
    distance = np.abs(log10_rigidity[:, None] - log10_rigidity[None, :]) / length
    return np.exp(-0.5 * distance**2 if kernel == "squared_exponential" else -distance)


def relative_covariance(measurement: Measurement, options: CovarianceOptions) -> np.ndarray:
    """C / (d d^T), shape (n_bins, n_bins), from the mean of the two sides of each error."""
    log10_rigidity = np.log10(measurement.rigidity_centre)
    covariance = np.zeros((measurement.n_bins, measurement.n_bins))
    for component in _used(measurement, options):
        sigma = component.mean / measurement.value
        if component.role in INDEPENDENT_ROLES or options.mode == "diagonal":
            covariance[np.diag_indices_from(covariance)] += sigma**2
        elif component.role == "scale":
            covariance += np.outer(sigma, sigma)
        else:
            length = options.length(component.name)
            covariance += np.outer(sigma, sigma) * correlation(
                log10_rigidity, length, options.kernel
            )
    return covariance


def _used(measurement: Measurement, options: CovarianceOptions) -> list[ErrorComponent]:
    if options.mode != "statistical":
        return list(measurement.components)
    return [c for c in measurement.components if c.role in INDEPENDENT_ROLES]


@dataclass(frozen=True)
class Factor:
    """Cholesky factor of a covariance: `lower` (n, n) and the covariance's log-determinant."""

    lower: np.ndarray
    log_determinant: float

    def whiten(self, residuals: np.ndarray) -> np.ndarray:
        """L^-1 r for each row of residuals (n_walkers, n)."""
        return solve_triangular(self.lower, residuals.T, lower=True, check_finite=False).T


def factorise(covariance: np.ndarray, name: str) -> Factor:
    """Factorise the covariance of the data set `name`.

    Raises
    ------
    CrtuneError: it is not positive definite
    """
    try:
        lower = cholesky(covariance, lower=True)
    except LinAlgError as error:
        raise CrtuneError(
            f"data set {name}: its covariance is not positive definite in double precision; use "
            "covariance.kernel = 'exponential', a shorter correlation_length, or check that the "
            "statistical errors are not negligible"
        ) from error
    return Factor(lower, 2.0 * float(np.sum(np.log(np.diag(lower)))))


@dataclass(frozen=True)
class Sides:
    """Asymmetric errors: a residual is scaled by the reference error over its own side's error.

    The reference is the mean of the two sides, the one the covariance is built from, so that for
    independent points the result is exactly the split normal distribution, normalised. With
    correlations it is an approximation: the correlation is taken as that of the reference errors.

    Attributes
    ----------
    above, below : (n_bins,) factors where the model is above (below) the datum
    """

    above: np.ndarray
    below: np.ndarray
    symmetric: bool

    @classmethod
    def of(cls, measurement: Measurement, options: CovarianceOptions) -> Sides:
        """Factors of a measurement under the components that `options` uses."""
        used = _used(measurement, options)
        minus = np.sqrt(sum(c.minus**2 for c in used))
        plus = np.sqrt(sum(c.plus**2 for c in used))
        reference = 0.5 * (minus + plus)
        return cls(reference / plus, reference / minus, bool(np.array_equal(minus, plus)))

    def scale(self, residuals: np.ndarray) -> np.ndarray:
        """Residuals (n_walkers, n_bins), model minus data, in reference errors' measure."""
        if self.symmetric:
            return residuals
        return residuals * np.where(residuals > 0, self.above, self.below)

    def asymmetric(self, residuals: np.ndarray, sd: np.ndarray) -> np.ndarray:
        """Gaussian draws (n, n_bins) of standard deviations `sd` turned into draws of the split
        normal that `scale` makes of them: each side has the share of its width, not a half.

        Exact for each point by itself; correlations keep their ranks.
        """
        if self.symmetric:
            return residuals
        up, down = sd / self.above, sd / self.below
        share_down = down / (up + down)
        u = ndtr(residuals / sd)
        with np.errstate(invalid="ignore"):  # each formula on its own side
            low = down * ndtri(0.5 * u / share_down)
            high = up * ndtri(0.5 + 0.5 * (u - share_down) / (1.0 - share_down))
        return np.where(u < share_down, low, high)


class GaussianLikelihood:
    """Gaussian likelihood of one data set, exact in linear flux (no model discrepancy).

    Parameters
    ----------
    name : the data set's
    measurement : values and errors
    options : what becomes of the error components
    """

    def __init__(self, name: str, measurement: Measurement, options: CovarianceOptions):
        self.names = (name,)
        self.measurement = measurement
        self.sides = Sides.of(measurement, options)
        self.factor = factorise(relative_covariance(measurement, options), name)
        self._sd = np.sqrt(np.sum(self.factor.lower**2, axis=1))
        jacobian = 2.0 * np.sum(np.log(measurement.value))
        self._constant = (
            self.factor.log_determinant + jacobian + measurement.n_bins * np.log(2 * np.pi)
        )

    def log_likelihood(self, predictions: Mapping[str, np.ndarray], values) -> np.ndarray:
        """ln L, (n, 1), from predictions (n, n_bins); -inf where one is not finite and positive."""
        predicted = predictions[self.names[0]]
        possible = np.all(np.isfinite(predicted) & (predicted > 0), axis=1)
        residuals = self.sides.scale(predicted / self.measurement.value - 1.0)
        residuals[~possible] = 0.0
        chi2 = np.sum(self.factor.whiten(residuals) ** 2, axis=1)
        return np.where(possible, -0.5 * (chi2 + self._constant), -np.inf)[:, None]

    def replicate(
        self, predictions: Mapping[str, np.ndarray], values, rng
    ) -> dict[str, np.ndarray]:
        """Data (n, n_bins) about predictions (n, n_bins), with the errors of the measurement.

        The likelihood is Gaussian in the flux: where errors are large a few may be negative.
        """
        predicted = predictions[self.names[0]]
        noise = rng.standard_normal(predicted.shape) @ self.factor.lower.T
        # A residual is model minus data, relative to the measured value.
        residual = self.sides.asymmetric(-noise, self._sd)
        return {self.names[0]: predicted - residual * self.measurement.value}

    def chi2(self, data: Mapping[str, np.ndarray], predictions, values) -> dict[str, np.ndarray]:
        """r^T C^-1 r, (n,), for any data (n or 1, n_bins)."""
        name = self.names[0]
        residual = self.sides.scale((predictions[name] - data[name]) / self.measurement.value)
        return {name: np.sum(self.factor.whiten(residual) ** 2, axis=1)}

    def draw(self, predictions: Mapping[str, np.ndarray], values, rng) -> dict[str, Measurement]:
        """Mock data about a prediction (1, n_bins), with errors relative to the prediction.

        Raises
        ------
        CrtuneError: errors so large that positive data are hard to draw
        """
        predicted = predictions[self.names[0]][0]
        for _ in range(1000):
            noise = self.factor.lower @ rng.standard_normal(predicted.size)
            # A residual is model minus data.
            data = predicted * (1.0 - self.sides.asymmetric(-noise[None], self._sd)[0])
            if np.all(data > 0):
                return {self.names[0]: self.measurement.with_values(data, predicted)}
        raise CrtuneError(
            f"data set {self.names[0]}: errors near 100% do not allow mock data that are positive"
        )
