"""Verdicts on chains whose truth is known."""

import emcee
import numpy as np
import pytest

from pipeline.posterior.convergence import assess, burn_in, stuck_walkers
from pipeline.posterior.effective import bulk_and_tail, integrated_time
from pipeline.posterior.verdict import Verdict

NAMES = ("a", "log10_b")


def autoregressive(rng, shape, rho, offset=0.0):
    """AR(1) along axis 0 with unit variance; tau = (1 + rho) / (1 - rho)."""
    x = np.empty(shape)
    x[0] = rng.normal(size=shape[1:])
    for i in range(1, shape[0]):
        x[i] = rho * x[i - 1] + np.sqrt(1 - rho**2) * rng.normal(size=shape[1:])
    return x + offset


def good_chains(rng, n=3000, rho=0.8, ensembles=4, walkers=8):
    chain = np.stack([autoregressive(rng, (n, walkers, 2), rho) for _ in range(ensembles)])
    return chain, -0.5 * np.sum(chain**2, axis=-1)


@pytest.fixture
def rng():
    return np.random.default_rng(2)


def test_integrated_time_of_a_known_process(rng):
    found = integrated_time(autoregressive(rng, (4000, 20), 0.9))
    assert found == pytest.approx(19.0, rel=0.08)


def test_integrated_time_is_that_of_emcee(rng):
    series = autoregressive(rng, (1500, 12), 0.7)
    theirs = emcee.autocorr.integrated_time(series, quiet=True)[0]
    assert integrated_time(series) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [0.0, 1e-170])
def test_no_time_without_a_variance(rng, size):
    """Nothing is claimed, and nothing divided by zero, where a walker does not move, or by so
    little that the squares are below the least double: its draws may be worth one."""
    series = autoregressive(rng, (500, 6), 0.7)
    assert integrated_time(series) > 1.0
    series[:, 2] *= size
    assert np.isnan(integrated_time(series))


def test_long_series_are_thinned_without_harm(rng):
    series = autoregressive(rng, (20_000, 6), 0.97)
    theirs = emcee.autocorr.integrated_time(series, quiet=True)[0]
    assert integrated_time(series) == pytest.approx(theirs, rel=0.1)


def test_converged(rng):
    verdict = assess(*good_chains(rng), NAMES, min_n_tau=150)
    assert verdict.converged
    assert verdict.reasons == ()
    assert verdict.label == "converged"
    for name in NAMES:
        assert verdict.tau[name] == pytest.approx(9.0, rel=0.15)
        assert verdict.rhat[name] < 1.01
        promised = 32 * verdict.n_tau[name]
        assert verdict.ess_bulk[name] == pytest.approx(promised, rel=0.2)
        assert 0.5 * promised < verdict.ess_tail[name] < 2.0 * promised
        assert verdict.ess[name] == min(verdict.ess_bulk[name], verdict.ess_tail[name])
    assert verdict.effective_draws == min(verdict.ess[name] for name in NAMES)
    assert verdict.remarks == ()
    assert verdict.burn_in >= 5 * 8


def test_thinned_storage_gives_times_in_sampler_steps(rng):
    chain, log_prob = good_chains(rng)
    full = assess(chain, log_prob, NAMES)
    thinned = assess(chain[:, 4::5], log_prob[:, 4::5], NAMES, thin=5)
    assert thinned.steps == full.steps == 3000
    assert thinned.tau["a"] == pytest.approx(full.tau["a"], rel=0.3)


def test_too_short(rng):
    verdict = assess(*good_chains(rng, n=700), NAMES, min_n_tau=150)
    assert not verdict.converged
    assert any("N/tau = " in r and "< 150 for log10_b" in r for r in verdict.reasons)
    assert verdict.banner().startswith("*** NOT CONVERGED ***")


def test_one_ensemble_elsewhere(rng):
    """Every chain is long enough by itself; only the comparison shows that one is stuck."""
    chain, log_prob = good_chains(rng)
    chain[2, ..., 1] += 2.0
    verdict = assess(chain, log_prob, NAMES, min_effective_draws=0)
    (reason,) = verdict.reasons
    assert reason.startswith("R-hat = ")
    assert "across ensembles for log10_b" in reason


def test_one_ensemble_narrower_has_the_right_mean_and_is_still_found(rng):
    chain, log_prob = good_chains(rng)
    chain[1, ..., 0] *= 0.5
    assert any("R-hat" in r and r.endswith("for a") for r in assess(chain, log_prob, NAMES).reasons)


