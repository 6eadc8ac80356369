"""Mock data sets of a run whose true parameters are draws of its prior."""

from __future__ import annotations

import numpy as np

from transport.errors import CrtuneError

_TRIES = 1000


def mock_problem(problem, seed: int, number: int):
    """The problem with mock data in the place of its own, and the truth behind them.

    Truths for which the model has no possible prediction are drawn again: the likelihood is 0
    there, so the posterior knows them as little as the truths do.

    Parameters
    ----------
    problem : a `pipeline.problem.Problem`
    seed, number : of the calibration, of the set; together they fix everything

    Returns
    -------
    problem with mock data, (ndim,) coordinates of the truth

    Raises
    ------
    CrtuneError: no draw of the prior gives possible data
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
    for _ in range(_TRIES):
        truth = problem.sample_prior(1, rng)
        try:
            likelihood = problem.likelihood.simulate(problem.values(truth), rng)
        except CrtuneError:
            continue
        return problem.with_likelihood(likelihood), truth[0]
    raise CrtuneError(
        f"calibration: none of {_TRIES} draws of the prior {problem.prior.source} gives possible "
        "mock data; check the priors' ranges and the cuts of the data"
    )
