"""Every move that is used returns the right distribution, however badly its mixture fits."""

import emcee
import numpy as np
import pytest
from emcee.moves import DEMove, DESnookerMove

from pipeline.posterior.effective import integrated_time
from pipeline.sampling.fitting import fit_proposal
from pipeline.sampling.moves import (
    DifferentialEvolutionMove,
    MixtureMove,
    describe_moves,
    evolution_moves,
    frozen_moves,
)
from pipeline.sampling.target import Target
from priors.distributions import normal, uniform
from tests.toy_problems import BananaProblem, GaussianProblem
from tests.tuning.toys import toy_problem

STEPS = 1500
DIMENSIONS = [2, 10, *(pytest.param(ndim, marks=pytest.mark.slow) for ndim in (5, 15, 25))]


def sampled(problem, start, mixes, steps, seed, thin=1):
    """Chain (steps, nwalkers, ndim) that begins in equilibrium, so there is no burn-in.

    `mixes` makes moves of a target.
    """
    target, random = Target(problem), np.random.RandomState(seed)
    first = target.of(start, random)
    sampler = emcee.EnsembleSampler(
        len(start), problem.ndim, problem.log_prob, moves=mixes(target), vectorize=True
    )
    state = emcee.State(first.coords, first.log_prob, first.blobs, random.get_state())
    sampler.run_mcmc(state, steps, thin_by=thin, skip_initial_state_check=True)
    return sampler.get_chain()


def with_mixture(draws, size=2, of_few=400):
    """Frozen moves whose mixture is fitted to a few draws: a poor fit."""

    def mixes(target):
        z = target.to_normal(draws[:of_few])
        return frozen_moves(target, fit_proposal(z, None, size, np.random.default_rng(0)))

    return mixes


def assert_means(chain, exact, functions, sigma=4.5):
    """Means of functions of the coordinates are those of exact draws, within their errors."""
    for i, function in enumerate(functions):
        series, truth = function(chain), function(exact)
        tau = integrated_time(series)
        error = series.std() * np.sqrt(tau / series.size)
        error = np.hypot(error, truth.std() / np.sqrt(truth.size))
        assert abs(series.mean() - truth.mean()) < sigma * error, (i, tau)
        assert error < 0.15 * truth.std(), f"function {i} is not tested: tau {tau}"


def moments(ndim):
    """Each coordinate and its square."""
    return [lambda x, i=i, p=p: x[..., i] ** p for i in range(ndim) for p in (1, 2)]


def variance_ratios(problem, mixes, walkers, steps, seed):
    """Sampled over true variance along each principal axis of the (straightened) Gaussian, and
    the standard error of their mean."""
    start = problem.sample_posterior(walkers, np.random.default_rng(seed))
    chain = sampled(problem, start, mixes, steps, seed).reshape(-1, problem.ndim)
    straight = problem._straighten(chain) - problem.mean
    _, axes = np.linalg.eigh(problem.covariance)
    white = straight @ axes / np.sqrt(np.linalg.eigvalsh(problem.covariance))
    radius2 = np.mean(white**2, axis=1).reshape(steps, walkers)
    tau = integrated_time(radius2)
    error = radius2.std() * np.sqrt(tau / radius2.size)
    return np.mean(white**2, axis=0), error


@pytest.mark.parametrize("frozen", [False, True], ids=["evolution", "mixture"])
@pytest.mark.parametrize("ndim", [2, 5, 10, 15, 25])
def test_variance_on_a_correlated_gaussian(ndim, frozen):
    walkers = max(16, 4 * ndim)
    problem = GaussianProblem(ndim=ndim, rho=0.9)
    draws = problem.sample_posterior(400, np.random.default_rng(9))
    mixes = with_mixture(draws) if frozen else evolution_moves
    ratios, error = variance_ratios(problem, mixes, walkers, STEPS, ndim)
    assert error < 0.03
    assert abs(ratios.mean() - 1.0) < 4.0 * error
    assert np.all(np.abs(ratios - 1.0) < 0.35)


