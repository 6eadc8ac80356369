"""Two samplers of one posterior: who is told apart, and who is not."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import ks_2samp

from pipeline.tuning.measures.agreement import agreement, holm, weighted_distance
from tests.tuning.toys import autoregressive

NDIM = 5


def chain_of(rng, rho=0.7, steps=600):
    """Unit Gaussian in 5 dimensions; 24,000 draws worth 4200 at rho = 0.7."""
    return autoregressive((4, steps, 10, NDIM), rho, rng)


def weighted(rng, n=20_000, sd=1.3):
    """The same by importance: draws of width 1.3 and their weights, worth some 9000."""
    theta = sd * rng.standard_normal((n, NDIM))
    log_weight = -0.5 * (theta**2).sum(axis=1) * (1.0 - sd**-2)
    names = tuple(f"x{i}" for i in range(NDIM))
    return SimpleNamespace(theta=theta, log_weight=log_weight, names=names, labels=names)


def test_equal_posteriors_agree_and_differences_are_within_errors():
    rng = np.random.default_rng(1)
    result = agreement(chain_of(rng), weighted(rng))
    assert result.agree
    assert result.verdict.startswith("agree")
    assert np.all(result.mean_difference_error < 0.05)
    assert np.all(np.abs(result.mean_difference) < 4 * result.mean_difference_error)
    assert np.all(result.sd_ratio_error < 0.05)
    assert np.all(np.abs(result.sd_ratio - 1) < 4 * result.sd_ratio_error)
    assert result.names == tuple(f"x{i}" for i in range(NDIM))
    assert result.of_chains(converged=True) is result
    assert "NOT CONVERGED" in result.of_chains(converged=False).verdict


def test_false_alarms_are_no_more_than_promised():
    """At 1% by Holm, 60 comparisons of equal posteriors have 4 or more alarms in 1 case of 300."""
    alarms, differences = 0, []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        result = agreement(chain_of(rng, steps=300), weighted(rng, 4000))
        alarms += bool(np.min(result.p_value) < 0.01)
        differences.append(result.mean_difference / result.mean_difference_error)
    assert alarms < 4
    assert 0.6 < np.std(differences) < 1.2


@pytest.mark.parametrize(
    ("change", "word"),
    [(lambda x: x + 0.3, "x2"), (lambda x: 1.2 * x, "x2"), (lambda x: np.abs(x) - 0.8, "x2")],
    ids=["shifted", "wider", "folded"],
)
def test_one_coordinate_that_differs_is_named(change, word):
    rng = np.random.default_rng(3)
    chain = chain_of(rng)
    chain[..., 2] = change(chain[..., 2])
    result = agreement(chain, weighted(rng))
    assert not result.agree
    assert f"disagree about {word};" in result.verdict
    assert np.argmin(result.p_value) == 2


def test_size_of_the_difference():
    rng = np.random.default_rng(4)
    result = agreement(1.2 * chain_of(rng) + 0.3, weighted(rng))
    assert np.all(np.abs(result.mean_difference - 0.3) < 4 * result.mean_difference_error)
    assert np.all(np.abs(result.sd_ratio - 1.2) < 4 * result.sd_ratio_error)


def test_a_difference_that_is_seen_but_does_not_matter():
    """0.05 sd with 100,000 effective draws each."""
    rng = np.random.default_rng(5)
    chain = 0.05 + autoregressive((4, 3000, 10, NDIM), 0.0, rng)
    result = agreement(chain, weighted(rng, 240_000))
    assert np.min(result.p_value) < 0.01
    assert result.agree
    assert "for all purposes" in result.verdict


def test_too_few_draws_are_no_agreement():
    rng = np.random.default_rng(6)
    result = agreement(chain_of(rng, rho=0.95, steps=60), weighted(rng))
    assert not result.agree
    assert "too few effective draws" in result.verdict


def test_a_frozen_walker_is_no_agreement():
    rng = np.random.default_rng(7)
    chain = chain_of(rng)
    chain[1, :, 3] = 0.0
    result = agreement(chain, weighted(rng))
    assert not result.agree
    assert "too few effective draws" in result.verdict


def test_other_coordinates_are_refused():
    rng = np.random.default_rng(8)
    with pytest.raises(ValueError, match="4 coordinates against 5"):
        agreement(chain_of(rng)[..., :4], weighted(rng))


def test_holm():
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, 0.03])), [0.06, 0.03, 0.06])
    np.testing.assert_allclose(holm(np.array([0.9, 0.8])), [1.0, 1.0])
    np.testing.assert_allclose(holm(np.array([np.nan, 0.02])), [np.nan, 0.04])


def test_weighted_distance():
    rng = np.random.default_rng(9)
    x, y = rng.standard_normal(300), 0.2 + rng.standard_normal(200)
    expected = ks_2samp(x, y).statistic
    assert weighted_distance(x, y, np.full(200, 1 / 200)) == pytest.approx(expected)
    counts = rng.integers(1, 4, 200)
    expected = ks_2samp(x, np.repeat(y, counts)).statistic
    assert weighted_distance(x, y, counts / counts.sum()) == pytest.approx(expected)
