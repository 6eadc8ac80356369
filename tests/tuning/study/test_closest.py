"""A closer state that another case of the run came upon counts."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.tuning.estimators import criteria
from pipeline.tuning.estimators.criteria import CRITERIA, log_ratios
from pipeline.tuning.measures.acceptable_at import acceptable_at
from pipeline.tuning.study.closest import candidates, lowered, with_lowest_floors
from tests.tuning.fake_results import acceptable, case


def fraction_of(problem, theta, **changes):
    """A fraction whose floor is at `theta`."""
    floor = float(np.expm1(CRITERIA["max"].distance(problem, theta)[0]))
    names = tuple(problem.names)
    return replace(acceptable(floor=floor), names=names, floor_theta=theta, **changes)


@pytest.fixture(scope="module")
def states():
    """The best and the worst of some prior states with Voyager."""
    problem = case(range="voyager").bare_problem
    draws = problem.sample_prior(200, np.random.default_rng(3))
    order = np.argsort(CRITERIA["max"].distance(problem, draws))
    return draws[order[0]], draws[order[-1]]


def test_what_is_close_with_voyager_is_close_at_earth(states):
    best, other = states
    earth, voyager = case(range="earth"), case(range="voyager")
    names = [list(voyager.bare_problem.names).index(n) for n in earth.bare_problem.names]
    far = {"acceptable_max": fraction_of(earth.bare_problem, other[names])}
    near = {"acceptable_max": fraction_of(voyager.bare_problem, best)}
    pool = candidates([far, near])
    found = with_lowest_floors(far, earth, pool)["acceptable_max"]
    expected = CRITERIA["max"].distance(earth.bare_problem, best[names])[0]
    assert found.floor == pytest.approx(np.expm1(expected))
    assert found.floor <= near["acceptable_max"].floor < far["acceptable_max"].floor
    assert np.array_equal(found.floor_theta, best[names])
    # and the best state of all stays where it is
    kept = with_lowest_floors(near, voyager, pool)["acceptable_max"]
    assert kept is near["acceptable_max"]


def test_each_state_is_evaluated_once_for_all_criteria(states, monkeypatch):
    voyager = case(range="voyager")
    best, worst = states
    outside = np.full_like(best, np.inf)
    made = {
        f"acceptable_{name}": replace(fraction_of(voyager.bare_problem, worst), criterion=name)
        for name in CRITERIA
    }
    alone = {name: rule.distance(voyager.bare_problem, best)[0] for name, rule in CRITERIA.items()}
    evaluated = []
    monkeypatch.setattr(
        criteria,
        "log_ratios",
        lambda problem, theta: evaluated.append(len(theta)) or log_ratios(problem, theta),
    )
    pool = [(tuple(voyager.bare_problem.names), theta) for theta in (best, worst, best, outside)]
    found = with_lowest_floors(made, voyager, pool)
    assert evaluated == [2]  # the one outside the prior costs nothing, nor does one twice
    for name, g in alone.items():
        assert found[f"acceptable_{name}"].floor == np.expm1(g)


def test_states_that_lack_a_coordinate_are_not_tried(states):
    earth = case(range="earth")
    names = [list(case(range="voyager").bare_problem.names).index(n)
             for n in earth.bare_problem.names]  # fmt: skip
    made = {"acceptable_max": fraction_of(earth.bare_problem, states[1][names])}
    part = (tuple(earth.bare_problem.names)[1:], states[0][names][1:])
    assert with_lowest_floors(made, earth, [part]) == made


def test_what_was_nothing_becomes_too_rare_to_measure():
    before = acceptable(floor=0.8, reach=1.0)
    after = lowered(before, 0.3, np.array([1.0]))
    assert acceptable_at(before, 0.5)[2].startswith("none")
    bits, _, note = acceptable_at(after, 0.5)
    assert note == "lower bound"
    assert bits == pytest.approx(np.nanmax(np.where(np.isfinite(before.bits), before.bits, 0)))
    assert np.isnan(after.bits[(after.epsilon > 0.3) & (after.epsilon < 0.8)]).all()
    assert np.isinf(after.bits[after.epsilon < 0.3]).all()
    assert after.floor_spread == pytest.approx(0.5 + before.floor_spread)
