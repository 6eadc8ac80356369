"""The page follows from the rows: numbers, verdicts, and what is left out."""

import re

import jinja2
import pytest

from pipeline.page.parameters import in_words, short
from pipeline.page.quotes import Quotes
from pipeline.page.render import (
    MOST_NUMBERS,
    TEMPLATE,
    Sentence,
    read_template,
    render_page,
    write_page,
)
from priors.distributions import Fixed, log_normal, truncated_normal
from tests.pipeline.page.rows_of_a_study import BITS, bits_rows, row, slope_rows, whole_study

FIXED = re.compile(
    r"factor of 2|2\^n|AMS-02|B/C|power 1/3|slope of 1/3|0\.3 to 0\.6|of 3 sigma|10 GV|0\.3 GV|"
    r"1 and 10 GV|10 to 300 GV|20 to 500 GV|20%|95%|10%|to 0\.1|below 0\.05|below 3|Eq\. 2|eq\. 2|"
    r"difference of 7 bits is odds of 128 to 1|0\.69 nats|14 bits|September 2021|68%|two standard|"
    r"arXiv:[\d.]+|\(20\d\d"
)
"""Figures that are names, definitions or cuts of the data, which no study changes."""
NUMERAL = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?: (?:±|\+-) [\d.]+)?%?")


def words(text):
    """In one line."""
    return " ".join(text.split())


def page(records):
    return words(render_page(records))


def prose(text):
    """Sentences of a page, without tables, formulae, links and fixed figures."""
    kept = [
        line for line in text.split("\n")
        if not line.startswith(("|", "#", "!", "<!--", "    "))
    ]  # fmt: skip
    text = re.sub(r"\]\([^)]*\)|`[^`]*`", "", "\n".join(kept))
    paragraphs = (FIXED.sub("", words(part)) for part in text.split("\n\n"))
    return [s for part in paragraphs for s in re.split(r"(?<=[.:!?*])\s", part)]


def without(measure):
    return [r for r in whole_study() if r["measure"] != measure]


def changed(**bits):
    return BITS | bits


def test_verdicts_turn_round_with_the_numbers():
    usual = page(whole_study())
    assert (
        "At Earth Kolmogorov diffusion takes 6.0 ± 0.1 bits and power-law diffusion 8.0 ± 0.1: the "
        "two-phase model is more finely tuned than the former and less finely tuned than the"
    ) in usual
    turned = page(whole_study(changed(two_phase=(5.0, 11.0), power_law_diffusion=(3.0, 6.2))))
    assert (
        "takes 6.0 ± 0.1 bits and power-law diffusion 3.0 ± 0.1: the two-phase model is less "
        "finely tuned than the former and more finely tuned than the latter; the stratified halo "
        "is more finely tuned than either."
    ) in turned
    alike = page(whole_study(changed(two_phase=(6.2, 11.0))))
    assert "8.0 ± 0.1: the two-phase model is as finely tuned as the former and less" in alike


@pytest.mark.parametrize(
    ("bits", "told"),
    [
        (BITS, "that is not so of either model within a factor of 2"),
        (changed(two_phase=(9.0, 14.5), stratified_halo=(9.5, 15.0)), "that is so of both models"),
        (
            changed(two_phase=(9.0, 11.0)),
            "so only of the two-phase model at Earth; with its premise",
        ),
        (changed(kolmogorov=(6.0, None), kolmogorov_break=(6.1, None)), "not so of either model"),
    ],
)
def test_the_papers_sentence_is_judged(bits, told):
    assert told in page(whole_study(bits))


def test_the_premise_may_make_it_so():
    assert "with its premise enforced (below) it is so of the two-phase model at" in page(
        whole_study()
    )
    kolmogorov = changed(kolmogorov=(8.0, 11.5), kolmogorov_break=(8.1, 12.0))
    assert "it is not so of the two-phase model at Earth" in page(whole_study(kolmogorov))


