"""Posterior predictive checks: do data made by the fitted model look like those that were fitted?

(Rubin 1984; Gelman, Meng & Stern 1996.) For each posterior draw data are replicated, discrepancy
and noise anew, and a feature of them is compared with that of the real data. The p-value is the
share of replicated data with a larger feature: near 0 or 1 the model does not make such data. The
data were used twice, to fit and to check, so p-values crowd about 0.5 and small ones mean more
than they say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.checks.features import features
from pipeline.problem import Problem


@dataclass(frozen=True)
class PredictiveCheck:
    """One feature of one data set.

    Attributes
    ----------
    dataset, name, label : which
    replicated : (n,) the feature in replicated data
    observed : (n,) in the real data, against the same draws; the same number for all where the
        feature is of the data alone
    p_value : share of draws with `replicated` above `observed`, ties counted half
    """

    dataset: str
    name: str
    label: str
    replicated: np.ndarray
    observed: np.ndarray
    p_value: float

    @property
    def of_data_alone(self) -> bool:
        """Whether the feature of the real data does not depend on the draw."""
        return bool(np.ptp(self.observed) == 0)


def check_fitted(
    problem: Problem, theta: np.ndarray, rng: np.random.Generator
) -> list[PredictiveCheck]:
    """chi2 and the features of every fitted data set.

    Parameters
    ----------
    problem : that was sampled
    theta : (n, ndim) draws of its posterior
    """
    likelihood = problem.likelihood
    values = problem.values(theta)
    replicated = likelihood.replicate(values, rng)
    predicted = likelihood.predict(values)
    real = {name: m.value[None] for name, m in likelihood.datasets.items()}
    chi2 = [likelihood.chi2(data, values) for data in (replicated, real)]
    checks = []
    for name, measurement in likelihood.datasets.items():
        checks.append(_check(name, "chi2", r"$\chi^2$", *(each[name] for each in chi2)))
        repeated = np.broadcast_to(measurement.value, predicted[name].shape)
        for feature in features(measurement):
            columns = [feature.of(data, predicted[name]) for data in (replicated[name], repeated)]
            checks.append(_check(name, feature.name, feature.label, *columns))
    return checks


def _check(dataset, name, label, replicated, observed) -> PredictiveCheck:
    known = ~np.isnan(replicated)
    above = np.mean(replicated[known] > observed[known])
    ties = np.mean(replicated[known] == observed[known])
    return PredictiveCheck(dataset, name, label, replicated, observed, float(above + 0.5 * ties))
