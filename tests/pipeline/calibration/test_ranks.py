"""Ranks of true values: uniform for a right posterior, and seen not to be for a wrong one."""

import numpy as np
import pytest
from scipy import stats

from pipeline.calibration import ranks
from pipeline.calibration.ranks import mean_without_draw, rank, scaled, uniformity


def ranks_of(n_sets, draws, rng, bias=0.0, width=1.0):
    """theta ~ N(0, 1), d ~ N(theta, 1): the posterior is N(d / 2, 1 / 2), perhaps distorted."""
    theta = rng.standard_normal(n_sets)
    data = theta + rng.standard_normal(n_sets)
    sd = np.sqrt(0.5)
    return [
        rank(0.5 * d + bias * sd + width * sd * rng.standard_normal(draws), t)
        for d, t in zip(data, theta, strict=True)
    ]


def test_ranks_count_draws_below():
    assert rank(np.array([1.0, 2.0, 3.0]), 2.5) == 2
    assert rank(np.array([1.0, 2.0]), 0.0) == 0
    points = scaled(np.array([0, 3, 3]), 3)
    assert 0 <= points[0] < 0.25
    assert np.all((points[1:] >= 0.75) & (points[1:] <= 1.0))
    assert points[1] != points[2]
    np.testing.assert_array_equal(points, scaled(np.array([0, 3, 3]), 3))


def test_a_right_posterior_is_uniform():
    found = uniformity("x", scaled(ranks_of(400, 99, np.random.default_rng(1)), 99), 20)
    assert found.inside
    assert min(found.ks_p, found.bins_p) > 0.01
    assert found.mean == pytest.approx(0.5, abs=3 * 0.289 / 20)
    for share, level, sd in zip(found.coverage, ranks.LEVELS, found.coverage_sd, strict=True):
        assert share == pytest.approx(level, abs=3.5 * sd)


@pytest.mark.parametrize(("bias", "width"), [(0.3, 1.0), (0.0, 0.7), (0.0, 1.5)])
def test_a_wrong_posterior_is_found_out(bias, width):
    wrong = ranks_of(400, 99, np.random.default_rng(2), bias, width)
    found = uniformity("x", scaled(wrong, 99), 20)
    assert not found.inside
    assert (found.ks_p < 0.01) or (found.bins_p < 0.01)
    if width < 1:
        assert found.coverage[1] < 0.68 - 3 * found.coverage_sd[1]
    if bias:
        assert found.mean < 0.45


def test_bands_are_left_as_often_as_they_say():
    """Simultaneous bands: 5% of uniform samples leave them anywhere, not at each point."""
    rng = np.random.default_rng(3)
    outside = [not uniformity("x", rng.random(50), 5).inside for _ in range(300)]
    assert 0.015 < np.mean(outside) < 0.095


def test_the_draw_of_truths_is_taken_out_of_the_mean_rank():
    """Wide posteriors: ranks follow the truths' places, and scatter less around them."""
    rng = np.random.default_rng(4)
    means, errors, plain = [], [], []
    for _ in range(200):
        theta = rng.standard_normal(100)
        data = theta + 3.0 * rng.standard_normal(100)
        posterior = stats.norm(0.1 * data, np.sqrt(0.9))
        points = posterior.cdf(theta)
        mean, error = mean_without_draw(points, stats.norm.cdf(theta), 0.5)
        means.append(mean)
        errors.append(error)
        plain.append(points.mean())
    assert np.mean(means) == pytest.approx(0.5, abs=3 * np.std(means) / np.sqrt(200))
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.15)
    assert np.std(means) < 0.5 * np.std(plain)
    shifted, error = mean_without_draw(points**1.2, stats.norm.cdf(theta), 0.5)
    assert shifted < 0.5 - 2 * error


def test_a_prior_with_constraints_has_another_mean_place():
    places = np.random.default_rng(5).random(4000) ** 0.5
    mean, error = mean_without_draw(places**2, places, 2 / 3)
    assert mean == pytest.approx(0.5, abs=3 * error)
