"""A linear Gaussian model, some of its points fitted and the others held out, in closed form."""

from dataclasses import replace

import numpy as np

from likelihoods.conditional import HeldOut
from likelihoods.discrepancy_groups import DiscrepancyOptions
from likelihoods.joint import JointLikelihood
from tests.tuning.linear_toy import LinearScenario, covariance, jacobian, measurement

AMPLITUDE = 0.08
PRIOR_SD = np.array([0.1, 0.1, 0.1, 0.2])
FITTED, HELD = np.arange(16) % 3 != 0, np.arange(16) % 3 == 0


def with_data(log_ratio, chosen):
    """The toy's measurement of some points, with data that are exp(log_ratio) times the fiducial's.

    Its common scale error is left out of both parts, which would share it.
    """
    whole = measurement()
    whole = whole.with_values(whole.value * np.exp(log_ratio), whole.value * np.exp(log_ratio))
    part = whole._select(chosen)
    return replace(part, components=part.components[:1])


def noise():
    return covariance() - 0.02**2


def together(amplitude):
    """(16, 16) covariance of noise and discrepancy."""
    return noise() + covariance(amplitude) - covariance()


def problem_of(log_ratio, discrepancy=True):
    likelihood = JointLikelihood(
        LinearScenario(),
        {"fitted": with_data(log_ratio, FITTED)},
        discrepancy=DiscrepancyOptions(
            enabled=discrepancy, groups={"p": ("fitted",)} if discrepancy else {}
        ),
    )
    return likelihood, HeldOut(
        likelihood, "held", with_data(log_ratio, HELD), "p" if discrepancy else None
    )


def posterior(log_ratio, amplitude):
    """Mean and covariance of the coordinates given the fitted points, exactly."""
    model = jacobian()[FITTED]
    inverse = np.linalg.inv(together(amplitude)[np.ix_(FITTED, FITTED)])
    precision = model.T @ inverse @ model + np.diag(PRIOR_SD**-2.0)
    c = np.linalg.inv(precision)
    return c @ model.T @ inverse @ log_ratio[FITTED], c


def values_of(offsets, amplitude=AMPLITUDE):
    """Values at offsets (n, 4) of the coordinates from the fiducials."""
    values = {name: 10.0 ** offsets[:, i] for i, name in enumerate(("A", "B", "idle"))}
    values["delta"] = 0.4 + offsets[:, 3]
    return values | {"discrepancy_p": np.full(len(offsets), amplitude)}


def exact(log_ratio, amplitude):
    """Predictive mean and covariance of ln(d / fiducial) of held points given fitted ones."""
    model = jacobian()
    whole = together(amplitude) + model @ np.diag(PRIOR_SD**2) @ model.T
    gain = np.linalg.solve(whole[np.ix_(FITTED, FITTED)], whole[np.ix_(FITTED, HELD)]).T
    return gain @ log_ratio[FITTED], whole[np.ix_(HELD, HELD)] - gain @ whole[np.ix_(FITTED, HELD)]


def drawn(rng, amplitude=AMPLITUDE):
    """ln(d / fiducial) of all points, from prior, discrepancy and noise."""
    theta = PRIOR_SD * rng.standard_normal(4)
    return jacobian() @ theta + rng.multivariate_normal(np.zeros(16), together(amplitude))
