"""What the moves see: amplitudes integrated out, and the exact posterior of all coordinates."""

import numpy as np
import pytest

from pipeline.config.load import config_from_toml
from pipeline.from_config import build_problem
from pipeline.marginal import Marginal, amplitude_columns
from pipeline.sampling.target import Target
from priors.constraints import Constraint
from priors.prior import Prior

RUN = """
scenario = "kolmogorov"
[data.ams02_proton_2015]
rigidity_min = 10.0
[data.ams02_bc_2016]
[sampling]
walkers = 40
"""


@pytest.fixture(scope="module")
def problem():
    return build_problem(config_from_toml(RUN))


@pytest.fixture(scope="module")
def good(problem):
    """(20, ndim) the best of many draws of the prior."""
    theta = problem.sample_prior(4000, np.random.default_rng(5))
    return theta[np.argsort(-problem.log_likelihood(theta).sum(axis=1))[:20]]


def test_columns_are_those_of_the_problem(problem, good):
    target = Target(problem)
    found = target.of(good, np.random.default_rng(1))
    again = problem.log_prob(found.coords)
    np.testing.assert_allclose(found.log_prob, again[:, 0], rtol=1e-12)
    np.testing.assert_allclose(found.blobs[:, :-1], again[:, 1:], rtol=1e-12)
    columns = amplitude_columns(problem)
    assert not np.any(found.coords[:, columns] == good[:, columns])
    others = np.setdiff1d(np.arange(problem.ndim), columns)
    np.testing.assert_array_equal(found.coords[:, others], good[:, others])
    assert target.evaluations == 20


def test_target_averaged_over_amplitudes_is_the_integral(problem, good):
    """With few nodes the target depends on the amplitude drawn, but its mean is exact."""
    coarse, fine = Target(problem, nodes=12), Marginal(problem, 400)
    rng = np.random.default_rng(2)
    z = coarse.to_normal(good)
    log_normal = -0.5 * np.sum(z**2 + np.log(2 * np.pi), axis=1)
    exact = fine.log_likelihood(good) + log_normal
    drawn = np.array([np.exp(coarse.of(good, rng).log_target - exact) for _ in range(400)])
    assert drawn.std(axis=0).max() > 0.01  # there is something to average
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    np.testing.assert_array_less(np.abs(drawn.mean(axis=0) - 1.0), 4.5 * error + 1e-3)


def test_way_to_normal_coordinates_and_back(problem, good):
    target = Target(problem)
    z = target.to_normal(good)
    found = target.at(z, np.random.default_rng(3))
    np.testing.assert_allclose(target.to_normal(found.coords), z, atol=1e-9)
    assert np.all(np.isfinite(found.log_target))
    z[0, 0] = 50.0
    assert target.at(z, np.random.default_rng(3)).log_target[0] == -np.inf


def test_an_amplitude_with_a_constraint_is_sampled(problem):
    name = problem.parameters[amplitude_columns(problem)[0]].name
    walled = build_problem(config_from_toml(RUN))
    prior = problem.prior
    walled.prior = Prior(prior.parameters, prior.distributions, [Constraint(name, high=0.5)])
    assert Target(walled).ndim == walled.ndim
    assert Target(problem).ndim == problem.ndim - 2
