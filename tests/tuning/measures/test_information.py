"""Fit, cost and dimensionality of nested runs and of chains, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.tuning.measures.excess import excess
from pipeline.tuning.measures.information import (
    _information,
    chain_information,
    combine,
    weighted_information,
)
from priors.distributions import normal, uniform
from tests.tuning.toys import (
    as_chain,
    autoregressive,
    gaussian_log_likelihood,
    nested_points,
    toy_problem,
)

HALF_WIDTH = 8.0


def gaussian(ndim, rho=0.5):
    """Gaussian likelihood with peak 1 in a box of +- 8 sd: problem, mean, covariance, ln Z."""
    mean, covariance = np.zeros(ndim), np.full((ndim, ndim), rho) + (1 - rho) * np.eye(ndim)
    problem = toy_problem(
        gaussian_log_likelihood(mean, covariance), [uniform(-HALF_WIDTH, HALF_WIDTH)] * ndim
    )
    log_z = 0.5 * np.linalg.slogdet(2 * np.pi * covariance)[1] - ndim * np.log(2 * HALF_WIDTH)
    return problem, mean, covariance, log_z


def check(result, log_z, fit, dimensionality):
    """Within 4 of its own errors, which are small."""
    expected = {
        "log_z": log_z,
        "mean_log_likelihood": fit,
        "cost": fit - log_z,
        "dimensionality": dimensionality,
    }
    for name, value in expected.items():
        error = getattr(result, f"{name}_error")
        assert 0 < error < 0.1 * max(1.0, dimensionality), name
        assert getattr(result, name) == pytest.approx(value, abs=4 * error), name


@pytest.mark.parametrize("ndim", [2, 5, 10])
def test_gaussian_in_a_box(ndim):
    """<ln L> = -d/2, d constrained parameters, D_KL = ln V - 1/2 ln det(2 pi e C)."""
    problem, mean, covariance, log_z = gaussian(ndim)
    run = nested_points(problem, mean, covariance, np.random.default_rng(ndim))
    result = weighted_information(run)
    check(result, log_z, -0.5 * ndim, ndim)
    assert result.reasons == ()
    assert result.cost_bits == pytest.approx(result.cost / np.log(2))
    assert result.peak_dimensionality == pytest.approx(ndim, rel=0.15)
    assert result.dimensionality_total == result.dimensionality


@pytest.mark.parametrize("ndim", [2, 5, 10])
def test_gaussian_prior(ndim):
    """Prior N(0, s^2), likelihood of unit width at m: posterior N(w m, w), w = s^2 / (1 + s^2).

    ln L = -(x - m)^2 / 2 with x - m ~ N((w - 1) m, w) per coordinate, so that
    <ln L> = -(w + (w - 1)^2 m^2) / 2 and Var ln L = w^2 / 2 + w (w - 1)^2 m^2.
    """
    s, m = 2.0, np.linspace(-1.0, 2.0, ndim)
    problem = toy_problem(gaussian_log_likelihood(m, np.eye(ndim)), [normal(0.0, s)] * ndim)
    w = s**2 / (1 + s**2)
    rng = np.random.default_rng(ndim)
    run = nested_points(problem, w * m, w * np.eye(ndim), rng, scales=(1.2, 2.0))
    log_z = -0.5 * ndim * np.log(1 + s**2) - 0.5 * m @ m / (1 + s**2)
    off = (w - 1) ** 2 * m**2
    check(
        weighted_information(run),
        log_z,
        -0.5 * np.sum(w + off),
        2.0 * np.sum(0.5 * w**2 + w * off),
    )


def test_data_against_prior_are_no_dimensions():
    """As above, with data 12 prior sd away: 2 Var ln L = w^2 + 2 w (w - 1)^2 m^2, 37 of
    one parameter."""
    s, m = 2.0, np.array([24.0])
    problem = toy_problem(gaussian_log_likelihood(m, np.eye(1)), [normal(0.0, s)])
    w = s**2 / (1 + s**2)
    rng = np.random.default_rng(1)
    run = nested_points(problem, w * m, w * np.eye(1), rng, scales=(1.2, 2.0, 4.0, 8.0))
    result = weighted_information(run)
    expected = w**2 + 2 * w * (w - 1) ** 2 * m[0] ** 2
    assert expected > 30
    assert result.dimensionality == pytest.approx(expected, abs=4 * result.dimensionality_error)
    assert any("exceeds the 1 parameters" in reason for reason in result.reasons)


def test_parameters_that_do_nothing_cost_nothing():
    """Five coordinates of which the data see two, one combination of them precisely."""
    root = np.diag([1.0, 1e-3]) @ np.array([[1.0, 0.0], [0.7, 1.0]])
    covariance = root @ root.T
    seen = gaussian_log_likelihood(np.zeros(2), covariance)
    problem = toy_problem(lambda theta: seen(theta[:, :2]), [uniform(-8.0, 8.0)] * 5)
    wide = np.zeros((5, 5))
    wide[:2, :2], wide[2:, 2:] = covariance, 9.0 * np.eye(3)
    scales = (1.2, 2, 4, 16, 64, 256, 1024)
    run = nested_points(problem, np.zeros(5), wide, np.random.default_rng(3), 60_000, scales)
    log_z = 0.5 * np.linalg.slogdet(2 * np.pi * covariance)[1] - 2 * np.log(16.0)
    check(weighted_information(run), log_z, -1.0, 2.0)


def test_nested_errors_are_those_of_repetitions():
    """30 repetitions: their scatter is known to 13%. The cost's error adds those of <ln L> and
    ln Z as if independent, which is too much by up to a half here."""
    problem, mean, covariance, log_z = gaussian(5)
    runs = [
        nested_points(problem, mean, covariance, np.random.default_rng(seed), 4000)
        for seed in range(30)
    ]
    results = [weighted_information(run) for run in runs]
    exact = {"mean_log_likelihood": -2.5, "dimensionality": 5.0, "cost": -2.5 - log_z}
    for name, value in exact.items():
        off = np.array([getattr(r, name) for r in results]) - value
        quoted = np.sqrt(np.mean([getattr(r, f"{name}_error") ** 2 for r in results]))
        assert 0.5 < np.sqrt(np.mean(off**2)) / quoted < 1.45, name


class TestChain:
    def chain(self, seed=1, rho=0.6):
        """ln L of a unit Gaussian in 5 dimensions."""
        x = autoregressive((4, 500, 10, 5), rho, np.random.default_rng(seed))
        return -0.5 * (x**2).sum(axis=-1)

    def test_moments(self):
        result = chain_information(self.chain(), 5, log_z=-20.0, log_z_error=0.03)
        assert result.reasons == ()
        assert result.mean_log_likelihood_error < 0.05
        assert result.dimensionality_error < 0.3
        assert result.mean_log_likelihood == pytest.approx(
            -2.5, abs=4 * result.mean_log_likelihood_error
        )
        assert result.dimensionality == pytest.approx(5.0, abs=4 * result.dimensionality_error)
        assert result.cost == result.mean_log_likelihood + 20.0
        assert result.cost_error == pytest.approx(
            np.hypot(0.03, result.mean_log_likelihood_error), rel=1e-12
        )

    def test_without_evidence_there_is_no_cost(self):
        result = chain_information(self.chain(), 5)
        assert np.isnan(result.cost)
        assert result.dimensionality == pytest.approx(5.0, abs=1.0)

    def test_errors_are_those_of_repetitions(self):
        """40 chains: scatter known to 11%; the quoted errors are the larger of two estimates."""
        results = [chain_information(self.chain(seed), 5) for seed in range(40)]
        for name, exact in {"mean_log_likelihood": -2.5, "dimensionality": 5.0}.items():
            off = np.array([getattr(r, name) for r in results]) - exact
            quoted = np.sqrt(np.mean([getattr(r, f"{name}_error") ** 2 for r in results]))
            assert 0.6 < np.sqrt(np.mean(off**2)) / quoted < 1.35, name

    def test_warns_of_few_draws(self):
        result = chain_information(self.chain()[:, :10, :2], 5)
        assert any("effective draws" in reason for reason in result.reasons)


class TestTwoModes:
    """A narrow high mode and a wide one lower by 8 nats, of equal mass, far apart.

    2 Var(ln L) is then about 2 (8/2)^2 = 32 and more, with two parameters.
    """

    width = np.exp(4.0)  # equal mass in two dimensions: width^2 exp(-8) = 1
    centre = np.array([300.0, 300.0])

    def log_likelihood(self, theta):
        narrow = -0.5 * ((theta + self.centre) ** 2).sum(axis=1)
        wide = -8.0 - 0.5 * (((theta - self.centre) / self.width) ** 2).sum(axis=1)
        return np.logaddexp(narrow, wide)

    def draws(self, sign, rng):
        """Draws of the narrow mode where `sign` is -1."""
        sd = np.where(sign < 0, 1.0, self.width)
        return sign * self.centre + sd * rng.standard_normal((len(sign), 2))

    def test_chain_warns_that_dimensionality_counts_nothing(self):
        rng = np.random.default_rng(1)
        theta = self.draws(np.where(rng.random((4000, 1)) < 0.5, -1.0, 1.0), rng)
        log_l = self.log_likelihood(theta)[:, None]
        result = chain_information(as_chain(log_l)[..., 0], 2)
        assert result.dimensionality > 20
        assert any("one Gaussian mode" in reason for reason in result.reasons)

    def test_chain_warns_of_ensembles_in_different_modes(self):
        rng = np.random.default_rng(2)
        sign = np.repeat([-1.0, -1.0, 1.0, -1.0], 1000)[:, None]
        log_l = self.log_likelihood(self.draws(sign, rng))[:, None]
        result = chain_information(as_chain(log_l)[..., 0], 2)
        assert any("disagree" in reason for reason in result.reasons)

    def test_nested_points_warn(self):
        rng = np.random.default_rng(3)
        problem = toy_problem(self.log_likelihood, [uniform(-600.0, 600.0)] * 2)
        scales = tuple(np.geomspace(1.2, 600, 9))
        run = nested_points(problem, -self.centre, np.eye(2), rng, 200_000, scales)
        result = weighted_information(run)
        both = 2 * 2 * np.pi / 1200.0**2
        assert result.log_z == pytest.approx(np.log(both), abs=5 * result.log_z_error)
        assert any("one Gaussian mode" in reason for reason in result.reasons)


class TestCombine:
    def parts(self):
        problem, mean, covariance, _ = gaussian(2)
        runs = [
            nested_points(problem, mean, covariance, np.random.default_rng(seed), 5000)
            for seed in range(3)
        ]
        return [weighted_information(run) for run in runs]

    def test_mean_and_error_of_seeds(self):
        parts = self.parts()
        result = combine(parts)
        assert result.runs == 3
        assert result.reasons == ()
        assert result.cost == pytest.approx(np.mean([p.cost for p in parts]))
        quoted = np.sqrt(sum(p.cost_error**2 for p in parts)) / 3
        scatter = np.std([p.cost for p in parts], ddof=1) / np.sqrt(3)
        assert result.cost_error == pytest.approx(max(quoted, scatter))

    def test_one_part_is_itself(self):
        part = self.parts()[0]
        assert combine([part]) == part

    def test_seeds_that_disagree(self):
        first, second, third = self.parts()
        result = combine([first, second, replace(third, log_z=third.log_z + 2.0)])
        assert any("log_z" in reason for reason in result.reasons)
        assert result.log_z_error == pytest.approx(2.0 / 3.0, abs=0.05)  # sd 2/sqrt(3), by sqrt(3)


class TestThresholds:
    """Each doubt begins where it is said to, and not before."""

    def doubts(self, size=1e4, d=5.0, d_error=0.1, peak=5.0, parameters=9):
        """Of a nested run with weights, d and peak as given."""
        return _information((-20.0, 0.1), (-2.5, 0.1), (d, d_error, peak), d, parameters, size, [])

    @pytest.mark.parametrize(("size", "told"), [(399.0, True), (400.0, False), (np.nan, True)])
    def test_400_effective_draws_are_wanted(self, size, told):
        reasons = self.doubts(size=size).reasons
        assert any("400 are wanted" in reason for reason in reasons) is told

    @pytest.mark.parametrize(
        ("d", "peak", "told"),
        [(7.6, 5.0, True), (7.4, 5.0, False), (5.0, 7.6, True), (1.4, 0.1, False)],
    )
    def test_two_dimensionalities_may_differ_by_half(self, d, peak, told):
        reasons = self.doubts(d=d, peak=peak).reasons
        assert any("one Gaussian mode" in reason for reason in reasons) is told

    @pytest.mark.parametrize(("d", "told"), [(9.31, True), (9.29, False)])
    def test_three_errors_above_the_parameters_are_too_many(self, d, told):
        reasons = self.doubts(d=d, d_error=0.1, peak=9.0).reasons
        assert any("exceeds the 9 parameters" in reason for reason in reasons) is told

    @pytest.mark.parametrize(("scatter", "told"), [(0.51, True), (0.49, False)])
    def test_seeds_may_scatter_by_half_a_nat(self, scatter, told):
        """Two values at -+ x have the standard deviation sqrt(2) x."""
        part = replace(self.doubts(), log_z_error=1e-3)
        off = scatter / np.sqrt(2.0)
        found = combine([replace(part, log_z=-20.0 - off), replace(part, log_z=-20.0 + off)])
        assert any("disagree about log_z" in reason for reason in found.reasons) is told

    def test_scatter_within_the_errors_is_no_disagreement(self):
        part = replace(self.doubts(), log_z_error=1.0)
        found = combine([replace(part, log_z=-21.0), replace(part, log_z=-20.0)])
        assert found.reasons == ()


def test_excess_over_a_baseline():
    """The same fit with twice the prior width of one parameter costs ln 2 more."""
    likelihood = gaussian_log_likelihood(np.zeros(2), np.eye(2))
    parts = []
    for width in (16.0, 8.0):
        problem = toy_problem(likelihood, [uniform(-width, width), uniform(-8.0, 8.0)])
        points = nested_points(problem, np.zeros(2), np.eye(2), np.random.default_rng(6))
        parts.append(weighted_information(points))
    result = excess(*parts)
    assert result.cost_error < 0.05
    assert result.cost == pytest.approx(np.log(2), abs=4 * result.cost_error)
    assert result.cost_bits == pytest.approx(1.0, abs=4 * result.cost_bits_error)
    assert result.log_z == pytest.approx(-np.log(2), abs=4 * result.log_z_error)
    assert result.fit == pytest.approx(0.0, abs=4 * result.fit_error)
    assert result.log_z == pytest.approx(result.fit - result.cost, abs=1e-9)
