"""Predictions of data that were not fitted, against the closed form of a linear Gaussian model."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from likelihoods.conditional import HeldOut
from tests.likelihoods.held_out_toy import (
    AMPLITUDE,
    HELD,
    drawn,
    exact,
    noise,
    posterior,
    problem_of,
    values_of,
)


@pytest.mark.parametrize("amplitude", [0.0, AMPLITUDE, 0.5])
def test_mixture_over_the_posterior_is_the_closed_form(amplitude):
    rng = np.random.default_rng(5)
    log_ratio = drawn(rng, amplitude)
    mean, c = posterior(log_ratio, amplitude)
    draws = rng.multivariate_normal(mean, c, size=6000)
    _, held = problem_of(log_ratio)
    predicted = held.gaussians(values_of(draws, amplitude))
    true_mean, true_covariance = exact(log_ratio, amplitude)
    sd = np.sqrt(np.diag(true_covariance))
    found = predicted.mean.mean(axis=0) + log_ratio[HELD]
    np.testing.assert_allclose(found / sd, true_mean / sd, atol=0.08)
    covariance_found = predicted.covariance.mean(axis=0) + np.cov(predicted.mean, rowvar=False)
    np.testing.assert_allclose(
        covariance_found / np.outer(sd, sd), true_covariance / np.outer(sd, sd), atol=0.06
    )
    truth = stats.multivariate_normal(true_mean, true_covariance).logpdf(log_ratio[HELD])
    terms = [
        stats.multivariate_normal(m, k).logpdf(np.zeros(len(m)))
        for m, k in zip(predicted.mean, predicted.covariance, strict=True)
    ]
    assert np.logaddexp.reduce(terms) - np.log(len(terms)) == pytest.approx(truth, abs=0.1)


def test_a_discrepancy_that_the_fitted_data_show_is_carried_over():
    """A model off by 30% everywhere: held points between fitted ones are expected off as well."""
    log_ratio = np.full(16, np.log(1.3))
    likelihood, held = problem_of(log_ratio)
    values = values_of(np.zeros((1, 4)), 0.3)
    predicted = held.gaussians(values)
    sd = np.sqrt(np.diag(predicted.covariance[0]))
    assert np.all(np.abs(predicted.mean[0, 1:-1]) < 3 * sd[1:-1])
    assert np.all(np.abs(predicted.mean[0]) < 0.1)  # without it ln 1.3 = 0.26 everywhere
    assert not held.nuisances
    alone = HeldOut(likelihood, "held", held.measurement, "other")
    assert [p.name for p in alone.nuisances] == ["discrepancy_other"]
    apart = alone.gaussians(values | {"discrepancy_other": np.array([0.3])})
    np.testing.assert_allclose(apart.mean, -np.log(1.3))
    assert np.all(np.diag(apart.covariance[0]) > np.diag(predicted.covariance[0]))


def test_without_discrepancy_errors_are_gaussian_in_the_flux():
    log_ratio = np.zeros(16)
    _, held = problem_of(log_ratio, discrepancy=False)
    values = values_of(np.zeros((2, 4)))
    predicted = held.gaussians(values)
    assert not predicted.logarithmic
    np.testing.assert_allclose(predicted.mean, 0.0, atol=1e-9)
    np.testing.assert_allclose(predicted.covariance[1], noise()[np.ix_(HELD, HELD)])
    assert predicted.relative(np.array([0.1])) == 1.1


def test_asymmetric_errors_are_those_of_the_side_of_the_prediction():
    log_ratio = np.zeros(16)
    likelihood, held = problem_of(log_ratio)
    part = held.measurement.components[0]
    lopsided = replace(held.measurement, components=(replace(part, minus=0.5 * part.plus),))
    held = HeldOut(likelihood, "held", lopsided, "p")
    for offset, sigma in ((0.05, 0.03), (-0.05, 0.015)):
        values = values_of(np.array([[offset, 0.0, 0.0, 0.0]]), 0.0)
        predicted = held.gaussians(values)
        np.testing.assert_allclose(np.sqrt(np.diag(predicted.covariance[0])), sigma, rtol=1e-6)