@pytest.mark.parametrize("ndim", DIMENSIONS)
def test_banana(ndim):
    problem = BananaProblem(ndim=ndim, bend=0.5)
    draws = problem.sample_posterior(4000, np.random.default_rng(9))
    ratios, error = variance_ratios(problem, with_mixture(draws, 4), 2 * ndim + 8, STEPS, 3)
    assert error < 0.1
    assert abs(ratios.mean() - 1.0) < 4.0 * error


def two_modes(ndim):
    """Shares 0.8 and 0.2, ten standard deviations apart along the diagonal, of other widths."""
    centre, sd = np.full(ndim, 5.0 / np.sqrt(ndim)), np.array([1.0, 0.6])

    def log_likelihood(x):
        return np.logaddexp(
            np.log(0.8) - 0.5 * np.sum((x + centre) ** 2, axis=1),
            np.log(0.2) - 0.5 * np.sum((x - centre) ** 2, axis=1) / 0.36 - ndim * np.log(0.6),
        )

    def draws(n, rng):
        which = (rng.random(n) < 0.2).astype(int)
        sign = np.where(which, 1.0, -1.0)[:, None]
        return sign * centre + sd[which, None] * rng.standard_normal((n, ndim))

    return toy_problem(log_likelihood, [uniform(-12.0, 12.0)] * ndim), draws


@pytest.mark.parametrize("ndim", DIMENSIONS)
def test_two_modes_keep_their_shares(ndim):
    """The walkers start half in each, the mixture gives both the same weight."""
    problem, draws = two_modes(ndim)
    exact = draws(20_000, np.random.default_rng(1))
    first, second = exact[exact[:, 0] < 0], exact[exact[:, 0] > 0]
    half = 2 * ndim + 8
    start, fitted = np.r_[first[:half], second[:half]], np.r_[first[:900], second[:900]]
    chain = sampled(problem, start, with_mixture(fitted, 2, 1800), 2 * STEPS, 5)[200:]
    assert_means(chain, exact, [lambda x: x.sum(axis=-1) > 0, *moments(2)])


@pytest.mark.parametrize("ndim", DIMENSIONS)
def test_a_wall_through_the_peak(ndim):
    """A constraint takes half of a correlated Gaussian away; the mixture knows nothing of it."""
    covariance = np.full((ndim, ndim), 0.5) + 0.5 * np.eye(ndim)
    inverse = np.linalg.inv(covariance)
    problem = toy_problem(
        lambda x: np.where(
            x.sum(axis=1) > 0, -0.5 * np.einsum("ni,ij,nj->n", x, inverse, x), -np.inf
        ),
        [uniform(-9.0, 9.0)] * ndim,
    )
    rng = np.random.default_rng(2)
    whole = rng.standard_normal((40_000, ndim)) @ np.linalg.cholesky(covariance).T
    exact = whole[whole.sum(axis=1) > 0]
    chain = sampled(problem, exact[: 2 * ndim + 8], with_mixture(whole), STEPS, 6)
    assert_means(chain, exact, [lambda x: x.sum(axis=-1), *moments(2)])


@pytest.mark.parametrize("ndim", DIMENSIONS)
def test_funnel(ndim):
    """Neal's: the width of all others is e to the first. Its priors are normal, too."""
    problem = toy_problem(
        lambda x: (
            -0.5 * np.sum(x[:, 1:] ** 2, axis=1) * np.exp(-2.0 * x[:, 0])
            - (ndim - 1) * x[:, 0]
            + 0.5 * np.sum((x[:, 1:] / 20.0) ** 2, axis=1)
        ),
        [normal(0.0, 0.4), *[normal(0.0, 20.0)] * (ndim - 1)],
    )
    rng = np.random.default_rng(3)
    first = 0.4 * rng.standard_normal((20_000, 1))
    exact = np.hstack([first, np.exp(first) * rng.standard_normal((20_000, ndim - 1))])
    chain = sampled(problem, exact[: 2 * ndim + 8], with_mixture(exact, 4, 4000), STEPS, 7)
    assert_means(chain, exact, moments(2))


