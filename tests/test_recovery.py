"""Parameters known because the data were made with them are found again, and how far off is right.

Mock data come from the likelihood itself at chosen parameters; the posterior is sampled with the
moves that runs use. For the main scenario the truth must lie within its own posterior. For a cheap
one, ranks of the truth over many mock data sets must be uniform (simulation-based calibration,
Talts et al. 2018), and a sampler that shares no code with the ensemble must agree with it.
"""

from __future__ import annotations

import emcee
import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr

from pipeline.config import config_from_toml, load_config
from pipeline.moves import default_moves
from pipeline.problem import build_problem
from tests.script_server import ROOT

CHEAP = """
scenario = "kolmogorov"
[data.ams02_proton_2015]
rigidity_min = 30.0
[data.ams02_bc_2016]
rigidity_min = 10.0
[sampling]
walkers = 40
"""


@pytest.fixture(scope="module")
def cheap():
    return build_problem(config_from_toml(CHEAP))


def theta_of(problem, values):
    """Coordinates (ndim,) of values as of `JointLikelihood.fiducial`."""
    columns = [p.to_coordinate(values[p.name]) for p in problem.parameters]
    return np.array([float(np.ravel(column)[0]) for column in columns])


def near(problem, theta, nwalkers, rng, share=0.1):
    """Finite starting points (nwalkers, ndim): the truth, moved by a share of the prior's width."""
    width = share * problem.sample_prior(200, rng).std(axis=0)
    points = np.empty((0, problem.ndim))
    while len(points) < nwalkers:
        drawn = theta + width * rng.standard_normal((nwalkers, problem.ndim))
        good = np.isfinite(problem.log_prob(drawn)).all(axis=1)
        points = np.concatenate([points, drawn[good]])
    return points[:nwalkers]


def sampled(problem, start, burn, steps, seed, thin=5):
    """Draws (n, ndim) and their log-posterior (n,) of an emcee ensemble."""
    sampler = emcee.EnsembleSampler(
        len(start), problem.ndim, problem.log_prob, moves=default_moves(), vectorize=True
    )
    random_state = np.random.RandomState(seed).get_state()
    sampler.run_mcmc(
        emcee.State(start, random_state=random_state), burn + steps, skip_initial_state_check=True
    )
    options = {"discard": burn, "thin": thin, "flat": True}
    return sampler.get_chain(**options), sampler.get_log_prob(**options)


def test_two_phase_truth_lies_within_its_posterior():
    problem = build_problem(load_config(ROOT / "runs" / "two_phase.toml"))
    rng = np.random.default_rng(20260101)
    truth = problem.likelihood.fiducial(
        Ma=0.5,
        L=40.0,
        B_hot=1.3,
        phi_ams02_2011_2013=0.6,
        phi_ams02_2011_2016=0.7,
        discrepancy_proton_earth=0.02,
        discrepancy_bc=0.02,
        discrepancy_proton_interstellar=0.05,
    )
    mock = problem.with_likelihood(problem.likelihood.simulate(truth, rng))
    theta = theta_of(mock, truth)
    draws, log_prob = sampled(mock, near(mock, theta, 48, rng), burn=300, steps=800, seed=5)

    at_truth = mock.log_prob(theta[None])[0, 0]
    assert np.quantile(log_prob, 0.001) < at_truth < log_prob.max() + 1.0
    z = (theta - draws.mean(axis=0)) / draws.std(axis=0)
    assert np.all(np.abs(z) < 3.5), dict(zip(mock.names, z.round(2), strict=True))
    off = theta - draws.mean(axis=0)
    distance2 = off @ np.linalg.solve(np.cov(draws, rowvar=False), off)
    assert distance2 < stats.chi2(mock.ndim).ppf(0.9999)

    # The data say something: the posterior is narrower than the prior, and other truths are out.
    shrunk = draws.std(axis=0) / mock.sample_prior(2000, rng).std(axis=0)
    narrow = {n: s for n, s in zip(mock.names, shrunk, strict=True) if s < 0.75}
    assert {"log10_E_CR", "gamma_inj"} <= set(narrow), shrunk.round(2)
    for name, shift in (("log10_E_CR", 0.5), ("gamma_inj", 0.2), ("log10_B_hot", 0.35)):
        other = theta.copy()
        other[mock.names.index(name)] += shift
        assert mock.log_prob(other[None])[0, 0] < log_prob.min(), name


