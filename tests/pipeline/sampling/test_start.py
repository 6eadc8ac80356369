"""Starting points: finite, spread out, never where nothing is possible."""

import numpy as np
import pytest

from pipeline.sampling.start import starting_points
from tests.toy_problems import BananaProblem, GaussianProblem
from transport.errors import CrtuneError


class HalfImpossible(GaussianProblem):
    """-inf for x0 < `edge`, by the likelihood rather than the prior."""

    def __init__(self, edge, **options):
        self.edge = edge
        super().__init__(**options)

    def log_likelihood(self, theta):
        return np.where(theta[:, :1] < self.edge, -np.inf, super().log_likelihood(theta))


@pytest.mark.parametrize("strategy", ["prior", "optimum"])
def test_start_is_finite_and_spread(strategy):
    problem = BananaProblem(ndim=4, bend=0.5)
    coords, columns = starting_points(problem, 20, strategy, np.random.default_rng(1))
    assert coords.shape == (20, 4)
    assert np.isfinite(columns).all()
    np.testing.assert_array_equal(columns, problem.log_prob(coords))
    assert np.linalg.matrix_rank(coords - coords.mean(axis=0)) == 4
    if strategy == "optimum":
        best = problem.log_prob(np.array([[0.0, -0.5, 0.0, -0.5]]))[0, 0]
        assert (columns[:, 0] > best - 25).all()


@pytest.mark.parametrize("strategy", ["prior", "optimum"])
def test_start_avoids_impossible_points(strategy):
    problem = HalfImpossible(0.0, ndim=2)
    coords, columns = starting_points(problem, 30, strategy, np.random.default_rng(1))
    assert np.isfinite(columns).all()
    assert (coords[:, 0] >= 0).all()


@pytest.mark.parametrize("strategy", ["prior", "optimum"])
def test_no_possible_start(strategy):
    with pytest.raises(CrtuneError, match=r"sampling\.start.*finite"):
        starting_points(HalfImpossible(1e9, ndim=2), 8, strategy, np.random.default_rng(1))