def test_damping_decides_or_not():
    def told(damped, free):
        return page(whole_study() + bits_rows({"fast_modes": damped, "undamped_cascade": free}))

    assert "which take 30.0 ± 0.1 bits at Earth with it and 6.2 ± 0.1 bits without" in told(
        (30.0, None), (6.2, 7.9)
    )
    assert "damping does decide" not in told((6.0, None), (6.2, 7.9))


def test_what_the_shortcuts_did():
    same = page(whole_study())
    assert "Full transport changes no verdict on a model against diffusion" in same
    paper = changed(two_phase=(4.0, 11.0))
    turned = page(whole_study(BITS, paper))
    assert "moves the two-phase model most, from 4.0 ± 0.1 to 6.9 ± 0.1 bits at Earth" in turned
    assert "from less to more finely tuned" in turned
    closed = page(whole_study(BITS, changed(kolmogorov=(6.0, None))))
    assert "lets Kolmogorov diffusion work with Voyager, which the paper's never does" in closed


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
    assert "Of single mechanisms an undamped cascade takes no more bits than the two-phase" in told
    assert "which is a control and no theory" in told
    assert "no more bits than the two-phase" not in page(whole_study())


def test_the_slope_survives_or_not():
    rows = [r for r in whole_study() if not r["measure"].startswith("diffusion_slope")]
    for middle, told in (
        (0.49, "does not survive: the data want a steeper one"),
        (0.34, "survives"),
        (0.2, "does not survive: the data want a flatter one"),
    ):
        assert f"a slope of 1/3 {told}" in page(rows + slope_rows(middle))
    assert "the data at Earth want" not in page(rows)


def test_nothing_is_said_of_what_is_missing():
    few = page(bits_rows())
    assert "**How tuned?**" in few
    for word in ("shortcuts did", "What to measure next", "What must conspire", "ln Z"):
        assert word not in few
    assert "undefined" not in few
    assert "nan" not in few
    nothing = page(bits_rows({"kolmogorov": (6.0, None)}))
    assert "**How tuned?**" not in nothing
    assert "| Kolmogorov | 6.0 ± 0.1 | none |" in nothing


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


def test_evidence_is_in_bits():
    rows = [row("two_phase", "log_z_over_kolmogorov", 3.0, 0.2, "voyager", unit="nats"),
            row("two_phase", "cost_over_kolmogorov", 2.5, 0.3, "voyager", unit="bits")]  # fmt: skip
    told = page(without("fit_over_kolmogorov") + rows)
    assert "| two-phase | 4.3 ± 0.3 | 2.5 ± 0.3 |" in told
    assert "the difference in evidence is 4.3 ± 0.3 for the two-phase model" in told


def test_formulae_are_broken_between_their_factors():
    factors = " ".join(f"(parameter_{i}/{i} pc cm^-3)^0.5" for i in range(1, 9))
    long = f"z_W {factors} exp(-2 (gamma_inj - 4.4)) = 243 pc ± 5.5%, fiducial 574 pc"
    told = render_page([*whole_study(), row("two_phase", "stiffest_tolerance", 0.05, note=long)])
    lines = [line for line in told.split("\n") if "parameter_" in line or "gamma_inj - 4.4" in line]
    assert len(lines) > 2
    assert all(line.startswith("    ") and line.count("(") == line.count(")") for line in lines)
    assert words(" ".join(lines)) == long.partition(" = ")[0]
    assert "        = 243 pc ± 5.5%, fiducial 574 pc" in told


def test_a_theory_that_nothing_works_in():
    told = page(whole_study(changed(kolmogorov=(6.0, None))))
    assert "With Voyager the two laws take more bits than could be found and 6.2 ± 0.1" in told
    assert "the two-phase model is less finely tuned than the former and more finely" in told


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


def test_what_did_not_converge_says_so():
    rows = [
        r | ({"note": "NOT CONVERGED"} if r["measure"].endswith("over_kolmogorov") else {})
        for r in whole_study()
    ]
    told = page(rows)
    assert "| 3.4 ± 0.1 (**NOT CONVERGED**) |" in told
    assert "evidence is 3.4 ± 0.1 (**NOT CONVERGED**) for the two-phase model" in told
    assert "NOT CONVERGED" not in page(whole_study())


