"""Scores of predictions: calibrated where the model is true, alarming where it is not."""

import numpy as np
import pytest
from scipy import stats

from pipeline.checks.scores import score
from tests.likelihoods.held_out_toy import (
    AMPLITUDE,
    HELD,
    drawn,
    exact,
    posterior,
    problem_of,
    values_of,
)


def test_scores_of_true_data_are_calibrated():
    """PIT of any bin uniform, coverage as asked, p-values uniform, ln pd as expected on average."""
    rng = np.random.default_rng(12)
    found, truths = [], []
    for _ in range(120):
        log_ratio = drawn(rng)
        mean, c = posterior(log_ratio, AMPLITUDE)
        _, held = problem_of(log_ratio)
        draws = rng.multivariate_normal(mean, c, size=200)
        found.append(score(held.gaussians(values_of(draws)), rng, replicates=99))
        true_mean, true_covariance = exact(log_ratio, AMPLITUDE)
        truths.append(stats.multivariate_normal(true_mean, true_covariance))
    for name in ("chi2_p", "log_density_p", "pit_p"):
        assert stats.kstest([getattr(s, name) for s in found], "uniform").pvalue > 0.005, name
    for column in np.transpose([s.pit for s in found]):
        assert stats.kstest(column, "uniform").pvalue > 0.001
    coverage = np.mean([s.coverage for s in found], axis=0)
    assert coverage[0] == pytest.approx(0.68, abs=0.06)
    assert coverage[1] == pytest.approx(0.95, abs=0.03)
    # If the model is true ln pd is -n/2 ln 2 pi e - 1/2 ln det on average.
    expected = np.array([-t.entropy() for t in truths])
    np.testing.assert_allclose([s.log_density_expected for s in found], expected, atol=1.2)
    assert np.mean([s.log_density_expected for s in found] - expected) == pytest.approx(0, abs=0.15)
    assert np.mean([s.log_density for s in found] - expected) == pytest.approx(0, abs=0.6)
    inside = np.mean([(s.bands[1] < 1.0) & (s.bands[3] > 1.0) for s in found])
    assert inside == pytest.approx(0.68, abs=0.06)


def test_a_wrong_model_is_found_out():
    rng = np.random.default_rng(3)
    log_ratio = drawn(rng)
    mean, c = posterior(log_ratio, AMPLITUDE)
    log_ratio[HELD] += 0.4 * (-1.0) ** np.arange(HELD.sum())  # neighbours off in opposite ways
    _, held = problem_of(log_ratio)
    s = score(held.gaussians(values_of(rng.multivariate_normal(mean, c, size=300))), rng)
    assert s.chi2_p < 0.01
    assert s.log_density_p < 0.01
    assert s.log_density < s.log_density_expected - 5 * s.log_density_sd
    assert s.coverage[1] < 0.5
