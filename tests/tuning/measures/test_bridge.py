"""ln Z from draws of the posterior, against closed forms."""

import numpy as np
import pytest

from pipeline.tuning.measures.bridge import bridge_evidence
from priors.constraints import Constraint
from priors.distributions import normal, uniform
from priors.prior import KeptShare
from tests.toy_problems import BananaProblem
from tests.tuning.toys import as_chain, autoregressive, gaussian_log_likelihood, toy_problem

FEW = (1, 2, 4)


def gaussian_in_box(covariance, half_width=10.0):
    """Problem, ln Z; the box holds all of the posterior."""
    sd = np.sqrt(np.diag(covariance))
    mean = np.linspace(0.2, 0.8, len(sd))
    bounds = zip(mean - half_width * sd, mean + half_width * sd, strict=True)
    problem = toy_problem(
        gaussian_log_likelihood(mean, covariance), [uniform(a, b) for a, b in bounds]
    )
    log_z = 0.5 * np.linalg.slogdet(2 * np.pi * covariance)[1] - np.log(2 * half_width * sd).sum()
    return problem, mean, log_z


def check(result, log_z, error):
    """Within 4 of its own errors, which are small, and nothing to complain about."""
    assert result.log_z_error < error
    assert result.log_z == pytest.approx(log_z, abs=4 * result.log_z_error)
    assert result.reasons == ()


@pytest.mark.parametrize("ndim", [2, 5, 10])
def test_correlated_gaussian_in_a_box(ndim):
    rng = np.random.default_rng(ndim)
    covariance = 0.01 * (0.9 + 0.1 * np.eye(ndim))
    problem, mean, log_z = gaussian_in_box(covariance)
    draws = rng.multivariate_normal(mean, covariance, 4000)
    result = bridge_evidence(problem, as_chain(draws), rng, FEW)
    check(result, log_z, 0.03)
    assert result.calls == 4000 + 2 * 2000 * len(result.components)
    assert result.of_chains(converged=True) is result
    assert "NOT CONVERGED" in result.of_chains(converged=False).reasons[-1]
    assert len(result.log_z_by_size) == len(result.error_by_size) == len(result.components)


@pytest.mark.parametrize("ndim", [2, 5, 10])
def test_gaussian_prior(ndim):
    """Prior N(0, s^2), likelihood of unit width at m."""
    rng = np.random.default_rng(20 + ndim)
    s, m = 3.0, np.linspace(-2.0, 2.0, ndim)
    problem = toy_problem(gaussian_log_likelihood(m, np.eye(ndim)), [normal(0.0, s)] * ndim)
    log_z = -0.5 * ndim * np.log(1 + s**2) - 0.5 * m @ m / (1 + s**2)
    width = 1.0 / (1.0 + s**-2)
    draws = width * m + np.sqrt(width) * rng.standard_normal((4000, ndim))
    check(bridge_evidence(problem, as_chain(draws), rng, FEW), log_z, 0.03)


def test_degenerate_direction():
    """Three coordinates known in one combination only, to a thousandth of the others' widths."""
    rng = np.random.default_rng(4)
    root = np.array([[1.0, 0, 0], [0.5, 1.0, 0], [0.3, -1.0, 1e-3]])
    covariance = root @ root.T
    problem, mean, log_z = gaussian_in_box(covariance)
    draws = mean + rng.standard_normal((4000, 3)) @ root.T
    check(bridge_evidence(problem, as_chain(draws), rng, FEW), log_z, 0.03)


def test_banana_needs_more_than_one_gaussian():
    rng = np.random.default_rng(5)
    toy = BananaProblem(ndim=4, bend=1.0)
    bounds = zip(toy.lower, toy.upper, strict=True)
    problem = toy_problem(
        lambda theta: toy.log_likelihood(theta).sum(axis=1), [uniform(a, b) for a, b in bounds]
    )
    chain = as_chain(toy.sample_posterior(6000, rng))
    result = bridge_evidence(problem, chain, rng, (1, 4, 16), draws=3000)
    check(result, toy.log_evidence, 0.05)
    assert result.chosen > 1
    assert result.error_by_size[0] > result.log_z_error


def test_posterior_pressed_against_a_bound():
    """ln L = -k x on the unit cube; the posterior is greatest on the edge of the prior."""
    rng = np.random.default_rng(6)
    k = np.array([3.0, 8.0])
    problem = toy_problem(lambda theta: -theta @ k, [uniform(0.0, 1.0)] * 2)
    draws = -np.log1p(-rng.random((4000, 2)) * -np.expm1(-k)) / k
    log_z = np.log(-np.expm1(-k) / k).sum()
    check(bridge_evidence(problem, as_chain(draws), rng, FEW), log_z, 0.03)


def test_evidence_is_that_of_the_prior_normalised_to_its_constraints():
    """A wall through the middle of everything halves the prior and the integral."""
    rng = np.random.default_rng(7)
    s = 3.0
    problem = toy_problem(
        gaussian_log_likelihood(np.zeros(2), np.eye(2)),
        [normal(0.0, s)] * 2,
        [Constraint("x0", low=0.0)],
    )
    draws = rng.standard_normal((4000, 2)) / np.sqrt(1 + s**-2)
    draws[:, 0] = np.abs(draws[:, 0])
    check(bridge_evidence(problem, as_chain(draws), rng, FEW), -np.log(1 + s**2), 0.03)


