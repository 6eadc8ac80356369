"""The points that set a floor, in words."""

import numpy as np

from pipeline.tuning.measures.floor_points import FloorPoints, floor_points
from pipeline.tuning.measures.measure import measures
from tests.tuning.fake_results import case


def test_points_that_are_farthest_off():
    problem = case().bare_problem
    theta = problem.sample_prior(1, np.random.default_rng(1))[0]
    ratios = problem.likelihood.log_ratios(problem.values(theta[None]))[0]
    found = floor_points(problem, theta)
    centres = np.concatenate([m.rigidity_centre for m in problem.likelihood.datasets.values()])
    far = np.abs(ratios) >= 0.98 * np.abs(ratios).max()
    assert 1 <= found.rigidity.size < ratios.size
    assert np.array_equal(found.rigidity, centres[far])
    assert np.array_equal(found.log_ratio, ratios[far])


def test_neighbours_on_one_side_are_one_text():
    names = ("a", "a", "a", "a", "b")
    what = ("protons",) * 4 + ("interstellar B/C",)
    rigidity, ratio = np.array([180.0, 200.0, 220.0, 350.0, 0.43]), np.array([1, 1, -1, -1, -1])
    found = FloorPoints(names, np.array([3, 4, 5, 8, 0]), what, rigidity, ratio)
    assert found.texts == [
        "protons at 180-200 GV (model above)",
        "protons at 220 GV (model below)",
        "protons at 350 GV (model below)",
        "interstellar B/C at 0.43 GV (model below)",
    ]
    (row,) = measures()["floor_points"].rows(found, None)
    assert row.value == 5
    assert row.note.startswith("protons at 180-200 GV (model above), protons at 220 GV")
