"""Suspiciousness of two Gaussian data sets: d/2 - 1/2 dmu^T (C_A + C_B)^-1 dmu."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2, kstest, norm

from pipeline.tuning.measures.information import Information, weighted_information
from pipeline.tuning.measures.measure import measures
from pipeline.tuning.measures.tension import suspiciousness
from priors.distributions import uniform
from tests.tuning.fake_results import case, results
from tests.tuning.toys import gaussian_log_likelihood, nested_points, toy_problem

LOG_VOLUME = 40.0


def exact(peak, covariance, error=0.0):
    """Information of a Gaussian likelihood with this peak of ln L in a large box."""
    d = len(covariance)
    log_z = peak + 0.5 * np.linalg.slogdet(2 * np.pi * covariance)[1] - LOG_VOLUME
    fit = peak - 0.5 * d
    return Information(
        log_z=log_z, log_z_error=error, mean_log_likelihood=fit, mean_log_likelihood_error=error,
        cost=fit - log_z, cost_error=error, dimensionality=float(d), dimensionality_error=error,
        dimensionality_total=float(d), peak_dimensionality=float(d), parameters=d,
        effective_draws=1e4, runs=1, reasons=(),
    )  # fmt: skip


def three(difference, first, second, error=0.0):
    """Both together, A, B: means that differ by `difference`, covariances `first`, `second`."""
    together = np.linalg.inv(np.linalg.inv(first) + np.linalg.inv(second))
    peak = -0.5 * difference @ np.linalg.solve(first + second, difference)
    return exact(peak, together, error), exact(0.0, first, error), exact(0.0, second, error)


def covariances(ndim, rng):
    roots = rng.standard_normal((2, ndim, ndim)) + 2 * np.eye(ndim)
    return roots[0] @ roots[0].T, 0.3 * roots[1] @ roots[1].T


@pytest.mark.parametrize("ndim", [2, 5, 10])
def test_closed_form(ndim):
    rng = np.random.default_rng(ndim)
    first, second = covariances(ndim, rng)
    difference = np.linspace(0.5, 2.0, ndim)
    result = suspiciousness(*three(difference, first, second), rng)
    distance = difference @ np.linalg.solve(first + second, difference)
    assert result.log_s == pytest.approx(0.5 * ndim - 0.5 * distance)
    assert result.dimensionality == pytest.approx(ndim)
    assert result.chi2 == pytest.approx(distance)
    assert result.p_value == pytest.approx(chi2.sf(distance, ndim))
    assert result.p_low == pytest.approx(result.p_value)
    assert result.reasons == ()
    # ln R: the overlap of the two, N(dmu; 0, C_A + C_B), times the volume of the prior
    overlap = -0.5 * (distance + np.linalg.slogdet(2 * np.pi * (first + second))[1])
    assert result.log_r == pytest.approx(LOG_VOLUME + overlap)


def test_p_value_is_uniform_without_tension():
    rng = np.random.default_rng(1)
    first, second = covariances(4, rng)
    root = np.linalg.cholesky(first + second)
    results = [
        suspiciousness(*three(root @ rng.standard_normal(4), first, second), rng)
        for _ in range(300)
    ]
    assert kstest([r.p_value for r in results], "uniform").pvalue > 1e-3
    # two-sided: sigma is half-normal
    assert kstest([r.sigma for r in results], "halfnorm").pvalue > 1e-3


def test_five_sigma_is_called_so():
    """One shared parameter, 5 sd apart."""
    rng = np.random.default_rng(2)
    result = suspiciousness(*three(np.array([5.0]), np.eye(1) * 0.5, np.eye(1) * 0.5), rng)
    assert result.sigma == pytest.approx(5.0, abs=1e-6)
    assert result.log_s == pytest.approx(-12.0)


def test_errors_add_up_and_widen_the_p_value():
    rng = np.random.default_rng(3)
    first, second = covariances(3, rng)
    difference = np.array([1.0, 3.0, 2.0])
    result = suspiciousness(*three(difference, first, second, error=0.1), rng)
    assert result.log_s_error == pytest.approx(0.1 * np.sqrt(3))
    assert result.dimensionality_error == pytest.approx(0.1 * np.sqrt(3))
    assert result.p_low < result.p_value < result.p_high
    # to first order: dp = 2 pdf(chi2) d(ln S) from ln S alone, and more with d_S
    least = 2 * chi2.pdf(result.chi2, result.dimensionality) * result.log_s_error
    assert 0.5 * (result.p_high - result.p_low) > 0.9 * least


def sampled(log_likelihood, mean, covariance, seed):
    """Information of exact weighted points in a box of +- 10."""
    problem = toy_problem(log_likelihood, [uniform(-10.0, 10.0)] * len(mean))
    rng = np.random.default_rng(seed)
    scales = (1.2, 2.0, 4.0, 8.0)
    return weighted_information(nested_points(problem, mean, covariance, rng, 40_000, scales))


def test_from_weighted_points_with_a_parameter_that_only_one_data_set_sees():
    """A sees x0 and x1, B sees x0: one parameter is shared, x1 cancels, as an amplitude would."""
    a, b = np.array([1.0, 0.0]), -0.6
    first, second = np.array([[0.5, 0.2], [0.2, 0.3]]), 0.8
    log_a = gaussian_log_likelihood(a, first)

    def log_b(theta):
        return -0.5 * (theta[:, 0] - b) ** 2 / second

    precision = np.linalg.inv(first) + np.diag([1.0 / second, 0.0])
    together = np.linalg.inv(precision)
    mean = together @ (np.linalg.solve(first, a) + np.array([b / second, 0.0]))
    result = suspiciousness(
        sampled(lambda theta: log_a(theta) + log_b(theta), mean, together, 1),
        sampled(log_a, a, first, 2),
        sampled(log_b, [b, 0.0], np.diag([second, 16.0]), 3),
        np.random.default_rng(4),
    )
    distance = (a[0] - b) ** 2 / (first[0, 0] + second)
    assert result.log_s_error < 0.05
    assert result.dimensionality_error < 0.1
    assert result.log_s == pytest.approx(0.5 - 0.5 * distance, abs=4 * result.log_s_error)
    assert result.dimensionality == pytest.approx(1.0, abs=4 * result.dimensionality_error)
    assert result.sigma == pytest.approx(norm.isf(0.5 * chi2.sf(distance, 1)), abs=0.15)


def test_nothing_in_common_has_no_p_value():
    """A sees x0, B sees x1."""
    log_a = gaussian_log_likelihood(np.zeros(1), np.eye(1))
    result = suspiciousness(
        sampled(lambda t: log_a(t[:, :1]) + log_a(t[:, 1:]), np.zeros(2), np.eye(2), 1),
        sampled(lambda t: log_a(t[:, :1]), np.zeros(2), np.diag([1.0, 16.0]), 2),
        sampled(lambda t: log_a(t[:, 1:]), np.zeros(2), np.diag([16.0, 1.0]), 3),
        np.random.default_rng(4),
    )
    assert result.dimensionality == pytest.approx(0.0, abs=4 * result.dimensionality_error)
    assert np.isnan([result.p_value, result.p_low, result.p_high, result.sigma]).all()
    assert any("undefined" in reason for reason in result.reasons)


def test_doubts_of_the_parts_are_passed_on():
    both, first, second = three(np.zeros(2), np.eye(2), np.eye(2))
    doubtful = Information(**{**vars(second), "reasons": ("only 3 effective draws",)})
    result = suspiciousness(both, first, doubtful, np.random.default_rng(5))
    assert result.reasons == ("the second: only 3 effective draws",)


def information_of(mean_log_likelihood, dimensionality):
    return replace(
        exact(0.0, np.eye(3)),
        mean_log_likelihood=mean_log_likelihood,
        dimensionality=dimensionality,
    )


def test_tension_is_told_where_the_shared_parameters_cannot_be_counted():
    """ln S = -6: for 1 parameter chi2 = 13, 3.6 sigma; for 3 chi2 = 15, 3.1 sigma."""
    both, one = information_of(-6.0, 6.0), information_of(0.0, 3.0)
    result = suspiciousness(both, one, one, np.random.default_rng(0))
    assert np.isnan(result.sigma)
    (reason,) = result.reasons
    assert "3.1 to 3.6 sigma for 3 to 1 parameters" in reason


@pytest.mark.parametrize(("log_s", "told"), [(-2.51, True), (-2.49, False)])
def test_uncountable_tension_is_told_from_ln_s_of_minus_2_5_on(log_s, told):
    """chi2 = 6 for 1 parameter, 2.4 sigma."""
    both, one = information_of(log_s, 6.0), information_of(0.0, 3.0)
    (reason,) = suspiciousness(both, one, one, np.random.default_rng(0)).reasons
    assert ("ln S tells of tension" in reason) is told


@pytest.mark.parametrize(("shared", "counts"), [(0.49, False), (0.51, True)])
def test_half_a_shared_parameter_is_needed_for_a_p_value(shared, counts):
    both, one = information_of(-1.0, 6.0 - shared), information_of(0.0, 3.0)
    result = suspiciousness(both, one, one, np.random.default_rng(0))
    assert np.isfinite(result.p_value) == np.isfinite(result.sigma_error) == counts
    assert any("no number of shared parameters" in r for r in result.reasons) is not counts


def test_sigma_has_the_error_of_the_number_of_parameters():
    both, one = information_of(-6.0, 3.0), information_of(0.0, 3.0)
    result = suspiciousness(both, one, one, np.random.default_rng(0))
    ends = [norm.isf(0.5 * chi2.sf(d + 12.0, d)) for d in (1.5, 4.5)]
    assert result.sigma_error == pytest.approx(0.5 * (ends[0] - ends[1]))


def test_an_impossible_chi2_is_told():
    both, one = information_of(4.0, 3.0), information_of(0.0, 3.0)
    result = suspiciousness(both, one, one, np.random.default_rng(0))
    assert np.isnan(result.sigma)
    assert "below 0" in result.reasons[0]


@pytest.mark.parametrize("changes", [{"variant": "no_peak"}, {"transport": "full"}])
def test_parts_of_another_variant_or_transport_are_not_its_parts(changes):
    """A variant of which protons and B/C are not made by themselves has no tension."""
    parts = [
        results(case("two_phase", selection=one), information=information_of(-6.0, 6.0))
        for one in ("both", "proton", "bc")
    ]
    other = results(replace(case("two_phase"), **changes), information=information_of(-9.0, 6.0))
    every = [*parts, other]
    make = measures()["tension"].make
    assert make(other, every) is None
    assert make(parts[0], every).log_s == make(parts[0], parts).log_s
