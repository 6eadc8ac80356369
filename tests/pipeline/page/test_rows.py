"""Rows as numbers, and numbers as verdicts."""

import json
import math

import pytest

from pipeline.page.rows import Missing, Number, Rows, read_rows
from pipeline.page.words import bits, odds, verdict
from tests.pipeline.page.rows_of_a_study import row
from transport.checkout import ROOT
from transport.errors import CrtuneError


def test_of_the_same_rows_the_last_counts():
    rows = Rows([row("a", "log_z", 1.0), row("a", "log_z", 2.0)])
    assert rows.number("a", "log_z", transport="full").value == 2.0
    assert rows.find("a", "log_z", transport="paper") is None
    with pytest.raises(Missing):
        rows.number("a", "log_z", "voyager", transport="full")


def test_nulls_are_nothing_in_the_prior_or_nothing_at_all():
    rows = Rows([
        row("a", "x", None, None, note="none: floor 21%"), row("a", "y", None, note="baseline: no"),
    ])  # fmt: skip
    assert rows.number("a", "x", transport="full").is_none
    assert rows.find("a", "y", transport="full") is None
    assert rows.note("a", "y", transport="full") == "baseline: no"


@pytest.mark.parametrize(
    "change",
    [{"value": "abc"}, {"value": [1]}, {"note": None}, {"run": 3}, {"unit": 1}, {"error": {}}],
)
def test_what_is_no_row_is_told_with_its_file(tmp_path, change):
    path = tmp_path / "tuning.json"
    path.write_text(json.dumps({"entries": [row("a", "x", 1.0) | change]}))
    with pytest.raises(CrtuneError, match=r"tuning\.json: has no rows"):
        read_rows([path])
    for entries in (["a"], {"a": 1}, [{"run": "a"}]):
        path.write_text(json.dumps({"entries": entries}))
        with pytest.raises(CrtuneError, match=r"tuning\.json: has no rows"):
            read_rows([path])


def test_the_committed_rows_can_be_read():
    rows = Rows(read_rows([ROOT / "docs" / "tuning" / "tuning.json"]))
    assert "two_phase" in rows.having("acceptable_max_1")


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ((7.0, 0.1), (6.0, 0.1), "more"),
        ((6.0, 0.1), (7.0, 0.1), "less"),
        ((6.4, 0.1), (6.0, 0.1), "same"),
        ((7.0, 0.5), (6.0, 0.5), "same"),  # 1.4 errors
        ((math.inf, math.nan), (33.0, 0.1), "more"),
        ((33.0, 0.1), (math.inf, math.nan), "less"),
        ((math.inf, math.nan), (math.inf, math.nan), ""),
        ((31.0, math.nan, "lower bound"), (6.0, 0.1), "more"),
        ((31.0, math.nan, "lower bound"), (33.0, 0.1), ""),
        ((6.0, 0.1), (31.0, math.nan, "lower bound"), "less"),
        ((math.inf, math.nan), (31.0, math.nan, "lower bound"), "more"),
    ],
)
def test_verdicts(one, other, told):
    assert verdict(Number(*one), Number(*other)) == told


def test_differences_of_what_is_no_number():
    with pytest.raises(Missing):
        Number(31.0, note="lower bound") - Number(6.0)
    difference = Number(7.0, 0.3, "NOT CONVERGED") - Number(6.0, 0.4)
    assert (difference.value, difference.error) == (1.0, 0.5)
    assert difference.is_unconverged


def test_words():
    assert bits(Number(6.728, 0.071)) == "6.7 ± 0.1 bits"
    assert bits(Number(31.8, note="lower bound")) == "over 31 bits"
    assert odds(Number(6.728)) == "110"
    assert odds(Number(12.0)) == "4,100"


def test_a_run_without_the_usual_priors_stands_under_its_own():
    rows = Rows([
        row("a", "x", 3.0, priors="wide"), row("a", "x", 2.0), row("b", "x", 5.0, priors="b.toml"),
    ])  # fmt: skip
    assert rows.number("a", "x", transport="full").value == 2.0
    assert rows.number("b", "x", transport="full").value == 5.0
    assert rows.own_priors == {"b": "b.toml"}
