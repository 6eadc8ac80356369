"""Profiles of a problem whose likelihood is a known quadratic form."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from pipeline.figures.profile_plot import profile_figure
from pipeline.posterior.profile import objective_of, profiles_of, write_profiles
from tests.pipeline.figures.fake_posterior import fake_posterior, make_problem, texts
from tests.tuning.linear_toy import covariance, jacobian, linear_problem

RNG = np.random.default_rng(4)


@pytest.fixture(scope="module")
def run():
    """Draws about the peak, where the Fisher matrix is the curvature of ln L to 1%."""
    problem = linear_problem()
    posterior = fake_posterior(problem)
    fisher = jacobian().T @ np.linalg.solve(covariance(), jacobian())
    regular = np.linalg.pinv(fisher + np.diag([0, 0, 20.0, 0])) + 1e-9 * np.eye(4)
    normal = 0.5 * RNG.normal(size=(*posterior.chain.shape[:3], 4))
    draws = np.array([0, 0, 0, 0.4]) + normal @ np.linalg.cholesky(regular).T
    inside = np.clip(draws, [-0.49, -0.24, -0.34, 0.0], [0.49, 0.24, 0.34, 0.8])
    return replace(posterior, chain=inside), problem, fisher


def test_a_profile_is_the_parabola_of_the_inverse_fisher_matrix(run):
    """delta is not degenerate with anything but the normalisation: 1 / (F^-1)_dd."""
    posterior, problem, fisher = run
    found = profiles_of(posterior, problem, [3], points=9)
    (profile,) = found.profiles
    needed = [0, 3]  # A and B are degenerate: one of them is enough to maximise over
    variance = np.linalg.inv(fisher[np.ix_(needed, needed)])[1, 1]
    expected = (profile.grid - 0.4) ** 2 / variance
    np.testing.assert_allclose(found.drop(profile), expected, atol=0.02 + 0.02 * expected.max())
    assert expected.max() > 1.0
    assert np.all(profile.spread < 1e-3)
    np.testing.assert_array_equal(profile.theta[:, 3], profile.grid)
    again = objective_of(problem, "likelihood")(profile.theta)
    np.testing.assert_allclose(again, profile.best, rtol=1e-9)


def test_degenerate_and_idle_parameters_have_flat_profiles(run):
    """A^2 B^-0.5 is what counts: B can follow A until the prior's wall stops it."""
    posterior, problem, _ = run
    found = profiles_of(posterior, problem, [1, 2], points=7)
    b, idle = found.profiles
    assert found.drop(idle).max() < 1e-6
    assert found.drop(b).max() < 0.05


def test_the_posterior_is_the_likelihood_with_the_prior(run):
    _, problem, _ = run
    theta = problem.sample_prior(20, np.random.default_rng(1))
    likelihood, whole = (objective_of(problem, of)(theta) for of in ("likelihood", "posterior"))
    np.testing.assert_allclose(whole - likelihood, problem.log_prior(theta), rtol=1e-9)
    outside = theta.copy()
    outside[:, 0] = 9.0
    assert np.all(np.isneginf(objective_of(problem, "likelihood")(outside)))


def test_priors_of_nuisances_stay_in_the_likelihood():
    """A potential is measured elsewhere: its prior is data."""
    problem = make_problem("kolmogorov")
    theta = problem.sample_prior(4, np.random.default_rng(1))
    value = objective_of(problem, "likelihood")(theta)
    own = len(problem.scenario.parameters)
    terms = problem.prior.product.terms(theta)[:, own:].sum(axis=1)
    np.testing.assert_allclose(value, problem.log_likelihood(theta).sum(axis=1) + terms, rtol=1e-9)


def test_figure_and_table(run, tmp_path):
    posterior, problem, _ = run
    told = []
    found = profiles_of(posterior, problem, [0, 3], 5, tell=told.append)
    assert told == ["log10_A", "delta"]
    figure = profile_figure(found, posterior, problem, "toy")
    assert "profile likelihood" in texts(figure)
    figure.draw_without_rendering()
    path = write_profiles(found, posterior, tmp_path / "profile.csv")
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["profile"] for row in rows] == ["log10_A"] * 5 + ["delta"] * 5
    drop = [float(row["twice_loss_of_ln_likelihood"]) for row in rows[5:]]
    np.testing.assert_allclose(drop, found.drop(found.profiles[1]), rtol=1e-6, atol=1e-9)
