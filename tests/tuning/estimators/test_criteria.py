"""How far a state is from the data, on the widths of real bins and the errors of real data."""

from types import SimpleNamespace

import numpy as np
import pytest

from likelihoods.covariance import CovarianceOptions
from likelihoods.joint import JointLikelihood
from pipeline.tuning.estimators.criteria import (
    CRITERIA,
    PASSING,
    Allowance,
    allowance,
    allowances,
    beyond_errors,
)
from tests.likelihoods.toy_scenario import CurvedPowerLaw, default_datasets


@pytest.fixture
def alone():
    name = "ams02_proton_2015"
    likelihood = JointLikelihood(CurvedPowerLaw(), {name: default_datasets()[name]})
    return SimpleNamespace(likelihood=likelihood), likelihood.datasets[name]


@pytest.mark.parametrize("name", ["max", "rms"])
def test_a_model_30_per_cent_off_everywhere_is_30_per_cent_off(alone, name):
    problem, m = alone
    ratios = np.full((1, m.n_bins), -np.log(1.3))
    assert CRITERIA[name].norm(problem, ratios)[0] == pytest.approx(np.log(1.3), rel=1e-12)


def test_the_rms_is_a_mean_over_log_rigidity_and_half_a_range_counts_for_half(alone):
    problem, m = alone
    split = 20
    ratios = np.where(np.arange(m.n_bins) < split, 1.0, 0.0)[None]
    share = np.log(m.rigidity_high[split - 1] / m.rigidity_low[0])
    share /= np.log(m.rigidity_high[-1] / m.rigidity_low[0])
    assert CRITERIA["rms"].norm(problem, ratios)[0] == pytest.approx(np.sqrt(share), rel=1e-12)
    assert CRITERIA["max"].norm(problem, ratios)[0] == 1.0


class TestBeyondTheErrors:
    """g of ``beyond``."""

    def test_one_point_is_as_far_off_as_its_errors_leave(self):
        allowed = Allowance(np.array([0.1]), 4.0)  # two errors of 10%
        ratios = np.log([[1.2], [1.5], [0.8], [0.5], [1.0]])
        expected = [0.0, np.log(1.5 / 1.2), 0.0, np.log(0.8 / 0.5), 0.0]
        np.testing.assert_allclose(beyond_errors(ratios, [allowed]), expected, atol=1e-7)

    def test_without_errors_it_is_the_largest_deviation(self):
        ratios = np.array([[0.3, -0.7, 0.1], [0.0, 0.2, -0.1]])
        tiny = Allowance(np.full(3, 1e-7), 1.0)
        np.testing.assert_allclose(beyond_errors(ratios, [tiny]), [0.7, 0.2], atol=1e-6)

    def test_every_data_set_has_to_be_passed(self):
        ratios = np.array([[0.3, -0.7, 0.1, 0.5]])
        sets = [Allowance(np.full(2, 1e-7), 1.0), Allowance(np.full(2, 1e-7), 1.0)]
        assert beyond_errors(ratios, sets)[0] == pytest.approx(0.7, abs=1e-6)
        assert beyond_errors(ratios[:, ::-1], sets)[0] == pytest.approx(0.7, abs=1e-6)

    def test_the_impossible_is_infinitely_far_off(self):
        allowed = Allowance(np.array([0.1, 0.1]), 4.0)
        found = beyond_errors(np.array([[np.inf, 0.0], [0.0, -np.inf]]), [allowed])
        assert np.isinf(found).all()

    def test_uncorrelated_errors_give_the_quantile_of_chi2(self):
        assert allowance(0.01 * np.eye(5)).limit == pytest.approx(11.07, rel=0.01)
        assert allowance(0.01 * np.ones((5, 5))).limit == pytest.approx(5 * 3.841, rel=0.015)

    def test_the_truth_passes_at_any_epsilon_as_often_as_is_said(self):
        """Mock data under the full covariances of three data sets; a model 20% off never passes."""
        sets = default_datasets()
        likelihood = JointLikelihood(CurvedPowerLaw(), sets, CovarianceOptions())
        rng, n = np.random.default_rng(0), 4000
        parts = [
            rng.multivariate_normal(np.zeros(len(c)), c, size=n, method="cholesky")
            for c in likelihood.relative_covariances
        ]
        with np.errstate(invalid="ignore"):
            ratios = np.nan_to_num(np.log1p(np.concatenate(parts, axis=1)), nan=-np.inf)
        g = beyond_errors(ratios, allowances(likelihood))
        passed = np.mean(g == 0.0)
        assert passed == pytest.approx(PASSING, abs=4.0 * np.sqrt(0.05 * 0.95 / n) + 0.005)
        off = beyond_errors(ratios[:200] + np.log(2.0), allowances(likelihood))
        assert 0.5 < np.median(off) < np.log(2.0)
        assert CRITERIA["max"].norm(None, ratios).min() > 0.02

    def test_the_largest_deviation_of_a_true_model_is_that_of_the_noise(self):
        """Within 20% of every bin of AMS-02's B/C, at its errors, in one of five cases only."""
        name = "ams02_bc_2016"
        likelihood = JointLikelihood(CurvedPowerLaw(), {name: default_datasets()[name]})
        (c,) = likelihood.relative_covariances
        x = np.random.default_rng(0).multivariate_normal(
            np.zeros(len(c)), c, 4000, method="cholesky"
        )
        within = np.mean(np.abs(x).max(axis=1) < 0.2)
        assert 0.1 < within < 0.3
