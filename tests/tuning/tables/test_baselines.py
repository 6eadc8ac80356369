"""A theory is only held against a baseline that was given the same data in the same way."""

import math
from dataclasses import replace

import pytest

from pipeline.config.load import with_sections
from pipeline.tuning.study.cases import Case
from pipeline.tuning.tables.entries import baseline_of, entries
from pipeline.tuning.tables.markdown import markdown
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


@pytest.mark.parametrize(
    ("difference", "word"),
    [("data", "data"), ("covariance", "covariance"), ("discrepancy", "discrepancy")],
)
def test_why_there_is_none_is_told(difference, word):
    theory, like = made(case("two_phase")), case("kolmogorov")
    base = made(Case(with_sections(like.run, **OTHER[difference]), like.selection, like.range))
    told = {
        e.run: e.measured for e in entries([theory, base]) if "baseline_k" in e.measured.measure
    }
    assert told["two_phase"].note.startswith("kolmogorov was given other")
    assert word in told["two_phase"].note
    assert math.isnan(told["two_phase"].value)
    assert "kolmogorov" not in told  # it is its own
    text = markdown(entries([theory, base]))
    assert "two_phase, Earth: not held against kolmogorov: kolmogorov was given other" in text


def test_data_of_other_ranges_and_names_of_groups_make_no_difference():
    """Voyager is nothing to a case at Earth, and a group may be called anything."""
    theory, like = made(case("two_phase")), case("kolmogorov")
    content = like.run.model_dump(exclude_none=True)
    groups = {
        "anything" if name == "bc" else name: [m for m in members if not m.startswith("voyager")]
        for name, members in content["discrepancy"]["groups"].items()
    }
    data = {k: v for k, v in content["data"].items() if not k.startswith("voyager")}
    groups = {name: members for name, members in groups.items() if members}
    run = with_sections(
        like.run, data=data, discrepancy=content["discrepancy"] | {"groups": groups}
    )
    base = made(Case(run, like.selection, like.range))
    assert baseline_of(theory, [theory, base], "kolmogorov") is base


@pytest.mark.parametrize("changes", [{"transport": "full"}, {"variant": "no_peak"}])
def test_transport_and_variant_have_to_be_the_same(changes):
    theory, base = made(case("two_phase")), made(replace(case("kolmogorov"), **changes))
    assert baseline_of(theory, [theory, base], "kolmogorov") is None
    told = [
        e.measured for e in entries([theory, base]) if e.measured.measure == "baseline_kolmogorov"
    ]
    assert {m.note for m in told if "paper" in m.note} == {
        "no results of kolmogorov for earth, both, plausible, paper"
    }


def test_a_baseline_can_be_named():
    theory, base = made(case("two_phase")), made(case("stratified_halo"))
    listed = entries([theory, base], ["stratified_halo"])
    measures = {e.measured.measure for e in listed if e.run == "two_phase"}
    assert "log_z_over_stratified_halo" in measures
    assert not any("kolmogorov" in measure for measure in measures)
    assert "over stratified_halo" in markdown(listed)


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
