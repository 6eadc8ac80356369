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

from pipeline.config.load import config_from_toml, load_config
from pipeline.from_config import build_problem
from pipeline.sampling.moves import evolution_moves
from pipeline.sampling.target import Target
from pipeline.tuning.estimators.nested import NestedSettings, run_nested
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
    target, random = Target(problem), np.random.RandomState(seed)
    sampler = emcee.EnsembleSampler(
        len(start), problem.ndim, problem.log_prob, moves=evolution_moves(target), vectorize=True
    )
    first = target.of(start, random)
    state = emcee.State(first.coords, first.log_prob, first.blobs, random.get_state())
    sampler.run_mcmc(state, burn + steps, skip_initial_state_check=True)
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
    draws, log_prob = sampled(mock, near(mock, theta, 48, rng), burn=200, steps=600, seed=5)

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


def test_two_samplers_give_one_posterior(cheap):
    """Real data: emcee with the moves of runs against nested sampling as the study uses it.

    They share neither moves nor coordinates: emcee samples the amplitudes of the discrepancy, the
    nested sampler integrates them. This emcee run is short, worth a few hundred draws, hence the
    limits.
    """
    run = run_nested(cheap, NestedSettings(n_live=150, n_eff=300), seed=3)
    assert run.converged
    rng = np.random.default_rng(3)
    other = run.draws(1000, rng)
    start = np.concatenate([cheap.sample_prior(20, rng), other[:20]])
    draws, _ = sampled(cheap, start, 1000, 2000, seed=2)
    width = draws.std(axis=0)
    shift = (other.mean(axis=0) - draws.mean(axis=0)) / width
    ratio = other.std(axis=0) / width
    told = {n: (s.round(2), r.round(2)) for n, s, r in zip(cheap.names, shift, ratio, strict=True)}
    assert np.all(np.abs(shift) < 0.3), told
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