def test_frozen_walker_is_not_converged_and_named(rng):
    chain, log_prob = good_chains(rng)
    chain[1, 10:, 3] = chain[1, 10, 3]
    log_prob[1, 10:, 3] = log_prob[1, 10, 3]
    verdict = assess(chain, log_prob, NAMES)
    assert not verdict.converged
    assert np.isnan(verdict.tau["a"])
    assert any("log10_b is undefined" in r for r in verdict.reasons)
    assert any(r.startswith("walker 3 of ensemble 1 has not moved") for r in verdict.reasons)


def test_stray_walker_is_named(rng):
    chain, log_prob = good_chains(rng)
    log_prob[3, :, 5] -= 500.0
    assert any("walker 5 of ensemble 3" in text for text in stuck_walkers(chain, log_prob))
    assert not assess(chain, log_prob, NAMES).converged


def test_burn_in_covers_the_climb(rng):
    chain, log_prob = good_chains(rng)
    log_prob[:, :300] -= np.linspace(400, 0, 300)[None, :, None]
    assert 280 <= burn_in(chain, log_prob) <= 1500


def test_burn_in_never_takes_more_than_half(rng):
    chain, log_prob = good_chains(rng, n=100, rho=0.99)
    assert burn_in(chain, log_prob) <= 50
    chain, log_prob = good_chains(rng, n=400)
    chain[0, 200:, 0] = 1.0  # frozen: tau is unknown
    assert burn_in(chain, log_prob) == 200


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 20])
def test_hardly_any_steps(rng, n):
    chain, log_prob = good_chains(rng, n=max(n, 1))
    verdict = assess(chain[:, :n], log_prob[:, :n], NAMES)
    assert not verdict.converged
    assert "NOT CONVERGED" in verdict.banner()


def test_one_ensemble_compares_its_halves(rng):
    chain, log_prob = good_chains(rng, ensembles=1)
    assert assess(chain, log_prob, NAMES).converged
    chain[0, 1800:, :, 0] += 1.5
    reasons = assess(chain, log_prob, NAMES).reasons
    assert any("between the halves of the one ensemble for a" in r for r in reasons)


def test_verdict_survives_the_file(rng, tmp_path):
    chain, log_prob = good_chains(rng, n=200)
    chain[0, :, 0] = 1.0  # NaN among the numbers
    verdict = assess(chain, log_prob, NAMES)
    verdict.save(tmp_path)
    again = Verdict.load(tmp_path)
    assert repr(again) == repr(verdict)  # NaN != NaN
    assert [p.name for p in tmp_path.iterdir()] == ["convergence.json"]


def with_a_corner(rng):
    """Chains of which one walker stays in a corner for a third of the time."""
    chain, _ = good_chains(rng)
    chain[1, 1000:2000, 3, 1] = 3.0 + 0.2 * chain[1, 1000:2000, 3, 1]
    return chain, -0.5 * np.sum(chain**2, axis=-1)


def test_tau_does_not_see_a_walker_in_a_corner_but_the_effective_draws_do(rng):
    chain, log_prob = with_a_corner(rng)
    verdict = assess(chain, log_prob, NAMES, min_effective_draws=0)
    assert verdict.converged  # by tau and R-hat across ensembles
    assert 32 * verdict.n_tau["log10_b"] > 10 * verdict.effective_draws
    assert verdict.effective_draws == verdict.ess["log10_b"]
    remark = verdict.remarks[0]
    assert remark.startswith("walkers stay long at some values of log10_b: ")
    assert remark in verdict.banner()


def test_too_few_effective_draws_are_not_converged(rng):
    chain, log_prob = with_a_corner(rng)
    verdict = assess(chain, log_prob, NAMES)
    assert "effective draws < 1000 of the tails of log10_b" in verdict.reasons[0]
    assert "NOT CONVERGED" in verdict.banner()


def test_long_chains_are_thinned_which_can_only_lower_the_effective_draws(rng):
    short = assess(*good_chains(rng, n=3000, ensembles=1), NAMES)
    long = assess(*good_chains(rng, n=24_000, ensembles=1), NAMES)
    assert 2 * short.ess["a"] < long.ess["a"] < 8 * 1.3 * short.ess["a"]


def test_draws_are_worth_no_more_than_there_are():
    """Of series that alternate, ArviZ tells more effective draws than draws."""
    rng = np.random.default_rng(1)
    series = rng.normal(size=(1, 200, 4)) * np.where(np.arange(200) % 2, 1.0, 0.1)[:, None]
    series[:, 1::2] = -series[:, ::2] + 0.01 * rng.normal(size=(1, 100, 4))
    bulk, tail = bulk_and_tail(series)
    assert bulk == 800.0
    assert tail <= 800.0
