"""Proposals fitted in rounds: their density, and the weights of what they draw."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from pipeline.sampling.fitting import TAILS, Training, importance, thinned
from pipeline.sampling.mixture import Mixture, log_sum
from pipeline.sampling.target import Target
from priors.distributions import normal
from tests.tuning.toys import toy_problem


def test_wider_copies_are_part_of_the_density():
    rng = np.random.default_rng(0)
    scales = np.array([np.diag([1.0, 0.3]), [[0.5, 0.0], [0.4, 0.2]]])
    means, weights = np.array([[0.0, 0.0], [3.0, -1.0]]), np.array([0.3, 0.7])
    mixture = Mixture(weights, means, scales).with_tails({2.0: 0.25, 3.0: 0.05})
    points = 4.0 * rng.standard_normal((50, 2))
    expected = sum(
        share * w * multivariate_normal(m, f**2 * s @ s.T).pdf(points)
        for f, share in ((1.0, 0.7), (2.0, 0.25), (3.0, 0.05))
        for w, m, s in zip(weights, means, scales, strict=True)
    )
    np.testing.assert_allclose(np.exp(mixture.log_density(points)), expected, rtol=1e-10)
    drawn = mixture.draws(100_000, rng)
    covariance = sum(
        w * (np.outer(m, m) + (0.7 + 0.25 * 4 + 0.05 * 9) * s @ s.T)
        for w, m, s in zip(weights, means, scales, strict=True)
    )
    mean = weights @ means
    np.testing.assert_allclose(np.cov(drawn.T), covariance - np.outer(mean, mean), atol=0.06)


def shifted():
    """Posterior N(1, 1/2) in each of 3 coordinates, whose prior is N(0, 1); ln Z is known."""
    problem = toy_problem(lambda x: -0.5 * np.sum((x - 2.0) ** 2, axis=1), [normal(0.0, 1.0)] * 3)
    return problem, 3 * (-1.0 - 0.5 * np.log(2.0))


def test_a_poor_start_is_mended_and_the_weights_are_right():
    """The chain knows one side only; the fit ends up next to the posterior."""
    problem, log_z = shifted()
    rng = np.random.default_rng(1)
    half = 1.0 + np.abs(rng.standard_normal((300, 3))) * np.sqrt(0.5)
    training = Training(Target(problem), half, 10.0, rng)
    for count in (200, 500, 2000, 4000):
        assert training.add_round(count)
    proposal, w = training.fit(), training.weights()
    assert len(w) == 6700
    x = training.points.coords
    np.testing.assert_allclose(w @ x, 1.0, atol=0.06)
    np.testing.assert_allclose(w @ (x - 1.0) ** 2, 0.5, atol=0.06)
    z = proposal.draws(20_000, rng)
    ratio = np.exp(training.target.at(z, rng).log_target - proposal.log_density(z))
    assert np.log(ratio.mean()) == pytest.approx(log_z, abs=0.03)
    assert 1.0 / np.mean((ratio / ratio.mean()) ** 2) > 0.7  # Kish


def test_weights_are_against_the_density_of_all_rounds():
    """ln Z from the draws of all rounds together, though the first proposals are far too narrow."""
    problem, log_z = shifted()
    rng = np.random.default_rng(2)
    narrow = 1.0 + 0.2 * rng.standard_normal((300, 3))
    training = Training(Target(problem), narrow, 300.0, rng)
    for _ in range(4):
        training.add_round(3000)
    share = np.full(4, -np.log(4.0))
    mixed = log_sum((training._log_q + share[:, None]).T)
    ratio = np.exp(training.points.log_target - mixed)
    error = ratio.std() / ratio.mean() / np.sqrt(len(ratio))
    assert np.log(ratio.mean()) == pytest.approx(log_z, abs=5 * error + 0.01)
    here = [q.log_density(training._drawn) for q, _ in training._rounds]
    np.testing.assert_allclose(training._log_q, here, rtol=1e-12)


def test_stopped_between_batches():
    problem, _ = shifted()
    rng = np.random.default_rng(3)
    training = Training(Target(problem), rng.standard_normal((50, 3)), 5.0, rng)
    assert not training.add_round(5000, lambda: training.target.evaluations > 1500)
    assert training.target.evaluations < 4000


def test_thinned_rows_stand_for_the_others():
    rng = np.random.default_rng(4)
    weights, values = rng.exponential(size=5000) ** 3, rng.standard_normal(5000)
    sums, sizes = [], []
    for _ in range(300):
        rows, heavy = thinned(weights, 400, rng)
        sums.append([heavy.sum(), heavy @ values[rows]])
        sizes.append(len(rows))
    exact = np.array([weights.sum(), weights @ values])
    error = np.std(sums, axis=0) / np.sqrt(len(sums))
    assert np.all(np.abs(np.mean(sums, axis=0) - exact) < 4.5 * error)
    assert np.mean(sizes) == pytest.approx(400, rel=0.02)
    rows, same = thinned(weights, 5000, rng)
    np.testing.assert_array_equal(same, weights)
    assert len(rows) == 5000


def test_without_any_weight_the_chain_is_all_there_is():
    assert importance(np.full(5, -np.inf)) is None
    impossible = toy_problem(lambda x: np.full(len(x), -np.inf), [normal(0.0, 1.0)] * 2)
    rng = np.random.default_rng(5)
    training = Training(Target(impossible), rng.standard_normal((60, 2)), 5.0, rng)
    training.add_round(30)
    assert training.weights() is None
    assert 1 <= len(training.fit().mixture.weights) <= 12 * (1 + len(TAILS))
