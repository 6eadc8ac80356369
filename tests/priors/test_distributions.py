"""Every family against scipy: density, normalisation, CDF and its inverse, draws, Jacobians."""

import itertools
import math
import timeit

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from priors.distributions import (
    distribution_from_table,
    log_normal,
    log_uniform,
    normal,
    truncated_normal,
    uniform,
)
from priors.product import ProductPrior
from transport.errors import CrtuneError

LN10 = math.log(10.0)


def truncated(mean, sd, low, high):
    return stats.truncnorm((low - mean) / sd, (high - mean) / sd, loc=mean, scale=sd)


CASES = {
    "uniform": (uniform(-1.0, 3.0), stats.uniform(-1.0, 4.0)),
    "log_uniform": (log_uniform(1e-3, 20.0), stats.loguniform(1e-3, 20.0)),
    "normal": (normal(4.2, 0.1), stats.norm(4.2, 0.1)),
    "truncated": (truncated_normal(4.2, 0.1, 4.02, 4.7), truncated(4.2, 0.1, 4.02, 4.7)),
    "one-sided": (truncated_normal(0.65, 0.1, low=0.0), truncated(0.65, 0.1, 0.0, np.inf)),
    "lower tail": (truncated_normal(0, 1, -9.0, -6.0), truncated(0, 1, -9.0, -6.0)),
    "upper tail": (truncated_normal(0, 1, 6.0, 9.0), truncated(0, 1, 6.0, 9.0)),
    "log_normal": (log_normal(250.0, 0.1), stats.lognorm(0.1 * LN10, scale=250.0)),
}


@pytest.mark.parametrize(("ours", "scipys"), CASES.values(), ids=CASES)
class TestAgainstScipy:
    def test_logpdf_inside_and_outside(self, ours, scipys):
        x = scipys.ppf(np.linspace(0.001, 0.999, 41))
        np.testing.assert_allclose(ours.logpdf(x), scipys.logpdf(x), rtol=1e-9, atol=1e-9)
        low, high = scipys.support()
        outside = [v for v in (low - 1.0, high + 1.0) if math.isfinite(v)]
        assert np.isneginf(ours.logpdf(np.array(outside))).all()

    def test_cdf(self, ours, scipys):
        x = scipys.ppf(np.linspace(0.001, 0.999, 41))
        np.testing.assert_allclose(ours.cdf(x), scipys.cdf(x), rtol=1e-9, atol=1e-12)

    def test_ppf(self, ours, scipys):
        u = np.linspace(0.001, 0.999, 41)
        np.testing.assert_allclose(ours.ppf(u), scipys.ppf(u), rtol=1e-9, atol=1e-12)

    def test_draws(self, ours, scipys):
        draws = ours.rvs(20_000, np.random.default_rng(3))
        assert stats.kstest(draws, scipys.cdf).pvalue > 1e-3

    def test_density_of_the_coordinate_is_normalised(self, ours, scipys):
        positive = ours.log or ours.low > 0
        for scale in ["linear", "log10"] if positive else ["linear"]:
            product = ProductPrior([ours], [scale])
            nodes = product.inverse_cdf(np.linspace(1e-9, 1 - 1e-9, 30)[:, None])[:, 0]

            def density(t, product=product):
                return math.exp(product.log_density(np.array([[t]]))[0])

            total = sum(
                integrate.quad(density, a, b, epsrel=1e-10)[0] for a, b in itertools.pairwise(nodes)
            )
            assert total == pytest.approx(1.0, abs=1e-7)


def test_truncated_log_normal_is_a_truncated_normal_of_the_log():
    ours = log_normal(2.0, 0.3, low=1.0, high=3.0)
    scipys = truncated(math.log10(2.0), 0.3, 0.0, math.log10(3.0))
    u = np.linspace(0.01, 0.99, 9)
    np.testing.assert_allclose(ours.ppf(u), 10 ** scipys.ppf(u), rtol=1e-10)
    x = ours.ppf(u)
    np.testing.assert_allclose(
        ours.logpdf(x), scipys.logpdf(np.log10(x)) - np.log(x * LN10), rtol=1e-9
    )