def test_doubted_numbers_have_a_star():
    doubted = row("two_phase", "acceptable_max_1", 7.7, note="its Markov chains did not forget")
    assert "| 7.7 ± 0.1 * |" in page([*whole_study(), doubted])


def test_a_run_that_nobody_knows_stands_beside_the_others():
    told = page([*whole_study(), *bits_rows({"my_theory": (3.3, 5.5)})])
    assert "| my theory | - | 3.3 ± 0.1 | - | 5.5 ± 0.1 |" in told


def test_no_sentence_has_more_than_three_numbers():
    sentences = prose(render_page(whole_study()))
    assert len(sentences) > 60
    for sentence in sentences:
        # the interval in brackets belongs to its number
        found = NUMERAL.findall(re.sub(r"\([^()]*\d to \d[^()]*\)", "", sentence))
        assert len(found) <= MOST_NUMBERS, sentence


def test_a_sentence_with_four_is_refused():
    environment = jinja2.Environment(extensions=[Sentence])
    numbers = []
    environment.filters["n"] = lambda x: numbers.append(x) or x
    template = environment.from_string(
        "{% say %}{% for i in range(4) %}{{ i|n }} {% endfor %}{% endsay %}"
    )
    with pytest.raises(ValueError, match="more than 3 numbers"):
        template.render(numbers=numbers)


@pytest.mark.parametrize("path", sorted(TEMPLATE.glob("*.j2")), ids=lambda path: path.name)
def test_no_number_is_typed_into_the_template(path):
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->", " ", read_template(path), flags=re.DOTALL)
    for sentence in prose(text):
        assert not NUMERAL.findall(sentence), sentence


def test_every_number_of_the_prose_is_in_the_rows(tmp_path):
    """Values of rows, their differences, odds and counts, each rounded as the page rounds."""
    rows = whole_study()
    values = [r["value"] for r in rows if r["value"] is not None]
    known = set(values) | {a - b for a in values for b in values}
    known |= {100 * v for v in values} | {2.0**v for v in values if v < 40}
    known |= set(range(9))  # counts
    for sentence in prose(render_page(rows, quotes=Quotes(tmp_path))):
        for text in NUMERAL.findall(sentence):
            number = float(text.split(" ")[0].rstrip("%").replace(",", ""))
            close = [v for v in known if abs(v - number) <= 0.051 * max(abs(number), 1)]
            assert close, f"{text} in: {sentence}"


def test_parameters_are_explained():
    told = page(whole_study())
    assert "Knowing the Alfvenic Mach number at which fast modes are injected (`Ma`)" in told
    assert "| `kappa_0` | diffusion coefficient at 1 GV" in told
    assert "| 1e28 cm^2/s | 0.3 to 30 (log) | 4 |" in told
    assert (
        "| `n_warm` | thermal density of the warm layer | cm^-3 | 0.0501 to 0.501 (log) | 0.2 |"
        in told
    )
    both = page([*whole_study(), *bits_rows({"fast_modes": (30.0, None)})])
    assert "| cm^-3 | 0.0501 to 0.501 (log) | 0.2; fast modes: 0.1 |" in both
    assert "| `eta` |" not in told  # of an option that no run has
    free = [r | {"options": "low_energy = break"} for r in bits_rows({"kolmogorov": (6.0, 7.0)})]
    assert "| `eta` |" in page(free)
    assert "## The parameters" not in page(bits_rows({"my_theory": (3.3, 5.5)}))


def test_numbers_of_priors_and_fiducials_are_short():
    values = (0.3333333, 20000.0, 6309.573, 5.011872e6, 1e-12, 3e-6, 0.0, -0.5, 1000.0)
    assert [short(v) for v in values] == [
        "0.333", "20000", "6310", "5.01e6", "1e-12", "3e-6", "0", "-0.5", "1000"
    ]  # fmt: skip
    assert in_words(log_normal(1.0, 0.3)) == "1, times or over 2"
    assert in_words(truncated_normal(4.2, 0.1, 4.02, 4.7)) == "4.2 ± 0.1, within 4.02 to 4.7"
    assert in_words(truncated_normal(0.65, 0.1, 0.0)) == "0.65 ± 0.1"
    assert in_words(Fixed(0.0)) == "0 (fixed)"


