"""Traces: every row, the burn-in, and the walkers that are stuck."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.figures.style import BLACK, save_figure
from pipeline.figures.trace_plot import load_trace, stuck_of, trace_figure
from pipeline.posterior.convergence import assess
from pipeline.posterior.load import load_run
from tests.pipeline.figures.fake_posterior import fake_posterior, make_problem, texts


@pytest.fixture(scope="module")
def stuck():
    """Walker 3 of ensemble 1 does not move in the last three quarters."""
    problem = make_problem("kolmogorov")
    trace = fake_posterior(problem, steps=80)
    chain, log_prob = trace.chain.copy(), trace.log_prob.copy()
    chain[1, 20:, 3] = chain[1, 20, 3]
    log_prob[1, 20:, 3] = log_prob.min() - 50.0
    verdict = assess(chain, log_prob, problem.names)
    return replace(trace, chain=chain, log_prob=log_prob, verdict=verdict), problem


def test_a_row_for_each_coordinate_and_the_log_probability(stuck, tmp_path):
    trace, problem = stuck
    figure = trace_figure(trace, problem, ["H", "kappa_0"], "kolmogorov")
    assert len(figure.axes) == 6
    assert figure.axes[-2].get_xlabel() == "step"
    written = texts(figure)
    for expected in ("ln posterior", "ensemble 1, median of walkers", "walkers that are stuck"):
        assert expected in written
    save_figure(figure, tmp_path / "trace")


def test_stuck_walkers_are_drawn_as_the_verdict_names_them(stuck):
    trace, problem = stuck
    assert "scripts/plot_trace.py" in " ".join(trace.verdict.reasons)
    assert (1, 3) in stuck_of(trace)
    figure = trace_figure(trace, problem, ["H"])
    black = [line for line in figure.axes[0].get_lines() if line.get_color() == BLACK]
    column = problem.names.index("H")
    assert any(np.array_equal(b.get_ydata(), trace.chain[1, :, 3, column]) for b in black)
    low, _ = figure.axes[2].get_ylim()
    assert low < np.median(trace.log_prob[1, :, 3])  # it is not cut off


def test_histograms_leave_the_burn_in_out(stuck):
    trace, problem = stuck
    trace = replace(trace, verdict=replace(trace.verdict, burn_in=40, steps=80))
    figure = trace_figure(trace, problem, ["H"])
    edges = figure.axes[1].patches[0].get_data().edges
    kept = trace.chain[0, 40:, :, problem.names.index("H")]
    shares = figure.axes[1].patches[0].get_data().values
    np.testing.assert_allclose(shares, np.histogram(kept, edges)[0] / kept.size)


def test_a_trace_begins_with_the_first_step(uninterrupted):
    trace = load_trace(uninterrupted)
    assert trace.chain.shape[1] == trace.verdict.steps == 200
    assert np.array_equal(trace.chain[:, 100:], load_run(uninterrupted, 100, 1).chain)
