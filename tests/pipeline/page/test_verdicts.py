"""Verdicts of the page turn with the numbers: tuned or not, by what, and what changed it."""

import pytest

from tests.pipeline.page.filled import page
from tests.pipeline.page.rows_of_a_study import (
    BITS,
    bits_rows,
    changed,
    row,
    slope_rows,
    whole_study,
)


def test_verdicts_turn_round_with_the_numbers():
    def told(**bits):
        return page(whole_study(changed(**bits)))

    usual = told()
    assert "At Earth Kolmogorov diffusion takes 6.0 ± 0.1 bits and power-law diffusion 8.0" in usual
    assert "is more finely tuned than the one and less finely tuned than the other" in usual
    assert "| stratified halo, Earth | more | less |" in usual
    turned = told(two_phase=(5.0, 11.0), power_law_diffusion=(3.0, 6.2))
    assert "is less finely tuned than the one and more finely tuned than the other" in turned
    assert "| stratified halo, Earth | more | more |" in turned
    alike = told(two_phase=(6.2, 11.0))
    assert "is as finely tuned as the one and less finely tuned than the other" in alike
    assert "| two-phase, Earth | alike | less |" in alike


@pytest.mark.parametrize(
    ("bits", "told"),
    [
        (BITS, "neither model qualifies within a factor of 2"),
        (changed(two_phase=(9.0, 14.5), stratified_halo=(9.5, 15.0)), "both models qualify"),
        (
            changed(two_phase=(9.0, 11.0)),
            "only the two-phase model at Earth qualifies; with its",
        ),
        (changed(kolmogorov=(6.0, None), kolmogorov_break=(6.1, None)), "neither model qualifies"),
    ],
)
def test_the_papers_sentence_is_judged(bits, told):
    assert told in page(whole_study(bits))


def test_the_premise_may_make_it_so():
    assert "with its premise enforced (below) the two-phase model at Earth does. " in page(
        whole_study()
    )
    kolmogorov = changed(kolmogorov=(8.0, 11.5), kolmogorov_break=(8.1, 12.0))
    assert "the two-phase model at Earth does not." in page(whole_study(kolmogorov))


def test_the_premise_may_leave_nothing():
    rows = [r for r in whole_study() if r["variant"] != "isotropy"]
    assert "its premise" not in page(rows)
    rows.append(row("two_phase", "premise_share", 0.27, 0.01, unit="", variant="isotropy"))
    held = {"run": "two_phase", "measure": "premise_acceptable_max_1", "variant": "isotropy"}
    none = row(value=None, note="none: floor 300%", **held)
    assert "leaves more bits than could be found at Earth" in page([*rows, none])
    bound = row(value=33.2, note="lower bound", **held)
    assert "leaves over 33 bits at Earth" in page([*rows, bound])
    assert "the two-phase model takes over 33 bits at Earth" in page([*rows, bound])
    assert "the two-phase model takes 2.2 ± 0.1 bits more at Earth; 27 ± 1% of its prior" in page(
        whole_study()
    )
    assert "isotropic in the warm layer | 9.1 ± 0.1 |" in page(whole_study())


def test_a_theory_that_nothing_works_in():
    told = page(whole_study(changed(kolmogorov=(6.0, None))))
    assert "With Voyager they take more bits than could be found and 6.2 ± 0.1" in told
    assert "| two-phase, with Voyager | less | more |" in told


def test_damping_decides_or_not():
    def told(damped, free):
        return page(whole_study() + bits_rows({"fast_modes": damped, "undamped_cascade": free}))

    assert "with it they take 30.0 ± 0.1 bits at Earth, without it 6.2 ± 0.1 bits" in told(
        (30.0, None), (6.2, 7.9)
    )
    assert "damping does decide" not in told((6.0, None), (6.2, 7.9))


def test_the_slope_survives_or_not():
    rows = [r for r in whole_study() if not r["measure"].startswith("diffusion_slope")]
    for middle, told in (
        (0.49, "lies below: the data want a steeper one"),
        (0.34, "survives"),
        (0.2, "lies above: the data want a flatter one"),
    ):
        assert f"a slope of 1/3 {told}" in page(rows + slope_rows(middle))
    assert "the data at Earth want" not in page(rows)


