"""Effective numbers of draws and tests for scatter."""

import numpy as np
import pytest

from pipeline.tuning.estimators.effective import (
    chain_mean,
    chain_size,
    ensembles_differ,
    scatter_probability,
    weighted_size,
)
from tests.tuning.toys import autoregressive


def test_weighted_size():
    assert weighted_size(np.full(50, -700.0)) == pytest.approx(50)
    assert weighted_size(np.array([0.0, -800.0, -900.0])) == pytest.approx(1)
    assert weighted_size(np.log([3.0, 1.0])) == pytest.approx(16 / 10)


def test_chain_size_of_an_autoregression():
    """tau = (1 + rho) / (1 - rho) = 9, known to a few percent from 1600 tau."""
    series = autoregressive((3, 1000, 5, 1), 0.8, np.random.default_rng(1))[..., 0]
    assert chain_size(series) == pytest.approx(series.size / 9, rel=0.15)
    assert np.isnan(chain_size(np.ones((2, 100, 3))))


def test_chain_size_of_chains_hardly_longer_than_tau():
    """60 steps, tau = 39: the autocorrelation alone finds no more than 12. The variance of means
    of walkers is (1 - 0.3) of what tau says, known to 11% from 160 walkers."""
    series = autoregressive((4, 60, 40, 1), 0.95, np.random.default_rng(5))[..., 0]
    assert 0.8 < chain_size(series) * 39 / series.size < 2.0


def test_chain_size_of_walkers_in_different_modes():
    """Draws that never leave their mode are worth one each walker."""
    series = autoregressive((4, 300, 10, 1), 0.0, np.random.default_rng(6))[..., 0]
    series[:, :, ::2] += 20.0
    assert chain_size(series) == pytest.approx(40, rel=0.1)


def test_chain_mean_has_the_error_of_the_scatter():
    """The error of 40 chains against the scatter of their means, known to 11%."""
    rng = np.random.default_rng(2)
    chains = [autoregressive((4, 400, 5, 1), 0.8, rng)[..., 0] for _ in range(40)]
    means, errors = np.transpose([chain_mean(chain) for chain in chains])
    # the larger of two estimates, one of them from 4 ensembles: up to a third too large
    assert 0.6 < means.std() / np.sqrt(np.mean(errors**2)) < 1.35


def test_ensembles_that_differ():
    rng = np.random.default_rng(3)
    series = autoregressive((4, 400, 5, 1), 0.8, rng)[..., 0]
    assert ensembles_differ(series) > 1e-3
    assert ensembles_differ(series[:1]) == 1.0
    series[2] += 1.0
    assert ensembles_differ(series) < 1e-6
    assert chain_mean(series)[1] == pytest.approx(0.25, abs=0.05)  # sd of the means 0.5, by sqrt(4)


def test_scatter_probability_is_uniform():
    """For Gaussian values with unequal errors p is uniform: its mean is 1/2 +- 0.02."""
    rng = np.random.default_rng(4)
    errors = np.array([0.1, 0.3, 1.0])
    p = [scatter_probability(errors * rng.standard_normal(3), errors) for _ in range(300)]
    assert np.mean(p) == pytest.approx(0.5, abs=0.07)
    assert np.std(p) == pytest.approx(np.sqrt(1 / 12), abs=0.04)
