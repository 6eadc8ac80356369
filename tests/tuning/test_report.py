"""Tables of the study: nothing is lost on the way, and nothing bad looks good."""

import csv
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from pipeline.tuning.estimators.shuffling import EACH
from pipeline.tuning.measures.acceptable_at import acceptable_at, percent
from pipeline.tuning.measures.coincidence import Coincidence
from pipeline.tuning.measures.rounding import interval, plain, rounded
from pipeline.tuning.study.comparison import collect
from pipeline.tuning.tables.entries import NOT_CONVERGED, UNKNOWN, entries
from pipeline.tuning.tables.markdown import markdown
from pipeline.tuning.tables.report import COLUMNS, write_report
from tests.tuning.fake_results import (
    acceptable,
    agreement,
    bridge,
    case,
    conspiracy,
    everything,
    evidence,
    information,
    needed,
    results,
    stiffness,
    tension,
    universality,
)
from transport.errors import CrtuneError


def found(listed, measure, run="two_phase", place="earth"):
    """The one entry of a measure."""
    (entry,) = [e for e in listed if (e.measured.measure, e.run, e.range) == (measure, run, place)]
    return entry.measured


def cells(text, title, run, column):
    """Texts of the columns whose header begins so, in the row of a run."""
    section = text[text.index(f"### {title}") :]
    lines = section[section.index("\n| ") + 1 :].split("\n\n")[0].splitlines()
    header, rows = lines[0].split(" | "), [line.strip("| ").split(" | ") for line in lines[2:]]
    (row,) = [row for row in rows if row[0] == run]
    return [cell for name, cell in zip(header, row, strict=True) if name.startswith(column)]


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (12.3456, 0.147, "12.35 ± 0.15"),
        (-0.04321, 0.0009, "-0.04321 ± 0.00090"),
        (12.3456, 0.0996, "12.35 ± 0.10"),
        (12345.6, 789.0, "12350 ± 790"),
        (7.0, math.nan, "7.00"),
        (6.912, 3.2e-15, "6.91"),
        (0.0, 0.0, "0"),
        (math.inf, math.nan, "inf"),
    ],
)
def test_rounding_to_the_error(value, error, text):
    assert rounded(value, error) == text


def test_rounding_without_an_error():
    assert plain(123456.0) == "123000"
    assert plain(1.23456e-9) == "1.23e-09"
    assert interval(0.4512, 0.3141, 0.6249) == "0.45 [0.31, 0.62]"
    assert interval(0.5, 0.5, 0.5) == "0.5000 [0.5000, 0.5000]"
    assert interval(1.2, -0.001, 3.4) == "1.2 [0.0, 3.4]"


def test_acceptable_fraction_between_the_points_of_its_grid():
    # the fake is linear in ln ln(1 + eps), as is the interpolation
    for epsilon in (1.0, 0.5, 0.237, 0.051):
        bits, error, note = acceptable_at(acceptable(slope=6.0), epsilon)
        assert bits == pytest.approx(6.0 * np.log(np.log(4.0) / np.log1p(epsilon)), abs=1e-9)
        assert error == pytest.approx(0.1 + 0.01 * bits, abs=1e-9)
        assert note == ""


def test_nothing_below_the_floor_and_a_bound_above_it():
    fraction = acceptable(floor=0.15, reach=0.45)
    assert acceptable_at(fraction, 0.1)[::2] == (math.inf, "none: floor 15%")
    bits, error, note = acceptable_at(fraction, 0.2)
    assert bits == fraction.bits[np.isfinite(fraction.bits)].max()
    assert math.isnan(error)
    assert note == "lower bound"
    assert [percent(e) for e in (0.456, 1.0, 2.5)] == ["46%", "100%", "factor 3.5"]


def test_a_floor_that_is_not_sure_is_marked_where_it_is_used():
    fraction = replace(acceptable(floor=0.3), floor_spread=0.05)
    listed = entries([results(case("two_phase"), evidence=evidence(), acceptable_max=fraction)])
    marked = {e.measured.measure for e in listed if any("floor" in f for f in e.measured.flags)}
    assert marked == {"acceptable_max_0.2", "acceptable_max_0.1", "acceptable_max_floor"}


def test_an_amplitude_at_the_edge_of_its_prior_is_told_as_a_limit():
    made = replace(needed(("a", "b")), at_upper_edge=np.array([0.93, 0.02]),
                   at_lower_edge=np.array([0.0, 0.4]))  # fmt: skip
    listed = entries([results(case("two_phase"), evidence=evidence(), needed=made)])
    flags = {e.measured.measure: e.measured.flags for e in listed}
    assert flags["discrepancy_a"] == ("93% of it in the outermost 5% of its prior: a lower limit",)
    assert flags["discrepancy_b"] == ("40% of it in the outermost 5% of its prior: an upper limit",)


