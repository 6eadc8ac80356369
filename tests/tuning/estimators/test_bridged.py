"""Evidence and posterior from a frozen proposal and a short chain, against exact ones."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from pipeline.tuning.estimators.bridged import BridgedSettings, run_bridged, solve
from priors.distributions import normal, uniform
from tests.tuning.toys import gaussian_log_likelihood, toy_problem
from transport.errors import CrtuneError

QUICK = BridgedSettings(
    prior_draws=2000, batch=800, wanted=300.0, components=6, walkers=120, adapting=(20, 20),
    steps=60, proposal_draws=2000, stage_draws=150, n_eff=400.0,
)  # fmt: skip


def correlated(ndim, rho=0.9, sd=0.3):
    """A Gaussian likelihood inside a box 10 wide in each coordinate; ln Z is exact."""
    covariance = sd**2 * ((1.0 - rho) * np.eye(ndim) + rho)
    problem = toy_problem(
        gaussian_log_likelihood(np.full(ndim, 0.5), covariance), [uniform(-5.0, 5.0)] * ndim
    )
    log_z = 0.5 * np.linalg.slogdet(2.0 * np.pi * covariance)[1] - ndim * np.log(10.0)
    return problem, covariance, log_z


@pytest.mark.parametrize("ndim", [2, 6, 10])
def test_a_gaussian_in_a_box(ndim):
    problem, covariance, log_z = correlated(ndim)
    runs = [run_bridged(problem, QUICK, seed) for seed in (1, 2)]
    for run in runs:
        assert run.converged
        assert run.log_z == pytest.approx(log_z, abs=4.0 * run.log_z_error + 0.02)
        assert np.exp(run.log_volume).sum() == pytest.approx(1.0, abs=0.1)
        assert run.weights.sum() == pytest.approx(1.0)
        back = run.log_weight - run.log_likelihood + run.log_z
        np.testing.assert_allclose(back, run.log_volume, atol=0.01)  # round-off at 8 sigma
        mean = run.weights @ run.theta
        assert np.abs(mean - 0.5).max() < 5.0 * 0.3 / np.sqrt(run.n_eff)
        spread = np.cov(run.theta.T, aweights=run.weights)
        np.testing.assert_allclose(spread, covariance, atol=0.2 * 0.09)


def test_the_error_is_the_scatter_of_seeds():
    problem, _, log_z = correlated(4)
    runs = [run_bridged(problem, QUICK, seed) for seed in range(8)]
    pulls = [(run.log_z - log_z) / run.log_z_error for run in runs]
    assert np.sqrt(np.mean(np.square(pulls))) < 2.0


def test_two_modes_of_unequal_weight():
    """One in five of the posterior is in the other mode; neither may be lost."""
    ndim, far = 5, np.full(5, 3.0)
    wide = multivariate_normal(-far, np.eye(ndim) * 0.5**2)
    narrow = multivariate_normal(far, np.eye(ndim) * 0.4**2)
    problem = toy_problem(
        lambda x: np.logaddexp(np.log(0.8) + wide.logpdf(x), np.log(0.2) + narrow.logpdf(x)),
        [uniform(-6.0, 6.0)] * ndim,
    )
    for seed in (1, 2):
        run = run_bridged(problem, QUICK, seed)
        assert run.log_z == pytest.approx(-ndim * np.log(12.0), abs=0.15)
        assert run.weights @ (run.theta[:, 0] > 0) == pytest.approx(0.2, abs=0.06)


def test_a_banana():
    """x1 given x0 is a Gaussian around x0^2: the volume is that of the straight one."""

    def log_likelihood(x):
        return -0.5 * ((x[:, 0] / 1.0) ** 2 + ((x[:, 1] - x[:, 0] ** 2) / 0.2) ** 2)

    problem = toy_problem(log_likelihood, [uniform(-8.0, 8.0), uniform(-10.0, 60.0)])
    run = run_bridged(problem, QUICK, 1)
    exact = np.log(2.0 * np.pi * 0.2) - np.log(16.0 * 70.0)
    assert run.log_z == pytest.approx(exact, abs=0.1)
    assert run.weights @ run.theta[:, 1] == pytest.approx(1.0, abs=0.15)


def test_amplitudes_and_nuisances_may_be_normal_priors():
    """A prior that is a Gaussian itself: the posterior's width is that of the product."""
    problem = toy_problem(
        gaussian_log_likelihood(np.ones(3), 0.25 * np.eye(3)), [normal(0.0, 1.0)] * 3
    )
    run = run_bridged(problem, QUICK, 1)
    exact = multivariate_normal(np.zeros(3), 1.25 * np.eye(3)).logpdf(np.ones(3))
    exact += 1.5 * np.log(2.0 * np.pi * 0.25)
    assert run.log_z == pytest.approx(exact, abs=0.05)


def test_the_same_seed_gives_the_same():
    problem, *_ = correlated(3)
    one, other = (run_bridged(problem, QUICK, 7) for _ in range(2))
    np.testing.assert_array_equal(one.theta, other.theta)
    assert one.log_z == other.log_z


def test_too_few_effective_draws_are_not_taken_for_converged():
    problem, *_ = correlated(3)
    greedy = BridgedSettings(
        **{**QUICK.__dict__, "n_eff": 1e6, "doublings": 0, "adapting": (5,), "steps": 5}
    )
    assert not run_bridged(problem, greedy, 1).converged


def test_an_impossible_likelihood_is_told():
    problem = toy_problem(lambda x: np.full(len(x), -np.inf), [uniform(0.0, 1.0)] * 2)
    with pytest.raises(CrtuneError, match="impossible almost everywhere"):
        run_bridged(problem, QUICK, 1)


def test_weights_of_draws_of_known_densities():
    """Draws of the prior and of the posterior alone: Z of optimal bridge sampling."""
    rng = np.random.default_rng(0)
    n = 4000
    x = np.concatenate([rng.standard_normal(n), 0.5 + 0.4 * rng.standard_normal(n)])
    log_prior = -0.5 * x**2 - 0.5 * np.log(2.0 * np.pi)
    log_posterior = -0.5 * ((x - 0.5) / 0.4) ** 2 - 0.5 * np.log(2.0 * np.pi * 0.4**2)
    log_l = log_posterior - log_prior + 3.0
    log_volume, log_z = solve(log_prior, log_l, np.log(n) + log_prior, n)
    assert log_z == pytest.approx(3.0, abs=0.05)
    assert np.exp(log_volume).sum() == pytest.approx(1.0, abs=0.05)
