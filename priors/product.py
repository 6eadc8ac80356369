"""The product of many distributions, as a density of sampled coordinates, vectorised."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import log_ndtr

from priors.distributions import LN10, Distribution, truncated_normal_ppf
from transport.errors import CrtuneError


class ProductPrior:
    """Independent distributions of several parameters, as a density of sampled coordinates.

    Parameters
    ----------
    distributions : of the values, one per parameter
    scales : coordinate of each, ``"linear"`` or ``"log10"``
    names : for error messages

    Raises
    ------
    CrtuneError: a log10 coordinate whose prior allows values of 0 or below
    """

    def __init__(
        self,
        distributions: Sequence[Distribution],
        scales: Sequence[str],
        names: Sequence[str] | None = None,
    ):
        names = [f"parameter {i}" for i in range(len(scales))] if names is None else list(names)
        for name, d, scale in zip(names, distributions, scales, strict=True):
            if scale == "log10" and not d.log and not d.low > 0:
                raise CrtuneError(
                    f"{name} is sampled in log10, but its prior {d} allows values of 0 or below; "
                    "give it low above 0, or use log_normal or log_uniform"
                )
        self.ndim = len(names)
        self._low = np.array([d.low for d in distributions])
        self._high = np.array([d.high for d in distributions])
        self._centre = np.array([d.centre for d in distributions])
        self._inverse_sd = np.array([1.0 / d.sd for d in distributions])
        self._log_norm = np.array([d.log_norm for d in distributions])
        self._sum_log_norm = self._log_norm.sum()
        log = np.array([d.log for d in distributions], dtype=bool)
        log_coordinate = np.array([s == "log10" for s in scales], dtype=bool)
        self._to_value = np.flatnonzero(log_coordinate & ~log)
        self._to_log = np.flatnonzero(~log_coordinate & log)
        self._gaussian = np.flatnonzero(self._inverse_sd > 0)
        bounds = [d.standard_bounds() for d in distributions if math.isfinite(d.sd)]
        self._mirrored = np.array([m for _, _, m in bounds], dtype=bool)
        self._log_below = log_ndtr(np.array([a for a, _, _ in bounds], dtype=float))
        self._log_above = log_ndtr(np.array([b for _, b, _ in bounds], dtype=float))

    def log_density(self, theta: np.ndarray) -> np.ndarray:
        """Log-density of coordinates (n, ndim), (n,); -inf outside, also for NaN."""
        with np.errstate(all="ignore"):  # infinite or NaN coordinates, which are outside
            x, log_jacobian = self._natural(theta)
            inside = ((x >= self._low) & (x <= self._high)).all(axis=1)
            t = (x - self._centre) * self._inverse_sd
            log_density = self._sum_log_norm - 0.5 * np.einsum("ij,ij->i", t, t)
            if log_jacobian is not None:
                log_density += log_jacobian.sum(axis=1)
        return np.where(inside, log_density, -np.inf)

    def terms(self, theta: np.ndarray) -> np.ndarray:
        """Log-density of each parameter by itself, (n, ndim)."""
        with np.errstate(all="ignore"):
            x, log_jacobian = self._natural(theta)
            log_density = self._log_norm - 0.5 * ((x - self._centre) * self._inverse_sd) ** 2
            if log_jacobian is not None:
                log_density += log_jacobian
        return np.where((x >= self._low) & (x <= self._high), log_density, -np.inf)

    def inverse_cdf(self, u: np.ndarray) -> np.ndarray:
        """Coordinates (n, ndim) of points (n, ndim) in the unit cube."""
        u = np.asarray(u, dtype=float)
        g = self._gaussian
        with np.errstate(invalid="ignore", divide="ignore"):
            x = self._low + u * (self._high - self._low)
            if g.size:
                v = np.where(self._mirrored, 1.0 - u[:, g], u[:, g])
                t = truncated_normal_ppf(v, self._log_below, self._log_above)
                t = np.where(self._mirrored, -t, t)
                x[:, g] = self._centre[g] + t / self._inverse_sd[g]
        x = np.clip(x, self._low, self._high)
        x[:, self._to_value] = np.log10(x[:, self._to_value])
        x[:, self._to_log] = 10.0 ** x[:, self._to_log]
        return x

    def cdf(self, theta: np.ndarray) -> np.ndarray:
        """Points (n, ndim) of the unit cube of coordinates (n, ndim): undoes `inverse_cdf`.

        0 below the support of a parameter, 1 above it.
        """
        theta = np.asarray(theta, dtype=float)
        g = self._gaussian
        with np.errstate(all="ignore"):
            x, _ = self._natural(theta)
            x = np.where(np.isnan(x) & ~np.isnan(theta), -np.inf, x)  # logarithm of a negative
            x = np.clip(x, self._low, self._high)
            u = (x - self._low) / (self._high - self._low)
            if g.size:
                t = (x[:, g] - self._centre[g]) * self._inverse_sd[g]
                log_t = log_ndtr(np.where(self._mirrored, -t, t))
                log_mass = _log_difference(self._log_above, self._log_below)
                v = np.exp(_log_difference(log_t, self._log_below) - log_mass)
                u[:, g] = np.where(self._mirrored, 1.0 - v, v)
        return u

    def _natural(self, theta):
        """Natural variables of coordinates and ln |dx/dtheta| where it is not 0."""
        theta = np.asarray(theta, dtype=float)
        if not (self._to_value.size or self._to_log.size):
            return theta, None
        x, log_jacobian = theta.copy(), np.zeros_like(theta)
        if self._to_value.size:
            columns = theta[:, self._to_value]
            x[:, self._to_value] = 10.0**columns
            log_jacobian[:, self._to_value] = columns * LN10 + math.log(LN10)
        if self._to_log.size:
            columns = theta[:, self._to_log]
            log_value = np.log(columns)
            x[:, self._to_log] = log_value / LN10
            log_jacobian[:, self._to_log] = -log_value - math.log(LN10)
        return x, log_jacobian


def _log_difference(log_a, log_b):
    """ln(a - b) of logarithms, a >= b; -inf where both are 0."""
    return np.where(np.isneginf(log_a), -np.inf, log_a + np.log1p(-np.exp(log_b - log_a)))
