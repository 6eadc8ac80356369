"""Bits that a measurement saves, against divergences of Gaussians in closed form."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.tuning.measures.acceptable import REMEMBERED
from pipeline.tuning.measures.measure import measures
from pipeline.tuning.measures.saved import bits_saved
from tests.tuning.fake_results import acceptable, case, results

PRIOR_SD, MEAN, SD, ERROR = 1.0, 0.6, 0.25, 0.1


def exact(mean=MEAN, sd=SD, prior_sd=PRIOR_SD, error=ERROR):
    """Divergence of N(mean, sd^2 + error^2) from N(0, prior_sd^2 + error^2), bits."""
    s2, p2 = sd**2 + error**2, prior_sd**2 + error**2
    return 0.5 * ((s2 + mean**2) / p2 - 1.0 + np.log(p2 / s2)) / np.log(2.0)


def draws(n, seed, mean=MEAN, sd=SD):
    rng = np.random.default_rng(seed)
    states = np.stack([rng.normal(mean, sd, n), rng.normal(0.0, PRIOR_SD, n)], axis=1)
    return states, rng.normal(0.0, PRIOR_SD, (100_000, 2)), rng


def test_a_gaussian_and_a_parameter_that_agreement_does_not_ask_about():
    states, prior, rng = draws(2000, 1)
    found = bits_saved(("a", "b"), states, prior, rng)
    assert abs(found.bits[0] - exact()) < 4 * found.bits_error[0]
    assert abs(found.bits[1]) < 4 * found.bits_error[1]
    assert (found.bits_error < 0.06).all()
    assert not found.is_bound.any()


@pytest.mark.parametrize("n", [200, 1000])
def test_errors_and_bias_are_those_of_repeated_draws(n):
    pulls, plain, bias = [], [], []
    for seed in range(30):
        states, prior, rng = draws(n, seed)
        found = bits_saved(("a", "b"), states, prior, rng)
        pulls.append((found.bits - [exact(), 0.0]) / found.bits_error)
        plain.append(found.bits[1] + found.bias[1])
        bias.append(found.bias[1])
    pulls = np.array(pulls)
    assert (np.abs(pulls.mean(axis=0)) < 4 / np.sqrt(30)).all()
    assert (pulls.std(axis=0) < 1.6).all()
    # of "b" the truth is 0, and without the correction it would be missed
    assert np.mean(plain) == pytest.approx(np.mean(bias), rel=0.4)
    assert np.mean(plain) > 5 * np.std(plain, ddof=1) / np.sqrt(30)


def test_a_narrower_measurement_saves_more():
    states, prior, rng = draws(2000, 3)
    wide, narrow = (
        bits_saved(("a", "b"), states, prior, rng, precision=error).bits[0] for error in (0.5, 0.1)
    )
    assert wide == pytest.approx(exact(error=0.5), abs=0.1)
    assert narrow == pytest.approx(exact(error=0.1), abs=0.1)
    assert narrow > wide + 0.3


def test_copies_widen_the_error():
    states, prior, _ = draws(200, 4)
    once = bits_saved(("a", "b"), states, prior, np.random.default_rng(0))
    copied = bits_saved(("a", "b"), np.repeat(states, 10, axis=0), prior, np.random.default_rng(0))
    assert copied.n_families == 200
    np.testing.assert_allclose(copied.bits, once.bits, atol=1e-9)
    np.testing.assert_allclose(copied.bits_error, once.bits_error, rtol=1e-9)


def test_values_that_the_prior_does_not_reach_are_a_lower_bound():
    states, prior, rng = draws(500, 5, mean=9.0, sd=0.01)
    found = bits_saved(("a", "b"), states, prior, rng)
    assert found.is_bound[0]
    assert not found.is_bound[1]
    assert 10 < found.bits[0] < exact(mean=9.0, sd=0.01)


def test_states_of_chains_that_remember_are_doubted():
    states, prior, rng = draws(300, 6)
    found = bits_saved(("a", "b"), states, prior, rng)
    measure = measures()["bits_saved"]

    def flags(memory):
        fraction = replace(acceptable(), memory=np.full(40, memory))
        rows = list(measure.rows(found, results(case(), acceptable_max=fraction)))
        assert rows[-1].note == "a"
        return {flag for row in rows for flag in row.flags}

    assert flags(0.2) == set()
    assert flags(0.8) == {REMEMBERED}