def test_the_tolerance_of_a_direction_has_the_spread_of_the_posterior():
    spectrum = np.array([[100.0, 0.2], [400.0, 1.5], [1600.0, 2.0]])
    made = replace(stiffness((400.0, 0.5)), spectrum=spectrum, tolerance=np.array([0.04]))
    listed = entries([results(case("two_phase"), evidence=evidence(), stiffness=made)])
    found = {e.measured.measure: e.measured for e in listed}
    assert found["stiff_directions"].value == 2  # of the median over the posterior
    tolerance = found["stiffest_tolerance"]
    assert (tolerance.value, tolerance.error) == (0.04, pytest.approx(0.5 * (0.08 - 0.02)))


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


def test_refused_galaxies_are_told():
    made = replace(universality(), failed=40)
    listed = entries([results(case("two_phase"), evidence=evidence(), universality_prior=made)])
    (score,) = [e.measured for e in listed if e.measured.measure.endswith("_score")]
    assert score.flags == ("9.1% of the galaxies left out: the scenario refuses them",)


def test_few_survivors_are_told_as_a_bound():
    found = Coincidence(
        (EACH,), 1.0, np.array([1 / 4000]), np.array([1 / 4000]), 2000, 4000, np.zeros(1)
    )
    (bits,) = [
        e.measured
        for e in entries([results(case("two_phase"), coincidence=found)])
        if e.measured.measure.endswith("_bits")
    ]
    assert bits.note == "lower bound"
    assert np.isnan(bits.error)


def test_counting_and_subset_simulation_are_averaged_as_the_particle_data_group_does():
    fraction = acceptable()
    fraction = replace(
        fraction,
        bits=np.array([4.0, 4.0, 4.0, np.inf, np.nan]),
        bits_error=np.array([0.3, 0.3, 0.3, 0.0, np.nan]),
        plain_bits=np.array([4.1, 6.0, np.nan, np.nan, 2.0]),
        plain_bits_error=np.array([0.4, 0.4, np.nan, np.nan, 0.2]),
    )
    bits, error = fraction.best_bits()
    # weights 16 : 9, error 0.12 of what they have in common: 0.24; 2 apart are 4 sigma
    np.testing.assert_allclose(bits, [4.036, 4.72, 4.0, np.inf, 2.0])
    np.testing.assert_allclose(error, [0.24, 0.96, 0.3, 0.0, 0.2])


