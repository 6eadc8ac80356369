"""The page has what its rows allow, and leaves out the rest."""

import re

from pipeline.page.quotes import Quotes
from pipeline.page.render import render_page, write_page
from tests.pipeline.page.filled import page, words
from tests.pipeline.page.rows_of_a_study import bits_rows, row, whole_study, without


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
    told = page([*whole_study(), doubted])
    assert "| 7.7 ± 0.1 * |" in told
    assert r"the two-phase model takes 7.7 ± 0.1\* bits at Earth" in told


def test_a_run_that_nobody_knows_stands_beside_the_others():
    told = page([*whole_study(), *bits_rows({"my_theory": (3.3, 5.5)})])
    assert "| my theory | - | 3.3 ± 0.1 | - | 5.5 ± 0.1 |" in told


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
