"""The acceptable fraction against volumes known in closed form, and against nested sampling."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import gammaln

from pipeline.tuning.estimators.acceptable import (
    AcceptableSettings,
    acceptable_fraction,
    combined_bits,
    plain_bits,
    prior_sample,
)
from pipeline.tuning.estimators.criteria import CRITERIA
from pipeline.tuning.estimators.nested import NestedSettings, run_nested
from pipeline.tuning.estimators.subset import SubsetRun, SubsetSettings
from priors.constraints import Constraint
from tests.tuning.toy_ratios import ratio_problem

QUICK = AcceptableSettings(
    points=12, subset=SubsetSettings(walkers=100, repetitions=3, max_bits=20)
)


def measure(problem, criterion, settings=QUICK):
    rng = np.random.default_rng(2)
    sample = prior_sample(problem, settings.draws, rng)
    return acceptable_fraction(problem, criterion, sample, rng, settings)


def check(result, exact, few_sigma=4.0):
    """Within the errors claimed, which are small, wherever there are bits to speak of."""
    with np.errstate(invalid="ignore"):
        pull = (result.bits - exact) / np.maximum(result.bits_error, 0.02)
    assert np.isfinite(result.bits).all()
    assert np.abs(pull).max() < few_sigma
    assert result.bits_error.max() < 0.5
    assert result.agreement < few_sigma


@pytest.mark.parametrize(("ndim", "epsilon_min"), [(5, 0.15), (10, 0.7)])
def test_sup_norm_boxes_behind_a_wall(ndim, epsilon_min):
    """Uniform in [-1, 1]^d with x0 < 0.5: F = (t + min(t, 0.5)) / 1.5 t^(d-1) for t < 1."""
    problem = ratio_problem(lambda x: x, ndim, constraints=[Constraint("x0", high=0.5)])
    result = measure(problem, "max", replace(QUICK, epsilon_min=epsilon_min))
    t = np.minimum(np.log1p(result.epsilon), 1.0)
    check(result, -np.log2((t + np.minimum(t, 0.5)) / 1.5 * t ** (ndim - 1)))
    assert result.floor < 1e-3
    assert result.epsilon[[0, -1]] == pytest.approx([2.0, epsilon_min])


def test_rms_balls():
    """Equal weights: g = |x| / sqrt(d), a ball of radius t sqrt(d), whole below 1."""
    ndim = 5
    settings = AcceptableSettings(epsilon_max=0.5, points=8, subset=QUICK.subset)
    result = measure(ratio_problem(lambda x: x, ndim), "rms", settings)
    radius = np.log1p(result.epsilon) * np.sqrt(ndim)
    log_volume = 0.5 * ndim * np.log(np.pi) - gammaln(0.5 * ndim + 1) + ndim * np.log(radius / 2)
    check(result, -log_volume / np.log(2))


def test_below_the_floor_the_bits_are_infinite():
    """x0 within t of both 0.3 and -0.1: F = (t - 0.2) t^2 in three dimensions, floor 0.2."""
    problem = ratio_problem(lambda x: np.column_stack([x[:, 0] - 0.3, x[:, 0] + 0.1, x[:, 1:]]), 3)
    result = measure(problem, "max")
    t = np.log1p(result.epsilon)
    above, below = t > 0.21, t < 0.2
    assert np.isposinf(result.bits[below]).all()
    assert result.floor == pytest.approx(np.expm1(0.2), rel=1e-3)
    # x0 in [0.3 - t, -0.1 + t], cut at -1; the rest in [-t, t], cut at 1
    length = np.minimum(t - 0.1, 1.0) - np.maximum(0.3 - t, -1.0)
    exact = -np.log2(0.5 * length[above] * np.minimum(t[above], 1.0) ** 2)
    np.testing.assert_allclose(result.bits[above], exact, atol=0.25)


def test_what_is_too_rare_is_not_called_impossible():
    settings = AcceptableSettings(
        points=12, subset=SubsetSettings(walkers=100, repetitions=2, max_bits=8)
    )
    result = measure(ratio_problem(lambda x: x, 6), "max", settings)
    assert np.isnan(result.bits[-1])
    assert result.bits[0] == pytest.approx(0.0, abs=0.01)
    assert result.floor < 1e-3
    exact = -6.0 * np.log2(np.log1p(result.epsilon[-1]))
    assert np.log2(settings.draws / 10) <= result.deepest_bits < exact


def test_nothing_possible_at_all():
    problem = ratio_problem(lambda x: np.full((len(x), 2), np.inf), 2)
    result = measure(problem, "max")
    assert np.isposinf(result.bits).all()
    assert np.isposinf(result.floor)


def test_plain_counts():
    """Uniform g: errors binomial, nothing claimed on fewer than 10 draws."""
    g = (np.arange(1000) + 0.5) / 1000
    bits, error = plain_bits(g, np.array([1.0, 0.5, 0.01, 0.005]))
    np.testing.assert_allclose(bits[:3], [0.0, 1.0, np.log2(100)])
    np.testing.assert_allclose(error[1], np.sqrt(0.5 / 500) / np.log(2))
    assert np.isnan(bits[3])
    assert np.isnan(error[3])


def test_repetitions_combine_to_the_mean_probability():
    """The error is their scatter, or what each claims: 1 / share - 1 over the effective number."""

    def run(log_p, effective):
        return SubsetRun(
            thresholds=np.array([np.inf, 1.0]),
            log_probability=np.array([0.0, log_p]),
            values=(np.array([0.5, 2.0]), np.array([0.5, 0.9])),
            effective=np.full(2, effective),
            memory=np.zeros(2),
            best=np.zeros((1, 1)),
            best_values=np.zeros(1),
            kept=np.zeros((0, 1)),
            calls=1,
        )

    t = np.array([0.95, 0.7, 0.4])
    bits, error = combined_bits([run(np.log(0.25), 1e9), run(np.log(0.75), 1e9)], t)
    np.testing.assert_allclose(bits, [1.0, 2.0, np.nan])
    np.testing.assert_allclose(error[:2], np.log2(3) / np.sqrt(2) / np.sqrt(2))
    bits, error = combined_bits([run(np.log(0.25), 100.0)] * 2, t)
    np.testing.assert_allclose(error[:2], np.sqrt(np.array([3, 4]) / 100 / 2) / np.log(2))


@pytest.mark.slow
def test_nested_sampling_finds_the_same():
    """ln L = -lambda ln g: volumes of a nested run inside each t, with a wall, in four dimensions.

    Any falling function of g would do. F ~ g^4 here, so lambda has to stay below 4 for the evidence
    to be finite; with 3 every range of g has the same share of it, down to where exploring ends.
    """
    ndim, t = 4, np.array([0.5, 0.2, 0.1])
    mixing = np.eye(ndim) + 0.4 * np.eye(ndim, k=1)
    problem = ratio_problem(lambda x: x @ mixing, ndim, constraints=[Constraint("x1", high=0.7)])
    distance = CRITERIA["max"].distance
    run = run_nested(
        problem,
        NestedSettings(n_live=200, n_eff=0, n_shell=100),
        log_likelihood=lambda theta: -3.0 * np.log(distance(problem, theta)),
    )
    g = np.exp(-run.log_likelihood / 3.0)
    nested = [-np.log2(np.exp(run.log_volume[g <= limit]).sum()) for limit in t]
    settings = AcceptableSettings(points=2, epsilon_min=np.expm1(t[-1]), subset=QUICK.subset)
    exact = -np.log2(t**ndim / np.linalg.det(mixing) / 0.85)
    np.testing.assert_allclose(nested, exact, atol=0.3)
    assert measure(problem, "max", settings).bits[-1] == pytest.approx(nested[-1], abs=0.4)
