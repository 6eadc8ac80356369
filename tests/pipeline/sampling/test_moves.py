"""Every move that is used returns the right distribution: means, variances and correlations."""

import emcee
import numpy as np
import pytest
from emcee.moves import DEMove, DESnookerMove

from pipeline.posterior.convergence import integrated_time
from pipeline.sampling.moves import default_moves, describe_moves
from tests.toy_problems import BananaProblem, GaussianProblem

STEPS = 1500


def variance_ratios(problem, moves, walkers, steps, seed):
    """Sampled over true variance along each principal axis of the (straightened) Gaussian, and
    the standard error of their mean. The chain starts in equilibrium, so there is no burn-in."""
    start = problem.sample_posterior(walkers, np.random.default_rng(seed))
    sampler = emcee.EnsembleSampler(
        walkers, problem.ndim, lambda x: problem.log_prob(x)[:, 0], moves=moves, vectorize=True
    )
    state = emcee.State(start, random_state=np.random.RandomState(seed).get_state())
    sampler.run_mcmc(state, steps, skip_initial_state_check=True)
    chain = sampler.get_chain().reshape(-1, problem.ndim)
    straight = problem._straighten(chain) - problem.mean
    _, axes = np.linalg.eigh(problem.covariance)
    white = straight @ axes / np.sqrt(np.linalg.eigvalsh(problem.covariance))
    radius2 = np.mean(white**2, axis=1).reshape(steps, walkers)
    tau = integrated_time(radius2)
    error = radius2.std() * np.sqrt(tau / radius2.size)
    return np.mean(white**2, axis=0), error


@pytest.mark.parametrize("ndim", [2, 5, 10, 15])
def test_variance_on_a_correlated_gaussian(ndim):
    walkers = max(16, 4 * ndim)
    problem = GaussianProblem(ndim=ndim, rho=0.9)
    ratios, error = variance_ratios(problem, default_moves(), walkers, STEPS, ndim)
    assert error < 0.03
    assert abs(ratios.mean() - 1.0) < 4.0 * error
    assert np.all(np.abs(ratios - 1.0) < 0.35)


def test_variance_on_a_banana():
    problem = BananaProblem(ndim=4, bend=0.5)
    ratios, error = variance_ratios(problem, default_moves(), 24, 2 * STEPS, 3)
    assert abs(ratios.mean() - 1.0) < 4.0 * error


def test_this_test_finds_the_snooker_of_emcee_wrong():
    """emcee 3.1.6 has the wrong Jacobian there, which narrows posteriors."""
    problem = GaussianProblem(ndim=10, rho=0.9)
    moves = [(DESnookerMove(), 0.5), (DEMove(), 0.5)]
    ratios, error = variance_ratios(problem, moves, 40, STEPS, 1)
    assert ratios.mean() < 1.0 - 4.0 * error


class SlidingBox(GaussianProblem):
    """Uniform in a box, where proposals at the walls are refused."""

    def log_likelihood(self, theta):
        return np.zeros((len(np.atleast_2d(theta)), 2))

    def sample_posterior(self, n, rng):
        return self.sample_prior(n, rng)


def test_uniform_box():
    """Flat posteriors with hard walls are what weak data leave of a uniform prior."""
    problem = SlidingBox(ndim=3, half_width=np.sqrt(3.0))  # unit variance
    ratios, error = variance_ratios(problem, default_moves(), 24, 2 * STEPS, 4)
    assert abs(ratios.mean() - 1.0) < 4.0 * error


def test_truncated_gaussian():
    """Against draws by rejection: the walls neither repel nor attract."""
    rng = np.random.default_rng(5)
    problem = GaussianProblem(ndim=4, rho=0.5)
    exact = problem.sample_posterior(400_000, rng)
    exact = exact[np.all(np.abs(exact[:, :3]) < 1.5, axis=1)]
    sampler = emcee.EnsembleSampler(
        24, 4, lambda x: log_truncated(problem, x), moves=default_moves(), vectorize=True
    )
    sampler.run_mcmc(
        emcee.State(exact[:24], random_state=np.random.RandomState(6).get_state()), 2 * STEPS
    )
    chain = sampler.get_chain()
    for index in range(4):
        for power in (1, 2):
            series = chain[..., index] ** power
            error = series.std() * np.sqrt(integrated_time(series) / series.size)
            assert abs(series.mean() - np.mean(exact[:, index] ** power)) < 4.5 * error


def log_truncated(problem, x):
    inside = np.all(np.abs(x[:, :3]) < 1.5, axis=1)
    return np.where(inside, problem.log_prob(x)[:, 0], -np.inf)


def test_mix_in_words():
    assert describe_moves(default_moves()) == (
        "0.9 DEMove(sigma=1e-05), 0.1 DEMove(sigma=1e-05, gamma0=1)"
    )
