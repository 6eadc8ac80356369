"""Amplitudes of the discrepancy by themselves: no chain, parameters at their true values."""

import numpy as np
import pytest
from scipy import stats

from pipeline.calibration.mock import mock_problem
from pipeline.calibration.ranks import rank, scaled
from pipeline.config.load import load_config
from pipeline.from_config import build_problem
from pipeline.marginal import Marginal
from tests.cheap_run import write_config

SETS, DRAWS = 200, 99


def test_ranks_of_amplitudes_at_true_parameters_are_uniform(tmp_path):
    """Simulated discrepancies, the likelihood by amplitude and the draws from it agree."""
    problem = build_problem(load_config(write_config(tmp_path / "run.toml")))
    ranks = []
    for number in range(SETS):
        mock, truth = mock_problem(problem, 77, number)
        marginal, rng = Marginal(mock), np.random.default_rng(number)
        levels = [np.repeat(level, DRAWS, axis=0) for level in marginal.by_amplitude(truth[None])]
        uniform = rng.random((2, DRAWS, len(marginal.groups)))
        drawn, _ = marginal.draw(levels, uniform)
        ranks.append([rank(d, truth[c]) for d, c in zip(drawn.T, marginal.columns, strict=True)])
    for column in np.transpose(ranks):
        points = scaled(column, DRAWS)
        assert stats.kstest(points, "uniform").pvalue > 0.01
        assert points.mean() == pytest.approx(0.5, abs=3 * 0.289 / np.sqrt(SETS))