def test_error_is_the_scatter_of_repetitions_with_correlated_chains():
    """tau = (1 + rho) / (1 - rho) = 9. The scatter of 24 repetitions is known to 15%; their quoted
    error is the larger of two estimates and may be too large by half."""
    problem, mean, log_z = gaussian_in_box(np.eye(3))
    results = []
    for seed in range(24):
        rng = np.random.default_rng(seed)
        chain = mean + autoregressive((4, 200, 10, 3), 0.8, rng)
        # a single Gaussian fitted to few draws: errors that are large enough to be measured
        results.append(bridge_evidence(problem, chain, rng, (1,), draws=4000, proposals=300))
    off = np.array([r.log_z - log_z for r in results])
    quoted = np.sqrt(np.mean([r.log_z_error**2 for r in results]))
    assert 0.5 < np.sqrt(np.mean(off**2)) / quoted < 1.45
    assert abs(off.mean()) < 4 * off.std() / np.sqrt(24)


class TestTwoModes:
    """Unit Gaussians at +-6 on both axes, with weights 0.7 and 0.3."""

    mean = np.array([6.0, 6.0])
    share = 0.7

    def problem(self):
        def log_likelihood(theta):
            up, down = (
                gaussian_log_likelihood(sign * self.mean, np.eye(2))(theta) for sign in (1, -1)
            )
            return np.logaddexp(up + np.log(self.share), down + np.log(1 - self.share))

        return toy_problem(log_likelihood, [uniform(-15.0, 15.0)] * 2)

    def test_right_where_all_ensembles_visit_both(self):
        rng = np.random.default_rng(8)
        sign = np.where(rng.random((4000, 1)) < self.share, 1.0, -1.0)
        chain = as_chain(sign * self.mean + rng.standard_normal((4000, 2)))
        result = bridge_evidence(self.problem(), chain, rng, (1, 2, 4))
        check(result, np.log(2 * np.pi) - 2 * np.log(30.0), 0.03)
        assert result.chosen > 1

    @pytest.mark.parametrize("stuck", [[0], [3], [0, 2], [1, 3], [0, 1, 2]])
    def test_warns_where_some_ensembles_visit_one(self, stuck):
        rng = np.random.default_rng(9)
        chain = self.mean + autoregressive((4, 50, 20, 2), 0.0, rng)
        chain[stuck] -= 2.0 * self.mean
        result = bridge_evidence(self.problem(), chain, rng, (1, 2, 4))
        assert any("mode" in reason and "missed" in reason for reason in result.reasons)


def test_warns_of_few_effective_draws():
    problem, mean, _ = gaussian_in_box(np.eye(2))
    rng = np.random.default_rng(10)
    chain = mean + autoregressive((4, 100, 6, 2), 0.95, rng)
    result = bridge_evidence(problem, chain, rng, (1,))
    assert result.effective_draws < 400
    assert any("effective draws" in reason for reason in result.reasons)


def test_warns_where_mixtures_disagree():
    """Draws that are not from the posterior: each proposal then tells another story."""
    problem, mean, _ = gaussian_in_box(np.eye(4) * 0.01)
    rng = np.random.default_rng(11)
    tail = rng.standard_t(1.2, (4000, 4)) * 0.05
    result = bridge_evidence(problem, as_chain(mean + np.clip(tail, -0.9, 0.9)), rng, (1, 2, 4, 8))
    assert any("components" in reason for reason in result.reasons)


def test_one_ensemble_is_split_in_time():
    rng = np.random.default_rng(12)
    covariance = np.eye(2)
    problem, mean, log_z = gaussian_in_box(covariance)
    draws = rng.multivariate_normal(mean, covariance, 4000)
    check(bridge_evidence(problem, as_chain(draws, 1), rng, FEW), log_z, 0.03)


def test_the_error_holds_that_of_the_constraints_share():
    """Half of the prior is kept, give or take 0.2: 0.4 nats."""
    rng = np.random.default_rng(11)
    problem = toy_problem(
        gaussian_log_likelihood(np.zeros(2), np.eye(2)), [uniform(-8.0, 8.0)] * 2,
        [Constraint("x0", low=-9.0)],
    )  # fmt: skip
    chain = as_chain(rng.standard_normal((2000, 2)))
    known = bridge_evidence(problem, chain, np.random.default_rng(1), (1,))
    problem.prior.__dict__["kept_share"] = KeptShare(0.5, 0.2, 10, {})
    unsure = bridge_evidence(problem, chain, np.random.default_rng(1), (1,))
    assert unsure.log_z == pytest.approx(known.log_z + np.log(2.0))
    assert unsure.log_z_error == pytest.approx(np.hypot(known.log_z_error, 0.4))
    np.testing.assert_allclose(unsure.error_by_size, np.hypot(known.error_by_size, 0.4))
