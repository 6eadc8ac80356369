"""Where walkers of a mock start: near its posterior, all from different places."""

import numpy as np
import pytest

from pipeline.calibration.bank import Bank, power
from pipeline.calibration.mock import mock_problem
from pipeline.config.load import load_config
from pipeline.from_config import build_problem
from pipeline.marginal import Marginal
from pipeline.sampling.start import starting_points
from tests.cheap_run import write_config


@pytest.fixture(scope="module")
def problem(tmp_path_factory):
    return build_problem(load_config(write_config(tmp_path_factory.mktemp("bank") / "run.toml")))


@pytest.fixture(scope="module")
def bank(problem):
    return Bank.of(problem, 1, 3000)


def test_starts_are_likelier_than_the_prior_and_all_different(problem, bank):
    for number in range(3):
        mock, _ = mock_problem(problem, 1, number)
        rng = np.random.default_rng(number)
        near = bank.near(mock, 24, rng)
        assert len(np.unique(near, axis=0)) == 24
        log_l = Marginal(mock).log_likelihood
        any_draws = log_l(mock.sample_prior(200, rng))
        assert np.median(log_l(near)) > np.quantile(any_draws, 0.9)
        assert np.all(near.std(axis=0) > 0)


def test_the_bank_is_of_other_draws_than_the_truths(problem, bank):
    truths = np.array([mock_problem(problem, 1, number)[1] for number in range(3)])
    assert not np.isin(truths, bank.theta).any()


def test_an_ensemble_starts_from_where_the_problem_says(problem, bank):
    mock, _ = mock_problem(problem, 1, 0)
    mock.sample_start = lambda count, rng: bank.theta[:count]
    coords, _ = starting_points(mock, 24, "prior", np.random.default_rng(1))
    np.testing.assert_array_equal(coords, bank.theta[:24])


@pytest.mark.parametrize("shared", [5.0, 50.0])
def test_power_spreads_the_weight(shared):
    log_l = -0.5 * np.random.default_rng(1).normal(0.0, 3000.0, 1000) ** 2
    weights = np.exp(power(log_l, shared) * (log_l - log_l.max()))
    assert weights.sum() ** 2 / np.sum(weights**2) == pytest.approx(shared, rel=1e-3)


def test_power_is_that_of_the_posterior_at_most():
    assert power(np.zeros(100), 50.0) == 1.0