def test_csv_and_json_hold_the_same_and_everything(tmp_path):
    made = [everything(case("two_phase", place), floor=0.45) for place in ("earth", "voyager")]
    paths = write_report(made, tmp_path)
    assert [p.name for p in paths] == ["tuning.csv", "tuning.json", "tuning.md"]
    with open(paths[0], newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    content = json.loads(paths[1].read_text(), parse_constant=pytest.fail)
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(content["entries"]) == len(entries(made))
    for row, other in zip(rows, content["entries"], strict=True):
        assert all(row[name] == other[name] for name in COLUMNS if name not in ("value", "error"))
        for name in ("value", "error"):
            number = float(row[name])
            assert number == other[name] if math.isfinite(number) else other[name] is None
    keys = [(r["run"], r["range"], r["selection"], r["priors"], r["measure"]) for r in rows]
    assert len(set(keys)) == len(keys)
    by_measure = {r["measure"]: r for r in rows if r["range"] == "earth"}
    assert float(by_measure["log_z"]["value"]) == -100.0
    assert float(by_measure["log_z"]["error"]) == 0.15
    # D_KL is told in bits: (-92 - -100) / ln 2
    assert float(by_measure["cost"]["value"]) == pytest.approx(8.0 / math.log(2.0), rel=1e-12)
    assert by_measure["acceptable_max_0.2"]["value"] == "inf"
    assert by_measure["acceptable_max_0.2"]["note"] == "none: floor 45%"
    assert by_measure["stiffest_tolerance"]["note"] == "a b^-1 must hold to 7%"
    # the larger one, 40, is defined at a fifth of the draws only
    assert float(by_measure["largest_sensitivity_of_a_slope"]["value"]) == 2.0
    assert content["made_by"]["git"]["commit"]


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


@pytest.mark.parametrize(
    "other", [{"range": "voyager"}, {"selection": "proton"}, {"priors": "wide"}]
)
def test_no_difference_to_a_baseline_of_other_data_or_priors(other):
    listed = entries(
        [
            results(case("kolmogorov", **other), information=information()),
            results(case("two_phase"), information=information()),
        ]
    )
    assert not [e for e in listed if e.run == "two_phase" and "_over_" in e.measured.measure]


def test_what_did_not_converge_is_marked_wherever_it_stands():
    made = [
        everything(case("kolmogorov")),
        everything(case("two_phase"), converged=False),
    ]
    listed = entries(made)
    independent = ("acceptable", "log_z_bridge")
    for entry in listed:
        marked = NOT_CONVERGED in entry.measured.flags
        rests_on_it = entry.run == "two_phase" and not entry.measured.measure.startswith(
            independent
        )
        assert marked == rests_on_it, entry
    text = markdown(listed)
    for title in (
        "Evidence",
        "Fit and cost",
        "Stiff",
        "Shuffled posterior",
        "Universality",
        "Tension",
    ):
        assert any(NOT_CONVERGED in c for c in cells(text, title, "two_phase", ""))
        assert not any(NOT_CONVERGED in c for c in cells(text, title, "kolmogorov", ""))
    # a difference is no better than its baseline
    of_baseline = entries(
        [everything(case("kolmogorov"), converged=False), everything(case("two_phase"))]
    )
    assert NOT_CONVERGED in found(of_baseline, "log_z_over_kolmogorov").flags
    assert NOT_CONVERGED not in found(of_baseline, "log_z").flags


def test_tension_is_no_better_than_the_runs_of_either_part():
    part = results(case("two_phase", selection="bc"), evidence=evidence(converged=False))
    listed = entries([results(case("two_phase"), evidence=evidence(), tension=tension()), part])
    assert NOT_CONVERGED in found(listed, "tension_log_s").flags


def test_posterior_of_unknown_convergence_is_called_so():
    assert found(entries([results(case("two_phase"), needed=needed())]),
                 "discrepancy_proton_earth").flags == (UNKNOWN,)  # fmt: skip


def test_ranges_stand_side_by_side_and_missing_ones_are_counted():
    made = [
        everything(case("kolmogorov", "earth")),
        everything(case("kolmogorov", "voyager"), floor=0.45),
        results(case("two_phase", "earth"), evidence=evidence(-99.0)),
    ]
    text = markdown(entries(made))
    assert cells(text, "Evidence", "kolmogorov", "ln Z [") == ["-100.00 ± 0.15"] * 2
    assert cells(text, "Evidence", "two_phase", "ln Z [") == ["-99.00 ± 0.15", "-"]
    assert cells(text, "Acceptable fraction, max", "two_phase", "eps") == ["-"] * 8
    earth, voyager = cells(text, "Acceptable fraction, max", "kolmogorov", "eps = 20%")
    assert earth == rounded(*acceptable_at(acceptable(), 0.2)[:2])
    assert voyager == "none: floor 45%"
    body = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    missing = sum(cell == "-" for line in body for cell in line.strip("| ").split(" | "))
    assert f"\n{missing} of " in text


def test_a_quantity_that_cannot_be_is_not_called_missing():
    """Amplitudes of data sets that one range has not."""
    groups = ("proton_earth", "proton_interstellar")
    made = [
        results(case("two_phase", "earth"), evidence=evidence(), needed=needed()),
        results(case("two_phase", "voyager"), evidence=evidence(), needed=needed(groups)),
        results(case("kolmogorov", "earth"), evidence=evidence(), needed=needed()),
    ]
    text = markdown(entries(made))
    found = "0.051 [0.031, 0.094]"
    column = "amplitude of proton_interstellar"
    assert cells(text, "Tension", "two_phase", column) == ["n/a", found]
    assert cells(text, "Tension", "kolmogorov", column) == ["n/a", "-"]
    assert cells(text, "Tension", "kolmogorov", "amplitude of proton_earth") == [found, "-"]


def test_bounds_nothing_left_and_no_stiff_direction():
    made = results(
        case("two_phase"), evidence=evidence(), conspiracy=conspiracy(),
        stiffness=stiffness((0.1,)), acceptable_max=acceptable(floor=0.02, reach=0.3),
    )  # fmt: skip
    text = markdown(entries([made]))
    assert cells(text, "Shuffled posterior", "two_phase", "surviving, fit")[0] == "none of 4000"
    assert cells(text, "Shuffled posterior", "two_phase", "surviving, ln L")[0] == "12.0 ± 1.1%"
    assert cells(text, "Acceptable fraction, max", "two_phase", "eps = 10%")[0].startswith(">= ")
    assert cells(text, "Stiff", "two_phase", "stiffest")[0].startswith("none")


def test_doubts_are_numbered_below_the_table():
    made = results(
        case("two_phase"), evidence=evidence(), information=information(reasons=["few draws"]),
        bridge=bridge(reasons=["modes missed"]), agreement=agreement(False),
        acceptable_max=acceptable(agreement=5.0),
    )  # fmt: skip
    text = markdown(entries([made]))
    assert cells(text, "Fit", "two_phase", "D_KL")[0].endswith(" (1)")
    assert "(1) few draws" in text
    assert "(1) modes missed" in text
    assert "differ by 5.0 sigma" in text
    assert cells(text, "Checks", "two_phase", "emcee")[0] == "disagree about b"


def test_every_run_and_prior_set_has_its_row():
    named = case("two_phase", name="mine")
    text = markdown(
        entries([results(c, evidence=evidence()) for c in (named, case(priors="wide"))])
    )
    assert "## Priors plausible, protons and B/C" in text
    assert "## Priors wide, protons and B/C" in text
    assert "| mine (two_phase) |" in text


def test_a_study_without_results_says_what_to_do(tmp_path):
    config = tmp_path / "empty.toml"
    config.write_text('scenario = "kolmogorov"\n[data.ams02_proton_2015]\n')
    with pytest.raises(CrtuneError, match=r"empty: no results.*scripts/fine_tuning\.py"):
        collect([str(config)])
    with pytest.raises(CrtuneError, match="does not exist"):
        collect(["no_such_run"])