def tempered(problem, rng, particles=800, moves=25):
    """Draws (particles, ndim) by sequential Monte Carlo from the prior to the posterior.

    Particles live where the prior is a standard normal (its quantile transform), move by
    preconditioned Crank-Nicolson, and each stage keeps half of the effective sample size.
    """

    def log_likelihood(z):
        theta = problem.prior_transform(ndtr(z))
        columns = problem.log_prob(theta)
        return theta, np.where(np.isfinite(columns[:, 0]), columns[:, 2:].sum(axis=1), -np.inf)

    z = rng.standard_normal((particles, problem.ndim))
    theta, current = log_likelihood(z)
    power, step = 0.0, 0.5
    while power < 1.0:
        increment = _increment(current, 1.0 - power, particles / 2)
        power += increment
        weights = np.exp(increment * (current - current.max()))
        chosen = rng.choice(particles, particles, p=weights / weights.sum())
        z, theta, current = z[chosen], theta[chosen], current[chosen]
        # Twice as many at the end, where they are kept.
        for _ in range(moves * (1 + (power == 1.0))):
            mean, root = z.mean(axis=0), np.linalg.cholesky(np.cov(z, rowvar=False))
            white = np.linalg.solve(root, (z - mean).T).T
            moved = np.sqrt(1 - step**2) * white + step * rng.standard_normal(z.shape)
            new_z = mean + moved @ root.T
            new_theta, new = log_likelihood(new_z)
            # Target over what the proposal leaves invariant, the normal law of the particles.
            gain = power * (new - current) - 0.5 * ((new_z**2 - z**2) - (moved**2 - white**2)).sum(
                1
            )
            accepted = np.log(rng.random(particles)) < gain
            z[accepted], theta[accepted] = new_z[accepted], new_theta[accepted]
            current[accepted] = new[accepted]
            step = float(np.clip(step * np.exp(0.3 * (accepted.mean() - 0.3)), 0.05, 1.0))
    return theta


def _increment(log_likelihood, most, wanted):
    """Largest power step, at most `most`, with an effective sample size of `wanted`."""

    def size(step):
        weights = np.exp(step * (log_likelihood - log_likelihood.max()))
        return weights.sum() ** 2 / (weights**2).sum()

    if size(most) >= wanted:
        return most
    low, high = 0.0, most
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if size(middle) >= wanted else (low, middle)
    return max(low, 1e-12)


def test_two_samplers_give_one_posterior(cheap):
    """Real data: emcee with the moves of runs against sequential Monte Carlo."""
    rng = np.random.default_rng(3)
    other = tempered(cheap, rng)
    start = other[rng.choice(len(other), 40, replace=False)]
    assert len(np.unique(other, axis=0)) > 0.5 * len(other)
    prior = cheap.sample_prior(40, rng)
    draws, _ = sampled(cheap, np.concatenate([prior[:20], start[:20]]), 800, 1500, seed=2)
    width = draws.std(axis=0)
    shift = (other.mean(axis=0) - draws.mean(axis=0)) / width
    ratio = other.std(axis=0) / width
    told = {n: (s.round(2), r.round(2)) for n, s, r in zip(cheap.names, shift, ratio, strict=True)}
    # 800 particles that descend from few are worth about 50 draws: this sees gross errors only.
    assert np.all(np.abs(shift) < 0.45), told
    assert np.all(np.abs(np.log(ratio)) < 0.5), told


@pytest.mark.slow
def test_ranks_of_the_truth_are_uniform(cheap):
    """Simulation-based calibration, with the log-likelihood as one more quantity."""
    rng = np.random.default_rng(11)
    ranks = []
    for number in range(60):
        truth = cheap.sample_prior(1, rng)
        values = cheap.values(truth)
        mock = cheap.with_likelihood(cheap.likelihood.simulate(values, rng))
        start = near(mock, truth[0], 40, rng, share=0.3)
        draws, _ = sampled(mock, start, burn=300, steps=400, seed=number, thin=20)
        quantities = [
            np.column_stack([x, mock.log_likelihood(x).sum(axis=1)]) for x in (draws, truth)
        ]
        ranks.append((quantities[0] < quantities[1]).mean(axis=0))
    names = (*cheap.names, "log_likelihood")
    p_values = {
        name: stats.kstest(column, "uniform").pvalue
        for name, column in zip(names, np.transpose(ranks), strict=True)
    }
    assert min(p_values.values()) > 1e-3, p_values
    # Over all of them p-values are uniform too: a few small ones would give away a common bias.
    assert stats.kstest(list(p_values.values()), "uniform").pvalue > 1e-3, p_values
