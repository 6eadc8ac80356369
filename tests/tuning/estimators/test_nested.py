"""Nested sampling against exact evidences, and what it keeps of a run."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.tuning.estimators.nested import NestedRun, NestedSettings, run_nested
from pipeline.tuning.measures.evidence import SHARED_ERROR, combine
from priors.prior import KeptShare
from tests.reliability.flips import flipped
from tests.toy_problems import BananaProblem, GaussianProblem
from transport.errors import CrtuneError

QUICK = NestedSettings(n_live=200, n_eff=600)


class HalfGaussian(GaussianProblem):
    """A Gaussian with a wall through its middle: half of prior and likelihood are cut away."""

    @property
    def kept_share(self):
        return KeptShare(0.5, 0.0, 1, {"x0 > 0": 0.5})

    def log_prior(self, theta):
        return np.where(np.atleast_2d(theta)[:, 0] > 0, super().log_prior(theta), -np.inf)


@pytest.fixture(scope="module")
def gaussian_runs():
    return [run_nested(GaussianProblem(ndim=4, rho=0.9), QUICK, seed=seed) for seed in (1, 2)]


def test_evidence_of_a_gaussian_in_a_box(gaussian_runs):
    exact = GaussianProblem(ndim=4, rho=0.9).log_evidence
    for run in gaussian_runs:
        assert run.converged
        # 600 effective draws of likelihood and of volume: 0.04 each
        assert run.log_z == pytest.approx(exact, abs=0.15)


@pytest.mark.slow
def test_evidence_of_a_banana():
    problem = BananaProblem(ndim=4, bend=1.0)
    run = run_nested(problem, QUICK)
    assert run.log_z == pytest.approx(problem.log_evidence, abs=0.2)


def test_volumes_fill_the_prior_and_weights_add_up(gaussian_runs):
    for run in gaussian_runs:
        assert np.exp(run.log_volume).sum() == pytest.approx(1.0, abs=0.05)
        assert run.weights.sum() == pytest.approx(1.0)
        back = run.log_weight - run.log_likelihood + run.log_z
        np.testing.assert_allclose(back, run.log_volume, atol=1e-9)


def test_draws_have_the_posterior_moments(gaussian_runs):
    problem = GaussianProblem(ndim=4, rho=0.9)
    draws = gaussian_runs[0].draws(4000, np.random.default_rng(0))
    # the standard error of a mean from 600 effective draws is 0.041
    assert np.abs(draws.mean(axis=0)).max() < 0.16
    np.testing.assert_allclose(np.cov(draws.T), problem.covariance, atol=0.2)


def test_evidence_is_that_of_the_prior_inside_its_constraints():
    problem = HalfGaussian(ndim=3)
    run = run_nested(problem, QUICK)
    # half the likelihood in half the prior: Z is what it was without the wall
    assert run.log_z == pytest.approx(problem.log_evidence, abs=0.15)
    assert run.theta[:, 0].min() > 0


def test_seeds_are_combined_into_one_estimate(gaussian_runs):
    evidence, pooled = combine(gaussian_runs)
    assert evidence.log_z == pytest.approx(np.mean([r.log_z for r in gaussian_runs]))
    scatter = evidence.each.std(ddof=1) / np.sqrt(2)
    assert evidence.log_z_error >= scatter
    assert pooled.weights.sum() == pytest.approx(1.0)
    assert np.exp(pooled.log_volume).sum() == pytest.approx(1.0, abs=0.05)


def test_what_seeds_share_is_in_the_error(gaussian_runs):
    evidence, _ = combine(gaussian_runs[:1])
    assert evidence.log_z_error >= SHARED_ERROR > gaussian_runs[0].log_z_error


def test_a_run_that_was_stopped_goes_on_from_its_checkpoint(tmp_path):
    problem = GaussianProblem(ndim=3)

    class Stopped(Exception):
        pass

    count = 0

    def stops(theta):
        nonlocal count
        count += len(theta)
        if count > 3000:
            raise Stopped
        return problem.log_likelihood(theta).sum(axis=1)

    path = tmp_path / "nested.checkpoint"
    with pytest.raises(Stopped):
        run_nested(problem, QUICK, log_likelihood=stops, checkpoint=path)
    assert list(tmp_path.iterdir())
    problem.evaluations = 0
    run = run_nested(problem, QUICK, checkpoint=path)
    assert run.converged
    assert problem.evaluations < run.calls - 2000
    assert run.log_z == pytest.approx(problem.log_evidence, abs=0.15)
    assert not list(tmp_path.iterdir())


def test_the_checkpoint_of_another_problem_is_not_taken_up(tmp_path):
    path = tmp_path / "nested.checkpoint"
    few = replace(QUICK, max_calls=1000)

    def never_ends(theta):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_nested(GaussianProblem(ndim=3), few, log_likelihood=never_ends, checkpoint=path)
    run = run_nested(GaussianProblem(ndim=3, mean=[5.0, 0.0, 0.0]), QUICK, checkpoint=path)
    assert np.average(run.theta[:, 0], weights=run.weights) == pytest.approx(5.0, abs=0.1)


@pytest.mark.parametrize("spoil", [lambda raw: raw[:500], lambda raw: flipped(raw, 8 * 9000)])
def test_a_damaged_checkpoint_is_set_aside_and_told(tmp_path, spoil):
    problem, path, told = GaussianProblem(ndim=3), tmp_path / "nested.checkpoint", []

    def stops(theta):
        if list(tmp_path.glob("*.live.hdf5")):
            raise KeyboardInterrupt
        return problem.log_likelihood(theta).sum(axis=1)

    with pytest.raises(KeyboardInterrupt):
        run_nested(problem, QUICK, log_likelihood=stops, checkpoint=path)
    (written,) = (p for p in tmp_path.iterdir() if ".live" not in p.name)
    written.write_bytes(spoil(written.read_bytes()))
    run = run_nested(problem, QUICK, checkpoint=path, tell=told.append)
    assert run.converged
    assert [p.name for p in tmp_path.iterdir()] == [f"{written.name}.damaged"]
    assert "set aside" in told[0]


def test_too_few_calls_are_marked():
    settings = NestedSettings(n_live=300, max_calls=2000, doublings=0)
    run = run_nested(GaussianProblem(ndim=3), settings)
    assert not run.converged
    assert run.n_live == 300


@pytest.mark.slow
def test_a_run_that_gets_nowhere_begins_anew_with_more_live_points(tmp_path):
    problem, path = GaussianProblem(ndim=3), tmp_path / "nested.checkpoint"
    settings = NestedSettings(n_live=150, n_eff=500, n_shell=1, max_calls=4000, doublings=1)

    class Stopped(Exception):
        pass

    def stops(theta):
        if len(list(tmp_path.glob("*.live.hdf5"))) > 1:  # the second attempt has begun
            raise Stopped
        return problem.log_likelihood(theta).sum(axis=1)

    with pytest.raises(Stopped):
        run_nested(problem, settings, log_likelihood=stops, checkpoint=path)
    first, problem.evaluations = problem.evaluations, 0
    assert first >= 4000
    run = run_nested(problem, settings, checkpoint=path)
    assert run.converged
    assert run.n_live == 300
    assert problem.evaluations <= run.calls  # the first attempt is not made again
    assert run.log_z == pytest.approx(problem.log_evidence, abs=0.15)
    assert not list(tmp_path.iterdir())


def test_a_likelihood_that_is_impossible_everywhere_is_refused():
    with pytest.raises(CrtuneError, match="impossible almost everywhere"):
        run_nested(
            GaussianProblem(ndim=2),
            NestedSettings(n_live=200, max_calls=2000),
            log_likelihood=lambda theta: np.full(len(theta), -np.inf),
        )


def test_the_best_point_is_that_of_the_marginal_likelihood_with_median_amplitudes():
    """The likeliest point has a small amplitude, as at the tip of a funnel; it is not the best."""
    run = NestedRun(
        theta=np.array([[1.0, 0.01], [2.0, 0.3], [3.0, 0.2], [4.0, 0.4]]),
        log_likelihood=np.array([50.0, 40.0, 39.0, 38.0]),
        log_volume=np.log([0.1, 0.1, 0.4, 0.4]),
        log_weight=np.log([0.05, 0.35, 0.3, 0.3]),
        log_z=0.0, log_z_error=0.1, n_eff=3.0, calls=4, seed=1, converged=True, method="exact",
        n_live=1,
        names=("x", "a"), labels=("x", "a"),
    )  # fmt: skip
    np.testing.assert_array_equal(run.best(), [2.0, 0.3])
    best = run.best([1])
    assert best[0] == 2.0
    assert 0.2 < best[1] < 0.4
    assert run.theta[1, 1] == 0.3  # not changed