def test_other_pages_are_quoted_from_their_tables(tmp_path):
    (tmp_path / "a.md").write_text("# A\n\n| | x | y |\n|---|---|---|\n| one | 1 | 2 |\n")
    quotes = Quotes(tmp_path)
    assert quotes.cell("a.md", "A", "one", "y") == "2"
    told = words(render_page(whole_study(), quotes=quotes))
    assert "solved exactly, the two-phase model has" not in told
    assert "solved exactly, the two-phase model has 0." in page(whole_study())


def test_the_page_and_its_figure_are_written(tmp_path):
    folder = tmp_path / "tables"
    paths = write_page(tmp_path / "page.md", whole_study(), folder)
    assert [p.name for p in paths] == ["page.md", "front.png", "front.pdf"]
    told = (tmp_path / "page.md").read_text()
    assert "](tables/front.png)" in told
    # pictures of the study that nobody drew are left out
    assert re.findall(r"!\[.*?\]\((.*?)\)", told) == ["tables/front.png"]
    (folder / "evidence_full.png").touch()
    write_page(tmp_path / "page.md", whole_study(), folder)
    assert "](tables/evidence_full.png)" in (tmp_path / "page.md").read_text()


def test_the_second_route_to_the_evidence_is_told():
    rows = [
        row(run, "evidence_minus_nested", value, 0.2, "voyager", unit="nats")
        for run, value in (("kolmogorov", 0.1), ("two_phase", -0.4))
    ]
    # -0.4 ± 0.2 nats
    assert "differs by -0.6 ± 0.3 bits at most" in page(whole_study() + rows)
    assert "second way" not in page(without("evidence_minus_nested"))


def test_pairs_have_one_of_the_papers_theories():
    told = page(whole_study())
    assert "| two-phase / stratified halo |" in told or "| stratified halo / two-phase |" in told
    assert "Kolmogorov / two-phase |" in told or "two-phase / Kolmogorov |" in told
    assert "Kolmogorov / power-law diffusion |" not in told
    assert "power-law diffusion / Kolmogorov |" not in told


def test_what_sets_the_floors():
    notes = {
        "kolmogorov": "interstellar B/C at 0.43 GV (model below), protons at 11 GV (model below)",
        "two_phase": "protons at 0.3 GV (model above), interstellar B/C at 0.43 GV (model below)",
    }

    def told(**notes):
        rows = [
            row(run, "acceptable_max_floor_points", 2, None, "voyager", note, "")
            for run, note in notes.items()
        ]
        floors = [row("two_phase", "acceptable_max_floor", 0.52, 0.01, "voyager", unit="epsilon")]
        return page(whole_study() + rows + floors)

    assert (
        "come closer than 52%; what stops all of them is interstellar B/C at 0.43 GV (model "
        "below). There cross sections are known to some 20%, and published fits"
    ) in told(**notes)
    assert "what stops all of them" not in told(
        **notes | {"kolmogorov": "protons at 11 GV (model below)"}
    )
    assert "what stops all of them" not in page(without("acceptable_max_floor_points"))


def test_held_out_data():
    rows = [
        row("two_phase", "holdout_dampe_bc_2022_p", 0.0213, None, "voyager", unit=""),
        row("kolmogorov", "holdout_dampe_bc_2022_p", 0.3, None, "voyager", "NOT CONVERGED", ""),
        row("kolmogorov", "holdout_calet_bc_2022_p", 0.5, None, "voyager", "no hold-out: it", ""),
    ]
    told = page(whole_study() + rows)
    assert "| theory | CALET protons | DAMPE B/C |" in told
    assert "| Kolmogorov | > 0.999 | 0.300 **NOT CONVERGED** |" in told
    assert "| two-phase | > 0.999 | 0.021 |" in told
    assert "0.500" not in told
    assert "--measures holdouts" in page(without("holdout_calet_proton_2022_p"))
    assert "--measures holdouts" not in told
