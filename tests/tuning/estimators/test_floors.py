"""Floors known by hand, for both criteria."""

import numpy as np
import pytest

from pipeline.tuning.estimators.criteria import CRITERIA
from pipeline.tuning.estimators.floors import find_floor
from priors.constraints import Constraint
from tests.tuning.toy_ratios import ratio_problem


def search(problem, criterion, seed=0, n=4):
    starts = problem.sample_prior(n, np.random.default_rng(seed))
    return find_floor(problem, CRITERIA[criterion], starts, np.full(problem.ndim, 0.58))


def two_demands(theta):
    """x0 should be 0.3 and -0.1 at once; the others should be 0.2."""
    rest = theta[:, 1:] - 0.2
    return np.column_stack([theta[:, 0] - 0.3, theta[:, 0] + 0.1, rest])


@pytest.mark.parametrize(("criterion", "expected"), [("max", 0.2), ("rms", np.sqrt(0.02))])
def test_contradictory_data(criterion, expected):
    """Halfway: each demand is missed by 0.2, which is sqrt(0.2^2 / 2) with half the weight."""
    problem = ratio_problem(two_demands, 4, widths=[1, 1, 1, 1, 0])
    if criterion == "rms":
        expected = np.sqrt(2 * 0.2**2 / 4)
    floor = search(problem, criterion)
    assert floor.g == pytest.approx(expected, rel=1e-4)
    assert floor.theta[0] == pytest.approx(0.1, abs=1e-3)
    assert floor.spread < 1e-4
    assert CRITERIA[criterion].distance(problem, floor.theta)[0] == floor.g


def test_weights_move_the_floor_of_the_rms_only():
    """Weights 3:1: x0 = 0.2, so 0.1 and 0.3 are missed: g^2 = (3 0.01 + 0.09) / 4."""
    problem = ratio_problem(lambda x: two_demands(x)[:, :2], 1, widths=[3, 1])
    floor = search(problem, "rms")
    assert floor.theta[0] == pytest.approx(0.2, abs=1e-3)
    assert floor.g == pytest.approx(np.sqrt(0.03), rel=1e-4)
    assert search(problem, "max").g == pytest.approx(0.2, rel=1e-4)


@pytest.mark.parametrize("criterion", ["max", "rms"])
def test_a_floor_at_the_bounds_of_the_prior(criterion):
    problem = ratio_problem(lambda x: x - 1.5, 3)
    floor = search(problem, criterion)
    assert floor.g == pytest.approx(0.5, rel=1e-6)
    np.testing.assert_allclose(floor.theta, 1.0, atol=1e-6)


def test_a_floor_at_a_wall():
    """x0 < 0.4 is a constraint, which the search only meets as impossible states."""
    problem = ratio_problem(lambda x: x - 0.5, 2, constraints=[Constraint("x0", high=0.4)])
    floor = search(problem, "max")
    assert floor.theta[0] < 0.4
    assert floor.g == pytest.approx(0.1, abs=0.005)


@pytest.mark.parametrize("criterion", ["max", "rms"])
def test_curved_ratios(criterion):
    """A parabola and a cubic with a common root, far from straight over the prior."""

    def ratios(x):
        return np.column_stack([x[:, 1] - 2 * x[:, 0] ** 2 + 0.5, x[:, 0] ** 3 - x[:, 1] - 0.375])

    floor = search(ratio_problem(ratios, 2), criterion)
    assert floor.g < 1e-4
