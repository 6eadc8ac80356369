"""Columns of the summary table on draws whose errors and effective sizes are known."""

import numpy as np
import pytest

from pipeline.posterior.convergence import assess
from pipeline.posterior.load import Posterior
from pipeline.posterior.summary import summarize

WALKERS, STEPS = 16, 4000


def posterior_of(series):
    """One coordinate ``x`` from draws (WALKERS, STEPS) of one ensemble."""
    chain = series.T[None, :, :, None]
    log_prob = -0.5 * chain[..., 0] ** 2
    return Posterior(
        chain, log_prob, {}, ("x",), ("$x$",), ("x",), ("",),
        assess(chain[:, :300], log_prob[:, :300], ("x",)), {},
    )  # fmt: skip


def test_errors_of_mean_and_sd_of_independent_normal_draws():
    """sd / sqrt(n) and sd / sqrt(2 n); numbers of draws are estimated to a few per cent."""
    series = 3.0 * np.random.default_rng(1).standard_normal((WALKERS, STEPS))
    row, _ = summarize(posterior_of(series))
    n = series.size
    assert row["mcse_mean"] == pytest.approx(3.0 / np.sqrt(n), rel=0.1)
    assert row["mcse_sd"] == pytest.approx(3.0 / np.sqrt(2 * n), rel=0.1)
    assert row["ess_bulk"] == pytest.approx(n, rel=0.1)
    assert row["ess_tail"] == pytest.approx(n, rel=0.1)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_tail_is_the_outermost_twentieth_on_either_side(sign):
    """A walker sits in the lowest 5% for 10 steps on average and is independent elsewhere.

    The indicator of the 5% quantile then has the autocorrelation rho^k of a two-state Markov
    chain; that of 2.5% or 10% has half of it, since what it adds or leaves out is independent.
    """
    rng = np.random.default_rng(2)
    share, stay = 0.05, 0.9
    enter = (1.0 - stay) * share / (1.0 - share)
    rho = stay - enter
    inside = rng.random(WALKERS) < share
    series = np.empty((WALKERS, STEPS))
    for step in range(STEPS):
        inside = rng.random(WALKERS) < np.where(inside, stay, enter)
        free = rng.random(WALKERS)
        series[:, step] = np.where(inside, share * free, share + (1.0 - share) * free)
    row, _ = summarize(posterior_of(sign * series))
    tau = (1.0 + rho) / (1.0 - rho)
    assert row["ess_tail"] == pytest.approx(series.size / tau, rel=0.25)
