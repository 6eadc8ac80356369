"""The toys must be right: others measure samplers and estimators by them."""

import numpy as np
import pytest
from scipy import stats

from tests.toy_problems import BananaProblem, GaussianProblem


@pytest.mark.parametrize("ndim", [1, 2, 5])
def test_gaussian_is_the_normal_distribution(ndim):
    problem = GaussianProblem(ndim, rho=0.6)
    draws = problem.sample_posterior(200, np.random.default_rng(1))
    expected = stats.multivariate_normal(problem.mean, problem.covariance).logpdf(draws)
    np.testing.assert_allclose(problem.log_likelihood(draws).sum(axis=1), expected, atol=1e-10)


@pytest.mark.parametrize("ndim", [2, 3, 6])
def test_banana_draws_have_the_stated_moments_and_density(ndim):
    problem = BananaProblem(ndim, bend=0.7)
    draws = problem.sample_posterior(200_000, np.random.default_rng(2))
    variance = np.ones(ndim)
    variance[1::2] += 2 * 0.7**2
    np.testing.assert_allclose(draws.var(axis=0), variance, rtol=0.03)
    np.testing.assert_allclose(draws.mean(axis=0), 0, atol=0.02)
    # <ln L> of draws from their own density is minus the Gaussian entropy, as det J = 1
    entropy = 0.5 * ndim * np.log(2 * np.pi * np.e)
    assert problem.log_likelihood(draws).sum(axis=1).mean() == pytest.approx(-entropy, abs=0.02)


def test_banana_evidence_by_direct_integration():
    problem = BananaProblem(2, bend=0.7)
    x, y = np.meshgrid(np.linspace(-8, 8, 801), np.linspace(-10, 24.9, 1401), indexing="ij")
    log_prob = problem.log_prob(np.column_stack([x.ravel(), y.ravel()]))[:, 0].reshape(x.shape)
    evidence = np.trapezoid(np.trapezoid(np.exp(log_prob), y[0], axis=1), x[:, 0])
    assert np.log(evidence) == pytest.approx(problem.log_evidence, abs=1e-3)


def test_columns_add_up_and_the_likelihood_is_not_asked_outside_the_prior():
    problem = GaussianProblem(3, half_width=1.0)
    theta = np.array([[0.0, 0.5, -0.5], [0.0, 0.0, 5.0]])
    columns = problem.log_prob(theta)
    assert columns.shape == (2, 1 + len(problem.blob_names))
    np.testing.assert_allclose(columns[:, 0], columns[:, 1:].sum(axis=1), rtol=1e-14)
    assert np.isneginf(columns[1, 0])
    assert problem.evaluations == 1
