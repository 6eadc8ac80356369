"""One posterior, sampled by nautilus and drawn exactly: all measures tell the same, known story."""

import numpy as np
import pytest

from pipeline.tuning.estimators.nested import NestedSettings, run_nested
from pipeline.tuning.measures.agreement import agreement
from pipeline.tuning.measures.bridge import bridge_evidence
from pipeline.tuning.measures.information import chain_information, weighted_information
from pipeline.tuning.measures.needed import discrepancy_needed
from pipeline.tuning.measures.tempered import tempered_curve
from priors.constraints import Constraint
from priors.distributions import uniform
from tests.tuning.toys import as_chain, gaussian_log_likelihood, toy_problem

NAMES = ["a", "b", "discrepancy_bc"]
MEAN = np.array([0.3, -0.2, 0.5])
COVARIANCE = 0.02 * (0.7 + 0.3 * np.eye(3))
# boxes of width 4, the first cut by a wall to 3: the posterior is 7 sd and more from all of them
LOG_Z = 0.5 * np.linalg.slogdet(2 * np.pi * COVARIANCE)[1] - np.log(3 * 4 * 4)
NAUTILUS = 0.15
"""Nats by which seeds of nautilus scatter."""


@pytest.fixture(scope="module")
def problem():
    return toy_problem(
        gaussian_log_likelihood(MEAN, COVARIANCE),
        [uniform(-2.0, 2.0), uniform(-2.0, 2.0), uniform(-1.5, 2.5)],
        [Constraint("a", low=-1.0)],
        NAMES,
    )


@pytest.fixture(scope="module")
def run(problem):
    return run_nested(problem, NestedSettings(n_live=300, n_eff=3000), seed=1)


@pytest.fixture(scope="module")
def chain():
    return as_chain(np.random.default_rng(1).multivariate_normal(MEAN, COVARIANCE, 8000))


def test_weighted_information(run):
    result = weighted_information(run)
    assert result.log_z == pytest.approx(LOG_Z, abs=2 * NAUTILUS)
    assert result.cost == pytest.approx(-1.5 - LOG_Z, abs=2 * NAUTILUS)
    assert result.dimensionality == pytest.approx(3.0, abs=6 * result.dimensionality_error)
    assert result.reasons == ()


def test_bridge_from_the_chain(problem, run, chain):
    result = bridge_evidence(problem, chain, np.random.default_rng(2), (1, 2))
    assert result.log_z == pytest.approx(LOG_Z, abs=4 * result.log_z_error)
    assert result.log_z == pytest.approx(run.log_z, abs=2 * NAUTILUS)


def test_chain_information(problem, run, chain):
    log_l = problem.log_likelihood(chain.reshape(-1, 3)).reshape(chain.shape[:-1])
    ours, theirs = chain_information(log_l, 3, LOG_Z, 0.0), weighted_information(run)
    for name in ("mean_log_likelihood", "dimensionality"):
        error = np.hypot(getattr(ours, f"{name}_error"), getattr(theirs, f"{name}_error"))
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), abs=5 * error)


def test_tempered_curve_ends_at_both_ends(run):
    """At beta = 1 it is the posterior, at beta -> 0 the prior: nothing is learnt."""
    curve = tempered_curve(run, np.geomspace(1e-6, 1.0, 121))
    assert curve.log_z[-1] == pytest.approx(run.log_z, abs=0.02)
    assert curve.cost[0] == pytest.approx(0.0, abs=NAUTILUS)
    slope = np.gradient(curve.cost, np.log(curve.beta), edge_order=2)
    np.testing.assert_allclose(slope, 0.5 * curve.dimensionality, atol=0.01)


def test_samplers_agree(run, chain):
    result = agreement(chain, run)
    assert result.agree, result.verdict
    assert np.all(np.abs(result.mean_difference) < 0.1)


def test_discrepancy_from_nested_points(problem, run):
    result = discrepancy_needed(problem, run.theta, run.log_weight)
    sd = np.sqrt(COVARIANCE[2, 2])
    assert result.groups == ("bc",)
    assert np.all(np.abs(result.median - 0.5) < 5 * result.median_error)
    np.testing.assert_allclose([result.low, result.high], [[0.5 - sd], [0.5 + sd]], atol=0.02)