def test_product_is_the_sum_over_parameters_with_jacobians():
    distributions = [uniform(0.5, 2.0), log_uniform(0.1, 10.0), log_normal(3.0, 0.2), normal(0, 1)]
    scales = ["log10", "linear", "log10", "linear"]
    product = ProductPrior(distributions, scales)
    theta = product.inverse_cdf(np.random.default_rng(4).random((50, 4)))
    expected = np.zeros(50)
    for d, scale, t in zip(distributions, scales, theta.T, strict=True):
        value = 10**t if scale == "log10" else t
        expected += d.logpdf(value) + (np.log(value * LN10) if scale == "log10" else 0.0)
    np.testing.assert_allclose(product.log_density(theta), expected, rtol=1e-12)
    np.testing.assert_allclose(product.terms(theta).sum(axis=1), expected, rtol=1e-12)


def test_product_is_minus_infinity_outside_and_for_nan():
    product = ProductPrior([uniform(0, 1), log_uniform(0.1, 1), normal(0, 1)], ["linear"] * 3)
    theta = np.tile([0.5, 0.5, 0.0], (6, 1))
    theta[1, 0], theta[2, 1], theta[3, 2], theta[4, 1], theta[5, 0] = 1.5, -1, np.nan, 0, np.inf
    with np.errstate(all="raise"):
        log_density = product.log_density(theta)
    np.testing.assert_array_equal(np.isfinite(log_density), [True] + [False] * 5)
    assert not np.isnan(log_density).any()


def test_product_cdf_is_that_of_each_distribution_and_inverts_inverse_cdf():
    distributions = [ours for ours, _ in CASES.values()] + [uniform(0.5, 2.0), log_uniform(0.1, 1)]
    scales = ["linear"] * (len(distributions) - 2) + ["log10", "log10"]
    product = ProductPrior(distributions, scales)
    u = np.random.default_rng(6).random((200, len(distributions)))
    theta = product.inverse_cdf(u)
    np.testing.assert_allclose(product.cdf(theta), u, rtol=1e-9, atol=1e-12)
    theta_of = zip(distributions, scales, theta.T, strict=True)
    each = [d.cdf(10.0**t if scale == "log10" else t) for d, scale, t in theta_of]
    np.testing.assert_allclose(product.cdf(theta), np.transpose(each), rtol=1e-9, atol=1e-12)


def test_product_cdf_outside_the_support():
    product = ProductPrior(
        [uniform(0, 1), log_uniform(0.1, 1), truncated_normal(0, 1, 6.0, 9.0), normal(0, 1)],
        ["linear"] * 4,
    )
    outside = np.array([[-1.0, -1.0, 5.0, -np.inf], [2.0, 2.0, 10.0, np.inf]])
    np.testing.assert_array_equal(product.cdf(outside), [[0.0] * 4, [1.0] * 4])
    assert np.isnan(product.cdf(np.full((1, 4), np.nan))).all()


@st.composite
def distributions(draw):
    family = draw(st.sampled_from(["uniform", "log_uniform", "truncated_normal", "log_normal"]))
    if family in ("uniform", "log_uniform"):
        low = draw(st.floats(1e-6, 1e6))
        high = low * draw(st.floats(1.001, 1e6))
        return uniform(low, high) if family == "uniform" else log_uniform(low, high)
    centre = draw(st.floats(1e-3, 1e3))
    if family == "log_normal":
        return log_normal(centre, draw(st.floats(0.01, 2.0)))
    sd = centre * draw(st.floats(0.01, 10.0))
    low = centre + sd * draw(st.floats(-8.0, 8.0))
    return truncated_normal(centre, sd, low, low + sd * draw(st.floats(0.1, 8.0)))


@given(d=distributions(), u=st.floats(0.0, 1.0))
@settings(max_examples=200, deadline=None)
def test_cdf_inverts_ppf(d, u):
    value = float(d.ppf(u))
    assert d.cdf(value) == pytest.approx(u, abs=1e-6)
    low, high = d.support
    assert low * (1 - 1e-12) - 1e-12 <= value <= high * (1 + 1e-12) + 1e-12 or low < 0


