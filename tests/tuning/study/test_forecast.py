"""How long a study will go on."""

from types import SimpleNamespace

import pytest

from pipeline.tuning.study.forecast import Forecast


def tasks(*guesses):
    return [SimpleNamespace(guess=guess) for guess in guesses]


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


def test_what_was_there_already_tells_nothing():
    every = tasks(10.0, 10.0)
    ahead = Forecast(every, workers=2)
    ahead.done(every[0], 0.0)
    assert ahead.seconds() is None
    ahead.done(every[1], 5.0)
    assert ahead.seconds() == 0.0
