"""Estimators of evidence side by side on a Gaussian whose evidence is known."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.accuracy.evidence import importance_run, row, tail_ratios, width_ratios
from tests.toy_problems import GaussianProblem


@pytest.fixture(scope="module")
def reference():
    problem = GaussianProblem(ndim=3, rho=0.5, mean=[1.0, -2.0, 3.0])
    return problem, importance_run(problem, 12_000, walkers=20, warm_up=400, steps=400)


def test_importance_sampling_finds_evidence_and_widths(reference):
    problem, run = reference
    assert run.log_z == pytest.approx(problem.log_evidence, abs=5.0 * run.log_z_error)
    assert 3000 < run.n_eff < 12_000
    assert run.log_z_error < 0.02
    weights = run.weights
    assert weights.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(weights @ run.theta, problem.mean, atol=0.08)
    np.testing.assert_allclose(run.log_volume + run.log_likelihood - run.log_z, run.log_weight)


def test_a_run_without_a_tail_is_seen(reference):
    _, run = reference
    there = run.theta[:, 1] < np.quantile(run.theta[:, 1], 0.97)
    cut = replace(run, theta=run.theta[there], log_weight=run.log_weight[there])
    assert np.argmin(tail_ratios(cut, run)) == 3 + 1  # the upper tail of the second
    assert tail_ratios(cut, run).min() < 0.8
    assert width_ratios(cut, run)[1] < 0.99
    assert row("whole", run, run).count("| 1.00 |") == 2
