"""Weighted points over the whole prior: what every measure of a posterior is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.tuning.estimators.effective import weighted_quantiles


@dataclass(frozen=True)
class WeightedRun:
    """Weighted points over the whole prior.

    Attributes
    ----------
    theta : (n, ndim) coordinates: sampled, but amplitudes of a discrepancy, which are drawn
    log_likelihood : (n,) at the point, amplitudes included
    log_volume : (n,) ln of the prior mass that each point stands for, amplitudes left out; the
        masses inside the prior's constraints add up to 1
    log_weight : (n,) ln of the normalised posterior weights: log_volume - log_z + ln L, the last
        with amplitudes integrated, not as in `log_likelihood`
    log_z, log_z_error : of the prior normalised to its constraints; nats, error of this run alone
    n_eff : effective number of posterior draws
    calls : evaluations of the likelihood
    seed : of the generator
    converged : whether the settings of its sampler were met
    method : in words
    names, labels : coordinate names and their LaTeX
    """

    theta: np.ndarray
    log_likelihood: np.ndarray
    log_volume: np.ndarray
    log_weight: np.ndarray
    log_z: float
    log_z_error: float
    n_eff: float
    calls: int
    seed: int
    converged: bool
    method: str
    names: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def weights(self) -> np.ndarray:
        """(n,) posterior weights, adding up to 1."""
        return np.exp(self.log_weight)

    def draws(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Posterior draws of equal weight, (n, ndim), by systematic resampling."""
        edges = np.cumsum(self.weights)
        positions = (rng.random() + np.arange(n)) / n * edges[-1]
        chosen = np.searchsorted(edges, positions, side="right")
        return self.theta[rng.permutation(np.minimum(chosen, len(edges) - 1))]

    def best(self, amplitudes: Sequence[int] = ()) -> np.ndarray:
        """(ndim,) the point of highest likelihood with the discrepancy's amplitudes integrated.

        At the columns `amplitudes` stand their posterior medians. The likeliest single point would
        be the tip of a funnel, where amplitudes are smaller than almost everywhere.
        """
        best = self.theta[np.argmax(self.log_weight - self.log_volume)].copy()
        for column in amplitudes:
            best[column] = weighted_quantiles(self.theta[:, column], self.weights, [0.5])[0]
        return best