@given(d=distributions(), u=st.floats(1e-6, 1 - 1e-6), scale=st.sampled_from(["linear", "log10"]))
@settings(max_examples=200, deadline=None)
def test_density_of_the_coordinate_is_the_slope_of_the_cdf(d, u, scale):
    if scale == "log10" and not d.log and not d.low > 0:
        return
    product = ProductPrior([d], [scale])
    below, t, above = product.inverse_cdf(np.clip(u + np.array([[-1e-7], [0], [1e-7]]), 0, 1))[:, 0]
    if above - below > 1e-8 * abs(t):
        slope = 2e-7 / (above - below)
        assert product.log_density(np.array([[t]]))[0] == pytest.approx(math.log(slope), abs=0.05)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"distribution": "uniform", "low": 1.0, "high": 1.0}, ["zero width", "1.0"]),
        ({"distribution": "log_uniform", "low": 2.0, "high": 2.0}, ["zero width"]),
        ({"distribution": "uniform", "low": 2.0, "high": 1.0}, ["inverted", "2.0", "1.0"]),
        ({"distribution": "uniform", "low": 0.0, "high": math.inf}, ["finite"]),
        ({"distribution": "log_uniform", "low": -3.0, "high": -2.0}, ["above 0", "not their logs"]),
        ({"distribution": "log_uniform", "low": 0.0, "high": 2.0}, ["above 0"]),
        ({"distribution": "normal", "mean": 0.0, "sd": -0.1}, ["sd", "-0.1"]),
        ({"distribution": "normal", "mean": 0.0, "sd": 0.0}, ["sd", "above 0"]),
        ({"distribution": "log_normal", "median": 0.0, "sd": 0.3}, ["median"]),
        ({"distribution": "log_normal", "median": 1.0, "sd": 0.3, "low": -1.0}, ["low"]),
        (
            {
                "distribution": "truncated_normal",
                "mean": 0.0,
                "sd": 1e-20,
                "low": 1e3,
                "high": 2e3,
            },
            ["of its Gaussian"],
        ),
        (
            {"distribution": "log_normal", "median": 1.0, "sd": 0.1, "low": 1e2, "high": 1e3},
            ["1e-89 of its Gaussian", "widen sd"],
        ),
        ({"distribution": "unifrom", "low": 0.0, "high": 1.0}, ["did you mean 'uniform'"]),
        ({"distribution": "uniform", "lo": 0.0, "high": 1.0}, ["did you mean 'low'"]),
        ({"distribution": "uniform", "low": 0.0}, ["needs high"]),
        ({"distribution": "uniform", "low": "0", "high": 1.0}, ["'0'", "number"]),
        ({"distribution": "uniform", "low": True, "high": 2.0}, ["True", "number"]),
        ({"distribution": "uniform", "low": math.nan, "high": 2.0}, ["nan", "number"]),
        ({"low": 0.0, "high": 1.0}, ["distribution"]),
        (3.0, ["no prior"]),
    ],
)
def test_bad_tables_say_what_is_wrong(table, words):
    with pytest.raises(CrtuneError) as caught:
        distribution_from_table(table)
    for word in words:
        assert word in str(caught.value)


def test_a_log10_coordinate_refuses_a_prior_that_reaches_zero():
    with pytest.raises(CrtuneError, match="n_hot is sampled in log10"):
        ProductPrior([uniform(0.0, 1.0)], ["log10"], ["n_hot"])


def test_the_product_is_far_faster_than_frozen_scipy_objects():
    pairs = [CASES[name] for name in ("log_uniform", "truncated", "log_normal", "uniform")] * 5
    product = ProductPrior([ours for ours, _ in pairs], ["linear"] * 20)
    theta = product.inverse_cdf(np.random.default_rng(9).random((32, 20)))

    def loop():
        return sum(
            scipys.logpdf(column) for (_, scipys), column in zip(pairs, theta.T, strict=True)
        )

    np.testing.assert_allclose(product.log_density(theta), loop(), rtol=1e-9)
    fast = min(timeit.repeat(lambda: product.log_density(theta), number=20, repeat=5))
    slow = min(timeit.repeat(loop, number=5, repeat=5)) * 4
    assert slow > 5 * fast