def test_each_move_by_itself():
    """A banana by the mixture's proposals alone, and by differential evolution alone."""
    problem = BananaProblem(ndim=4, bend=0.5)
    exact = problem.sample_posterior(20_000, np.random.default_rng(4))

    def mixture(target):
        z = target.to_normal(exact[:4000])
        return MixtureMove(target, fit_proposal(z, None, 4, np.random.default_rng(0)))

    for mixes in (mixture, DifferentialEvolutionMove):
        chain = sampled(problem, exact[:24], mixes, 2 * STEPS, 8)
        assert_means(chain, exact, moments(4))


def test_this_test_finds_the_snooker_of_emcee_wrong():
    """emcee 3.1.6 has the wrong Jacobian there, which narrows posteriors."""
    problem = GaussianProblem(ndim=10, rho=0.9)
    moves = [(DESnookerMove(), 0.5), (DEMove(), 0.5)]
    start = problem.sample_posterior(40, np.random.default_rng(1))
    sampler = emcee.EnsembleSampler(
        40, 10, lambda x: problem.log_prob(x)[:, 0], moves=moves, vectorize=True
    )
    sampler.run_mcmc(emcee.State(start, random_state=np.random.RandomState(1).get_state()), STEPS)
    chain = sampler.get_chain(flat=True)
    inverse = np.linalg.inv(problem.covariance)
    radius2 = np.einsum("ni,ij,nj->n", chain, inverse, chain) / 10
    assert radius2.mean() < 0.95


class WithoutCorrection(MixtureMove):
    """Forgets the density of the mixture."""

    def proposals(self, x, others, random):
        proposed, log_ratio = super().proposals(x, others, random)
        return proposed, np.zeros_like(log_ratio)


def test_these_tests_find_a_proposal_without_its_density():
    problem, draws = two_modes(2)
    exact = draws(20_000, np.random.default_rng(1))

    def mixes(target):
        z = target.to_normal(exact[:400])
        return WithoutCorrection(target, fit_proposal(z, None, 1, np.random.default_rng(0)))

    chain = sampled(problem, exact[:24], mixes, STEPS, 8)
    with pytest.raises(AssertionError):
        assert_means(chain, exact, moments(2))


class SlidingBox(GaussianProblem):
    """Uniform in a box, where proposals at the walls are refused."""

    def log_likelihood(self, theta):
        return np.zeros((len(np.atleast_2d(theta)), 2))

    def sample_posterior(self, n, rng):
        return self.sample_prior(n, rng)


@pytest.mark.parametrize("frozen", [False, True], ids=["evolution", "mixture"])
def test_uniform_box(frozen):
    """Flat posteriors with hard walls are what weak data leave of a uniform prior."""
    problem = SlidingBox(ndim=3, half_width=np.sqrt(3.0))  # unit variance
    draws = problem.sample_posterior(400, np.random.default_rng(9))
    mixes = with_mixture(draws) if frozen else evolution_moves
    ratios, error = variance_ratios(problem, mixes, 24, 2 * STEPS, 4)
    assert abs(ratios.mean() - 1.0) < 4.0 * error


def test_mix_in_words():
    target = Target(GaussianProblem(ndim=2))
    rng = np.random.default_rng(0)
    proposal = fit_proposal(rng.normal(size=(50, 2)), None, 1, rng)
    assert describe_moves(frozen_moves(target, proposal)) == (
        "0.55 MixtureMove(3 components), 0.4 DifferentialEvolutionMove(gamma=1.19), "
        "0.05 DifferentialEvolutionMove(gamma=1)"
    )
