"""A theory is only held against a baseline that was given the same data in the same way."""

import math
from dataclasses import replace

import pytest

from pipeline.config.load import with_sections
from pipeline.tuning.study.cases import Case
from pipeline.tuning.tables.entries import baseline_of, entries
from tests.tuning.fake_results import (
    case,
    evidence,
    information,
    results,
    stiffness,
)
from tests.tuning.tables.reading import found

OTHER = {
    "range of the data": {"data": {"ams02_proton_2015": {"rigidity_min": 20.0}}},
    "data": {"data": {"ams02_proton_2021": {"rigidity_min": 10.0}}},
    "covariance": {"covariance": {"mode": "diagonal"}},
    "discrepancy": {"discrepancy": {"length": 0.6}},
}


def made(of):
    return results(of, evidence=evidence(), information=information())


def test_the_same_data_are_compared():
    theory, base = made(case("two_phase")), made(case("kolmogorov"))
    assert baseline_of(theory, [theory, base], "kolmogorov") is base
    measures = {e.measured.measure for e in entries([theory, base]) if e.run == "two_phase"}
    assert "log_z_over_kolmogorov" in measures


@pytest.mark.parametrize("difference", OTHER)
def test_other_data_are_not(difference):
    theory, like = made(case("two_phase")), case("kolmogorov")
    base = made(Case(with_sections(like.run, **OTHER[difference]), like.selection, like.range))
    assert base.case.run.name == "kolmogorov"
    assert baseline_of(theory, [theory, base], "kolmogorov") is None
    measures = {e.measured.measure for e in entries([theory, base]) if e.run == "two_phase"}
    assert "log_z_over_kolmogorov" not in measures


@pytest.mark.parametrize("changes", [{"range": "voyager"}, {"selection": "bc"}, {"priors": "wide"}])
def test_nor_another_case(changes):
    theory, base = made(case("two_phase")), made(case("kolmogorov", **changes))
    assert baseline_of(theory, [theory, base], "kolmogorov") is None


def test_differences_to_the_baseline():
    listed = entries(
        [
            results(case("kolmogorov"), information=information(-100.0, -92.0)),
            results(case("two_phase"), information=information(-97.0, -85.0)),
        ]
    )
    assert found(listed, "log_z_over_kolmogorov").value == pytest.approx(3.0)
    assert found(listed, "log_z_over_kolmogorov").error == pytest.approx(math.hypot(0.3, 0.3))
    assert found(listed, "fit_over_kolmogorov").value == pytest.approx(7.0)
    assert found(listed, "cost_over_kolmogorov").value == pytest.approx(4.0 / math.log(2.0))
    own = found(listed, "log_z_over_kolmogorov", "kolmogorov")
    assert (own.value, own.note) == (0.0, "baseline")


def test_costs_are_compared_at_equal_discrepancy():
    theory = replace(stiffness(), bits=12.0, bits_error=0.3)
    base = replace(stiffness(), bits=9.5, bits_error=0.4)
    made = [
        results(case(name), evidence=evidence(), information=information(), stiffness_matched=s)
        for name, s in (("two_phase", theory), ("kolmogorov", base))
    ]
    found = {(e.run, e.measured.measure): e.measured for e in entries(made)}
    over = found["two_phase", "cost_matched_over_kolmogorov"]
    assert (over.value, over.error) == (pytest.approx(2.5), pytest.approx(0.5))


def test_a_baseline_has_no_cost_at_equal_discrepancy_before_that_is_made():
    made = [results(case("kolmogorov"), evidence=evidence(), information=information())]
    measures = {e.measured.measure for e in entries(made)}
    assert "cost_over_kolmogorov" in measures
    assert "cost_matched_over_kolmogorov" not in measures
