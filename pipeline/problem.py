"""The assembled problem: scenario, data and priors behind one interface for every sampler."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from likelihoods.joint import JointLikelihood
from likelihoods.measurement import Measurement
from priors.prior import KeptShare, Prior
from transport.scenario import Scenario


class Problem:
    """Log-prior, log-likelihood and log-posterior of batches of sampled coordinates.

    Coordinates theta have shape (n, ndim), the columns being `names`: the scenario's parameters,
    then the nuisance parameters of the likelihood.

    Samplers ask nothing of a problem but the attributes and methods below, so anything that has
    them can be sampled. Measures and figures ask besides

    - `scenario` what `transport.scenario.Scenario` promises,
    - `likelihood` what `likelihoods.joint.JointLikelihood` promises,
    - `prior` for its `constraints` and `source` alone, to name them.

    Parameters
    ----------
    scenario, likelihood, prior : with `prior.parameters` in the order of the coordinates
    identity : further parts of the fingerprint, text by name

    Attributes
    ----------
    parameters : tuple of `transport.parameters.Parameter`
    names, labels : coordinate names and their LaTeX, tuples of str
    blob_names : ``log_prior``, then ``log_likelihood_<data set>`` for each data set
    nan_count : points inside the prior at which the likelihood was NaN or infinite. A scenario
        promises finite, positive fluxes, so each is an error; the log-posterior is -inf there
    nan_example : values at the first of them, or None
    """

    def __init__(
        self,
        scenario: Scenario,
        likelihood: JointLikelihood,
        prior: Prior,
        identity: Mapping[str, str] | None = None,
    ):
        self.scenario, self.likelihood, self.prior = scenario, likelihood, prior
        self.parameters = prior.parameters
        self.names = tuple(p.coordinate_name for p in self.parameters)
        self.labels = tuple(p.coordinate_latex for p in self.parameters)
        self.ndim = len(self.parameters)
        self.dataset_names = tuple(likelihood.dataset_names)
        self.blob_names = ("log_prior", *(f"log_likelihood_{d}" for d in self.dataset_names))
        self.nan_count = 0
        self.nan_example: dict[str, float] | None = None
        self._identity = dict(identity or {})

    def __repr__(self):
        title = getattr(self.scenario, "title", "")
        return (
            f"Problem of {self.scenario.name} ({title}), {self.ndim} parameters\n"
            f"{self.likelihood!r}\n{self.prior!r}"
        )

    def values(self, theta: np.ndarray) -> dict[str, np.ndarray]:
        """Physical values by parameter name, each (n,), in the units the parameters declare."""
        return self.prior.values(self._batch(theta))

    def log_prior(self, theta: np.ndarray) -> np.ndarray:
        """(n,): log-density of the coordinates, -inf outside bounds and constraints.

        Not renormalised to the constraints: see `kept_share`.
        """
        return self.prior.log_density(self._batch(theta))

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        """(n, n_datasets), whatever the prior says; -inf, never NaN, where impossible."""
        return self._log_likelihood(self.values(theta))

    def log_prob(self, theta: np.ndarray) -> np.ndarray:
        """(n, 1 + n_blobs): log-posterior, then the blobs, which add up to it.

        The model is not evaluated where the prior is -inf: there the likelihoods are -inf too.
        """
        theta = self._batch(theta)
        result = np.full((len(theta), 1 + len(self.blob_names)), -np.inf)
        result[:, 1] = self.prior.log_density_unconstrained(theta)
        inside = np.flatnonzero(result[:, 1] > -np.inf)
        if inside.size:
            values = self.prior.values(theta[inside])
            kept = self.prior.satisfied(values)
            if not kept.all():
                result[inside[~kept], 1] = -np.inf
                inside, values = inside[kept], {k: v[kept] for k, v in values.items()}
        if inside.size:
            result[inside, 2:] = self._log_likelihood(values)
            result[inside, 0] = result[inside, 1:].sum(axis=1)
        return result

    def prior_transform(self, u: np.ndarray) -> np.ndarray:
        """Coordinates of points of the unit cube, (n, ndim) or (ndim,), under the prior
        *without* its constraints, which are walls where `log_prior` is -inf."""
        return self.prior.transform(u)

    def prior_cdf(self, theta: np.ndarray) -> np.ndarray:
        """(n, ndim): share of the prior below each coordinate by itself, the inverse of
        `prior_transform`."""
        return self.prior.product.cdf(self._batch(theta))

    def log_prior_terms(self, theta: np.ndarray) -> np.ndarray:
        """(n, ndim): log-density of each coordinate by itself, without constraints."""
        return self.prior.product.terms(self._batch(theta))

    def satisfied(self, theta: np.ndarray) -> np.ndarray:
        """(n,) bool: where the constraints of the prior hold."""
        return self.prior.satisfied(self.values(theta))

    def sample_prior(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draws from the prior, constraints included, (n, ndim)."""
        return self.prior.sample(n, rng)

    @property
    def kept_share(self) -> KeptShare:
        """Share of prior volume inside the constraints; ln Z of the constrained prior is the
        ln Z under `log_prior` minus its ``log``."""
        return self.prior.kept_share

    def fingerprint(self) -> dict[str, str]:
        """What makes two problems the same, as readable text by part.

        Equal fingerprints mean equal scenario and options, parameters in order, priors,
        constraints, data as used (after cuts), covariance and discrepancy.
        """
        parts = {"scenario": self.scenario.name, **self._identity}
        parts["parameters"] = " ".join(self.names)
        parts |= {f"prior.{name}": text for name, text in self.prior.describe().items()}
        for name, measurement in getattr(self.likelihood, "datasets", {}).items():
            parts[f"data.{name}"] = data_identity(measurement)
        return parts

    def with_likelihood(self, likelihood: JointLikelihood) -> Problem:
        """The same problem for other data, e.g. mock data of ``likelihood.simulate``."""
        return Problem(self.scenario, likelihood, self.prior, self._identity)

    def notes(self) -> list[str]:
        """What a report on this problem must mention, one line each."""
        lines = [f"prior ({self.prior.source}): {self.kept_share}"]
        if self.scenario.effects:
            lines.append(f"transport: {self.scenario.transport_label}")
        if self.scenario.extension:
            lines.append(f"{self.scenario.name}: {self.scenario.extension}")
        if self.nan_count:
            example = ", ".join(f"{k} = {v:.6g}" for k, v in self.nan_example.items())
            lines.append(
                f"the likelihood was NaN or infinite at {self.nan_count} points inside the prior, "
                f"taken as impossible; the first: {example}"
            )
        return lines

    def _log_likelihood(self, values):
        return self.possible(self.likelihood.log_likelihood(values), values)

    def possible(self, log_likelihood: np.ndarray, values: dict[str, np.ndarray]) -> np.ndarray:
        """Log-likelihoods (n, n_datasets), -inf in rows where any is not finite, which are noted
        with their `values`."""
        bad = ~np.isfinite(log_likelihood).all(axis=1)
        if bad.any():
            if self.nan_example is None:
                first = int(np.flatnonzero(bad)[0])
                self.nan_example = {k: float(v[first]) for k, v in values.items()}
            self.nan_count += int(bad.sum())
            log_likelihood = np.where(bad[:, None], -np.inf, log_likelihood)
        return log_likelihood

    def _batch(self, theta):
        theta = np.atleast_2d(np.asarray(theta, dtype=float))
        if theta.ndim != 2 or theta.shape[1] != self.ndim:
            raise ValueError(f"theta has shape {theta.shape}, expected (n, {self.ndim})")
        return theta


def data_identity(measurement: Measurement) -> str:
    """Table, range and a checksum of the numbers used, so that mock data differ from real."""
    digest = hashlib.sha256(measurement.sha256.encode())
    for array in (measurement.rigidity_low, measurement.rigidity_high, measurement.value):
        digest.update(np.ascontiguousarray(array, dtype=float).tobytes())
    for component in measurement.components:
        digest.update(f"{component.name} {component.role}".encode())
        digest.update(component.minus.tobytes() + component.plus.tobytes())
    return (
        f"{measurement.n_bins} bins, {measurement.rigidity_low[0]:.4g} to "
        f"{measurement.rigidity_high[-1]:.4g} GV, sha256 {digest.hexdigest()}"
    )
