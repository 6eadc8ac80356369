"""A theory is only held against a baseline that was given the same data in the same way."""

import pytest

from pipeline.config.load import with_sections
from pipeline.tuning.study.cases import Case
from pipeline.tuning.tables.entries import baseline_of, entries
from tests.tuning.fake_results import case, evidence, information, results

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