def test_what_the_shortcuts_did():
    same = page(whole_study())
    assert "Full transport changes no verdict on a model against diffusion" in same
    paper = changed(two_phase=(4.0, 11.0))
    turned = page(whole_study(BITS, paper))
    assert "moves the two-phase model most, from 4.0 ± 0.1 to 6.9 ± 0.1 bits at Earth" in turned
    assert "from less to more finely tuned" in turned
    closed = page(whole_study(BITS, changed(kolmogorov=(6.0, None))))
    assert (
        "lets Kolmogorov diffusion work with Voyager, where the paper's has no state of them"
        in closed
    )


def test_which_verdicts_turn():
    told = page(whole_study(BITS, changed(two_phase=(4.0, 11.0), kolmogorov=(6.0, None))))
    assert (
        "| against | two-phase, Earth | stratified halo, Earth | two-phase, with Voyager | "
        "stratified halo, with Voyager | | --- | --- | --- | --- | --- | "
        "| Kolmogorov | less → **more** | more → more | less → less | less → **more** |"
    ) in told
    assert "Which verdicts turn" not in page(bits_rows())


def test_single_effects():
    told = page(whole_study(BITS, changed(kolmogorov=(6.0, None))))
    assert "At Earth boron production changes most: power-law diffusion from 8.0 ± 0.1 to 5" in told
    assert (
        "Kolmogorov diffusion, which in the paper's transport never works with Voyager, does so "
        "with adiabatic losses, ionisation, destruction or boron production alone"
    ) in told
    assert "never works with Voyager" not in page(whole_study())
    bits = "6.0 ± 0.1 | 6.5 ± 0.1 | 6.1 ± 0.1 | 7.5 ± 0.1 | 5.1 ± 0.1 | 6.0 ± 0.1"
    assert f"| Kolmogorov | {bits} |" in told


def test_single_mechanisms():
    rows = bits_rows({"self_confinement_nonlinear": (9.3, 12.3), "weak_shocks": (20.0, None)})
    before = {"self_confinement_nonlinear": (28.4, 35.5), "weak_shocks": (19.0, None)}
    told = page(whole_study() + rows + bits_rows(before, "paper"))
    assert (
        "full transport changes self-confinement with nonlinear damping most, from 28.4 ± 0.1 to "
        "9.3 ± 0.1 bits at Earth"
    ) in told
    assert "single mechanisms full" not in page(whole_study())


def test_a_lower_bound_can_be_what_changes_most():
    rows = bits_rows({"weak_shocks": (20.0, None), "self_confinement_nonlinear": (9.3, 12.3)})
    before = bits_rows({"weak_shocks": (28.0, None)}, "paper")
    bound = row("self_confinement_nonlinear", "acceptable_max_1", 23.4, transport="paper",
                note="lower bound: not followed further")  # fmt: skip
    told = page([*whole_study(), *rows, *before, bound])
    assert "self-confinement with nonlinear damping most, from over 23 to 9.3 ± 0.1 bits" in told
    bound["value"] = 5.0  # the number is above it: nothing is known of the change
    told = page([*whole_study(), *rows, *before, bound])
    assert "changes weak shocks most, from 28.0 ± 0.1 to 20.0 ± 0.1 bits" in told


def test_single_mechanisms_that_rival_the_two_phase_model():
    free = bits_rows({"undamped_cascade": (6.2, 7.9), "fast_modes": (30.0, None)})
    told = page(whole_study() + free)
    assert "Of single mechanisms an undamped cascade takes as few bits as the two-phase" in told
    assert "which is a control and no theory" in told
    assert "as few bits as the two-phase" not in page(whole_study())


def test_verdicts_under_wider_priors():
    def told(**bits):
        wide = [r | {"priors": "wide"} for r in bits_rows(changed(**bits))]
        return page(whole_study() + wide)

    turned = told(two_phase=(7.9, 11.0))
    assert "**This hangs on the prior**: twice as wide, it turns verdicts at Earth (table" in turned
    assert "| two-phase, Earth | more | more | less | alike |" in turned
    far = told(two_phase=(7.9, 14.0))
    assert "it turns verdicts at Earth and with Voyager (table" in far
    assert "hangs on the prior**" not in told()
    assert "hangs on the prior**" not in page(whole_study())
    assert "| Kolmogorov | 6.0 ± 0.1 | 6.0 ± 0.1 | 11.5 ± 0.1 | 11.5 ± 0.1 |" in told()


def test_sentences_do_not_go_on_about_what_was_left_out():
    only = page(r for r in whole_study() if r["run"] == "two_phase")
    assert "Those hang on" not in only
    law = page(r for r in whole_study() if r["run"] == "kolmogorov")
    for words in ("With Kolmogorov diffusion it is", "Those hang on", "own B/C falls with"):
        assert words not in law
