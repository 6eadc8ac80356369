"""The tables for people: what stands in which cell."""

from pipeline.tuning.measures.acceptable_at import acceptable_at
from pipeline.tuning.measures.rounding import rounded
from pipeline.tuning.tables.entries import entries
from pipeline.tuning.tables.markdown import markdown
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
)
from tests.tuning.tables.reading import cells


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
    assert "## Priors plausible, transport paper, protons and B/C" in text
    assert "## Priors wide, transport paper, protons and B/C" in text
    assert "| mine (two_phase) |" in text
