"""Discrepancy amplitudes from weighted draws."""

import numpy as np
import pytest
from scipy.stats import norm

from pipeline.tuning.estimators.effective import weighted_quantiles
from pipeline.tuning.measures.needed import EDGE, discrepancy_needed
from priors.distributions import uniform
from tests.tuning.toys import toy_problem

NAMES = ["slope", "discrepancy_proton", "discrepancy_bc"]


def problem():
    return toy_problem(lambda theta: np.zeros(len(theta)), [uniform(0.0, 1.0)] * 3, names=NAMES)


def test_a_known_posterior():
    """N(0.4, 0.1) for one group, drawn from a uniform prior with weights; nothing for the other."""
    theta = np.random.default_rng(1).random((40_000, 3))
    result = discrepancy_needed(problem(), theta, norm.logpdf(theta[:, 1], 0.4, 0.1))
    assert result.groups == ("proton", "bc")
    assert np.all(result.median_error < 0.01)
    assert np.all(np.abs(result.median - [0.4, 0.5]) < 4 * result.median_error)
    quantile = norm.ppf(0.84)
    # a quantile's error is below 1.6 times that of the median at 16%
    np.testing.assert_allclose(result.low, [0.4 - 0.1 * quantile, 0.16], atol=0.02)
    np.testing.assert_allclose(result.high, [0.4 + 0.1 * quantile, 0.84], atol=0.02)
    edges = [result.at_lower_edge, result.at_upper_edge]
    np.testing.assert_allclose(edges, [[norm.cdf(-3.5), EDGE], [0.0, EDGE]], atol=0.01)


def test_error_of_the_median_is_that_of_repetitions():
    """50 repetitions: scatter known to 10%, each quoted error to some 20%."""
    rng = np.random.default_rng(2)
    results = []
    for _ in range(50):
        theta = rng.random((2000, 3))
        results.append(discrepancy_needed(problem(), theta, norm.logpdf(theta[:, 1], 0.4, 0.1)))
    scatter = np.std([r.median for r in results], axis=0)
    quoted = np.mean([r.median_error for r in results], axis=0)
    # with weights from uniform draws the tails are counted better than the effective number says
    assert np.all((scatter / quoted > 0.5) & (scatter / quoted < 1.4))


def test_no_amplitudes():
    toy = toy_problem(lambda theta: np.zeros(len(theta)), [uniform(0.0, 1.0)] * 2)
    result = discrepancy_needed(toy, np.full((5, 2), 0.5), np.zeros(5))
    assert result.groups == ()
    assert result.median.shape == result.at_upper_edge.shape == (0,)


def test_weighted_quantiles_of_equal_weights_are_quantiles():
    x = np.random.default_rng(3).standard_normal(1001)
    ours = weighted_quantiles(x, np.full(1001, 1.0), [0.2, 0.5, 0.8])
    np.testing.assert_allclose(ours, np.quantile(x, [0.2, 0.5, 0.8]), atol=0.005)
    assert weighted_quantiles(np.array([1.0, 2.0, 9.0]), np.array([0, 1.0, 0]), [0.5]) == (
        pytest.approx(2.0)
    )


def test_the_edges_are_told_apart():
    """Densities that rise by a factor e^40 to the upper end, and to the lower: 1 - e^-2 of it is in
    the outermost 5%."""
    theta = np.random.default_rng(4).random((40_000, 3))
    result = discrepancy_needed(problem(), theta, 40.0 * (theta[:, 1] - theta[:, 2]))
    inside = 1.0 - np.exp(-40.0 * EDGE)
    np.testing.assert_allclose(result.at_upper_edge, [inside, 0.0], atol=0.05)
    np.testing.assert_allclose(result.at_lower_edge, [0.0, inside], atol=0.05)
