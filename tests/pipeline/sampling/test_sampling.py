"""Ensembles: the right distribution, and a chain that depends on problem and seed alone."""

from functools import partial

import numpy as np
import pytest

from pipeline.chains.identity import check_sums
from pipeline.chains.reader import read_journal
from pipeline.posterior.load import load_run
from pipeline.sampling.ensemble import ensemble_path
from tests.pipeline.chain_tables import assert_same_chains, chains
from tests.pipeline.toy_run import toy_run
from tests.toy_problems import GaussianProblem


def test_known_gaussian_is_recovered(tmp_path):
    """Mean and covariance within 5 standard errors of the truth."""
    build = partial(GaussianProblem, ndim=3, rho=0.8, mean=[1.0, -2.0, 3.0])
    run = toy_run(
        tmp_path / "run",
        build,
        walkers=32,
        min_n_tau=100,
        min_steps=1500,
        max_steps=6000,
        checkpoint_steps=500,
    )
    outcome = run.execute(progress=False)
    assert outcome.exit_code == 0
    posterior = load_run(tmp_path / "run")
    problem = build()
    n = min(posterior.verdict.ess.values())
    draws = posterior.flat
    np.testing.assert_allclose(draws.mean(axis=0), problem.mean, atol=5 / np.sqrt(n))
    np.testing.assert_allclose(np.cov(draws.T), problem.covariance, atol=5 * np.sqrt(2 / n))


def test_blobs_stay_with_their_points(uninterrupted):
    problem = GaussianProblem(ndim=3, rho=0.5)
    for found in chains(uninterrupted):
        points = found.chain[::37].reshape(-1, 3)
        again = problem.log_prob(points)
        np.testing.assert_allclose(found.log_prob[::37].ravel(), again[:, 0], rtol=1e-12)
        blobs = found.blobs[::37].reshape(-1, 4)[:, :3]  # the last is what the moves see
        np.testing.assert_allclose(blobs, again[:, 1:], rtol=1e-12)


def test_mixed_up_blobs_are_refused():
    names = ("log_prior", "log_likelihood_a")
    check_sums(names, np.array([3.0]), np.array([[1.0, 2.0]]))
    with pytest.raises(RuntimeError, match="out of order"):
        check_sums(names, np.array([3.0, 5.0]), np.array([[1.0, 4.0], [1.0, 2.0]]))


def test_ensembles_and_seeds_differ(uninterrupted, tmp_path):
    first, second = chains(uninterrupted)
    assert not np.any(first.chain == second.chain)
    toy_run(tmp_path / "run", seed=8, max_steps=100).execute(progress=False)
    assert not np.any(chains(tmp_path / "run")[0].chain == first.chain[:100])


def test_ensembles_do_not_depend_on_their_number(uninterrupted, tmp_path):
    toy_run(tmp_path / "run", ensembles=1, max_steps=100).execute(progress=False)
    (only,) = chains(tmp_path / "run", 1)
    np.testing.assert_array_equal(only.chain, chains(uninterrupted)[0].chain[:100])


def test_storage_thinning_stores_every_nth_step(uninterrupted, tmp_path):
    toy_run(tmp_path / "run", thin=10).execute(progress=False)
    for thinned, full in zip(chains(tmp_path / "run"), chains(uninterrupted), strict=True):
        np.testing.assert_array_equal(thinned.chain, full.chain[9::10])


def test_block_length_does_not_matter(uninterrupted, tmp_path):
    toy_run(tmp_path / "run", checkpoint_steps=77).execute(progress=False)
    assert_same_chains(tmp_path / "run", uninterrupted, 200)
    for index in range(2):  # written in blocks, not step by step
        journal = read_journal(ensemble_path(tmp_path / "run", index))
        assert journal["stop"].tolist() == [77, 154, 200]
