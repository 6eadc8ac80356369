"""Numbers and flags that entries take from results."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.tuning.estimators.shuffling import EACH
from pipeline.tuning.measures.coincidence import Coincidence
from pipeline.tuning.measures.nested import NestedEvidence
from pipeline.tuning.measures.tempered import TemperedCurve
from pipeline.tuning.tables.entries import NO_BASELINE, NOT_CONVERGED, UNKNOWN, entries
from pipeline.tuning.tables.markdown import markdown
from tests.tuning.fake_results import (
    acceptable,
    case,
    everything,
    evidence,
    information,
    made_up,
    needed,
    results,
    stiffness,
    tension,
    universality,
)
from tests.tuning.tables.reading import cells, found


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


def test_what_did_not_converge_is_marked_wherever_it_stands():
    made = [
        everything(case("kolmogorov")),
        everything(case("two_phase"), converged=False),
    ]
    listed = entries(made)
    independent = ("acceptable", "log_z_bridge", NO_BASELINE)
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


def test_the_tempered_cost_is_that_of_a_tenth_of_the_likelihood():
    """On the grid of the curve, 46 points from 1e-3 to 1, in bits."""
    beta = np.geomspace(1e-3, 1.0, 46)
    curve = made_up(TemperedCurve, beta=beta, cost=7.0 * beta**0.3, cost_error=0.1 * beta)
    made = results(
        case("two_phase"), evidence=evidence(), information=information(reasons=["few draws"]),
        tempered=curve,
    )  # fmt: skip
    (found,) = [e.measured for e in entries([made]) if e.measured.measure == "cost_tempered"]
    assert found.value == pytest.approx(7.0 * 0.1**0.3 / np.log(2.0))
    assert found.error == pytest.approx(0.01 / np.log(2.0))
    assert (found.unit, found.note, found.flags) == ("bits", "of L^0.1", ("few draws",))


@pytest.mark.parametrize(("other", "differ"), [(-100.1, False), (-104.0, True)])
def test_both_routes_to_the_evidence_stand_side_by_side(other, differ):
    nested = NestedEvidence(other, 0.02, 2000.0, 40_000, True)
    listed = entries([results(case("two_phase"), evidence=evidence(), nested_evidence=nested)])
    shown = found(listed, "evidence_minus_nested")
    assert shown.value == pytest.approx(-100.0 - other)
    assert shown.error == pytest.approx(np.hypot(0.15, 0.02))
    assert ("both routes to ln Z differ" in shown.flags) == differ
