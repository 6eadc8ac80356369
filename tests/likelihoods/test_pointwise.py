"""Each point given all others: against conditional Gaussians, and against exact leave-one-out."""

import arviz_base
import arviz_stats
import numpy as np
import pytest
from scipy import stats

from likelihoods.discrepancy_groups import DiscrepancyOptions
from likelihoods.joint import JointLikelihood
from likelihoods.pointwise import pointwise_log_likelihood
from tests.likelihoods.held_out_toy import (
    FITTED,
    HELD,
    PRIOR_SD,
    drawn,
    together,
    values_of,
    with_data,
)
from tests.tuning.linear_toy import LinearScenario, jacobian

AMPLITUDE = 0.08


def two_data_sets(log_ratio, discrepancy=True):
    """All points of the toy as two data sets of one discrepancy, and where they are among 16."""
    datasets = {"first": with_data(log_ratio, FITTED), "second": with_data(log_ratio, HELD)}
    options = {"groups": {"p": tuple(datasets)}} if discrepancy else {"enabled": False}
    likelihood = JointLikelihood(
        LinearScenario(), datasets, discrepancy=DiscrepancyOptions(**options)
    )
    return likelihood, np.concatenate([np.flatnonzero(FITTED), np.flatnonzero(HELD)])


def one_given_others(i, residual, covariance):
    others = np.arange(len(residual)) != i
    gain = np.linalg.solve(covariance[np.ix_(others, others)], covariance[others, i])
    variance = covariance[i, i] - gain @ covariance[others, i]
    return stats.norm(gain @ residual[others], np.sqrt(variance)).logpdf(residual[i])


@pytest.mark.parametrize("amplitude", [0.0, AMPLITUDE, 1.0])
def test_conditionals_are_those_of_the_joint_gaussian(amplitude):
    rng = np.random.default_rng(1)
    log_ratio = drawn(rng)
    likelihood, order = two_data_sets(log_ratio)
    offsets = 0.02 * rng.standard_normal((3, 4))
    found = pointwise_log_likelihood(likelihood, values_of(offsets, amplitude))
    together_ordered = together(amplitude)[np.ix_(order, order)]
    data = np.concatenate([m.value for m in likelihood.datasets.values()])
    for row, offset in enumerate(offsets):
        residual = (jacobian() @ offset - log_ratio)[order]
        expected = [one_given_others(i, residual, together_ordered) for i in range(16)]
        got = np.concatenate([found["first"][row], found["second"][row]])
        np.testing.assert_allclose(got, expected - np.log(data), rtol=1e-6, atol=1e-7)


def test_without_correlation_the_points_add_up():
    likelihood, _ = two_data_sets(drawn(np.random.default_rng(2)), discrepancy=False)
    values = values_of(0.02 * np.random.default_rng(3).standard_normal((5, 4)))
    found = pointwise_log_likelihood(likelihood, values)
    total = sum(part.sum(axis=1) for part in found.values())
    np.testing.assert_allclose(total, likelihood.log_likelihood(values).sum(axis=1))


def test_impossible_predictions_are_nan():
    likelihood, _ = two_data_sets(np.zeros(16))
    values = values_of(np.zeros((2, 4)))
    values["A"][1] = np.nan
    found = pointwise_log_likelihood(likelihood, values)["first"]
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def test_loo_of_arviz_is_exact_leave_one_out():
    """A linear model with Gaussian prior: p(d_i | d_-i) in closed form."""
    rng = np.random.default_rng(8)
    log_ratio = drawn(rng)
    likelihood, order = two_data_sets(log_ratio)
    model, noise = jacobian(), together(AMPLITUDE)
    precision = model.T @ np.linalg.solve(noise, model) + np.diag(PRIOR_SD**-2.0)
    covariance = np.linalg.inv(precision)
    mean = covariance @ model.T @ np.linalg.solve(noise, log_ratio)
    draws = rng.multivariate_normal(mean, covariance, size=4000)
    pointwise = pointwise_log_likelihood(likelihood, values_of(draws, AMPLITUDE))
    joined = np.concatenate(list(pointwise.values()), axis=1)
    tree = arviz_base.from_dict(
        {
            "posterior": {"theta": draws.reshape(4, 1000, 4)},
            "log_likelihood": {"all": joined.reshape(4, 1000, 16)},
        }
    )
    found = arviz_stats.loo(tree, var_name="all", pointwise=True)
    whole = (noise + model @ np.diag(PRIOR_SD**2) @ model.T)[np.ix_(order, order)]
    data = np.concatenate([m.value for m in likelihood.datasets.values()])
    exact = [one_given_others(i, log_ratio[order], whole) for i in range(16)] - np.log(data)
    np.testing.assert_allclose(found.elpd_i, exact, atol=0.1)
    assert found.elpd == pytest.approx(exact.sum(), abs=0.25)
