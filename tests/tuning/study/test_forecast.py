"""How long a study will go on."""

from types import SimpleNamespace

import pytest

from pipeline.tuning.study.forecast import Forecast


def task(guess, run="a"):
    return SimpleNamespace(guess=guess, case=SimpleNamespace(run=SimpleNamespace(name=run)))


def tasks(*guesses):
    return [task(guess) for guess in guesses]


def test_kinds_go_on_as_they_did_and_others_are_off_by_as_much():
    every = tasks(100.0, 100.0, 100.0, 20.0, 20.0)
    ahead = Forecast(every, workers=2)
    assert ahead.seconds() is None
    assert ahead.text() == ""
    ahead.done(every[0], 300.0)
    # two more of 300 s, two of three times their guess, on two workers
    assert ahead.seconds() == pytest.approx((2 * 300.0 + 2 * 60.0) / 2, abs=1.0)
    assert ahead.text() == "0:06 h left"
    ahead.done(every[3], 10.0)
    assert ahead.seconds() == pytest.approx((2 * 300.0 + 10.0) / 2, abs=1.0)


def test_a_slow_run_does_not_slow_the_others():
    every = [task(100.0, "slow"), task(100.0, "fast"), task(30.0, "slow"), task(30.0, "fast")]
    ahead = Forecast(every, workers=1)
    for one, seconds in zip(every, (400.0, 100.0, 120.0), strict=False):
        ahead.done(one, seconds)
    # the last kind takes 1.2 times the guess of the slow run's, and the fast one a quarter of that
    assert ahead.seconds() == pytest.approx(30.0, rel=0.02)


def test_what_was_there_already_tells_nothing():
    every = tasks(10.0, 10.0)
    ahead = Forecast(every, workers=2)
    ahead.done(every[0], 0.0)
    assert ahead.seconds() is None
    ahead.done(every[1], 5.0)
    assert ahead.seconds() == 0.0
