"""Constrained parameters, with and without amplitudes that ln L runs along."""

import numpy as np
import pytest
from scipy.stats import chi2

from pipeline.tuning.estimators.dimensionality import (
    conditional_mean,
    dimensionality,
    peak_dimensionality,
)

N = 20_000


def weights(rng, n=N):
    weight = rng.gamma(2.0, size=n)
    return weight / weight.sum()


@pytest.mark.parametrize("ndim", [1, 4, 12])
def test_a_funnel_counts_the_parameters_of_the_theory(ndim):
    """Given a, theta ~ N(0, a^2) and ln L = c(a) - theta^2 / 2 a^2; c falls by tens of nats.

    -theta^2 / 2 a^2 is half a chi2 with `ndim` degrees of freedom, whatever a.
    """
    rng = np.random.default_rng(ndim)
    log_a = rng.uniform(np.log(0.01), 0.0, (N, 2))
    falls = -6.0 * log_a[:, 0] - 2.0 * np.exp(log_a[:, 1]) + 0.3 * log_a.prod(axis=1)
    log_l = falls - 0.5 * rng.chisquare(ndim, N)
    weight = weights(rng)
    d, error, peak = dimensionality(log_l, weight, log_a)
    assert error < 0.05 * max(ndim, 2)
    assert d == pytest.approx(ndim, abs=4 * error)
    assert peak == pytest.approx(ndim, rel=0.1, abs=0.2)
    total, *_ = dimensionality(log_l, weight)
    assert total > 50 + ndim


def test_without_amplitudes_it_is_twice_the_variance():
    rng = np.random.default_rng(1)
    log_l, weight = rng.standard_normal(N), weights(rng)
    expected = 2.0 * np.average((log_l - np.average(log_l, weights=weight)) ** 2, weights=weight)
    assert dimensionality(log_l, weight)[0] == pytest.approx(expected, rel=1e-12)
    nothing = np.empty((N, 0))
    assert dimensionality(log_l, weight, nothing)[0] == pytest.approx(expected, rel=1e-12)


def test_cubics_are_met_exactly():
    rng = np.random.default_rng(2)
    x, y = given = rng.uniform(-3.0, 1.0, (2, 500))
    values = 1.0 - x + 2.0 * x * y - 0.5 * x**2 * y + y**3
    found = conditional_mean(values, weights(rng, 500), given.T)
    np.testing.assert_allclose(found, values, atol=1e-9)


@pytest.mark.parametrize("d", [0.5, 3.0, 20.0])
def test_peak_of_a_gaussian_is_its_dimensionality(d):
    residual = 0.5 * (d - chi2.ppf((np.arange(N) + 0.5) / N, d))
    assert peak_dimensionality(residual, np.full(N, 1 / N)) == pytest.approx(d, rel=0.02)


def test_peak_of_nothing_is_zero():
    assert peak_dimensionality(np.zeros(10), np.full(10, 0.1)) == pytest.approx(0.0, abs=0.01)
