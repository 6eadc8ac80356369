"""Variants of a case: what they change, where they are kept, and what is refused."""

from dataclasses import replace

import pytest

from pipeline.config.load import RUNS, load_config
from pipeline.tuning.study.cases import Case
from pipeline.tuning.study.plan import why_not
from pipeline.tuning.study.store import identity_of
from pipeline.tuning.study.variants import SHIPPED, find_variant, variants_in
from pipeline.tuning.study.workers import select_cases
from transport.errors import CrtuneError


@pytest.fixture(scope="module")
def two_phase():
    return Case(load_config(RUNS / "two_phase.toml"), transport="full")


def bins(case):
    return {name: m.n_bins for name, m in case.problem().likelihood.datasets.items()}


def test_each_that_is_shipped_is_another_problem_of_the_two_phase_model(two_phase):
    plain = two_phase.problem()
    seen = {identity_of(plain)}
    for name, variant in variants_in(SHIPPED).items():
        case = replace(two_phase, variant=name)
        assert variant.description
        assert why_not(case) is None
        assert case.folder == two_phase.folder.parent / name / two_phase.label
        assert str(case).endswith(f" full {name}")
        seen.add(identity_of(case.problem()))
    assert len(seen) == 1 + len(variants_in(SHIPPED))


def test_features_of_the_data_are_left_out(two_phase):
    plain, slope, peak = (
        bins(replace(two_phase, variant=name)) for name in ("", "no_bc_slope", "no_peak")
    )
    assert slope["ams02_bc_2016"] < plain["ams02_bc_2016"]
    assert slope["ams02_proton_2015"] == plain["ams02_proton_2015"]
    highest = replace(two_phase, variant="no_bc_slope").problem().likelihood.datasets
    assert highest["ams02_bc_2016"].rigidity_high.max() <= 20.0
    assert "voyager1_bc" in plain
    assert "voyager1_bc" not in peak  # nothing of it is left
    groups = replace(two_phase, variant="no_peak").config.discrepancy.groups
    assert groups["bc"] == ["ams02_bc_2016"]


def test_cuts_of_a_config_are_only_narrowed():
    variant = find_variant("no_hardening")
    case = Case(load_config(RUNS / "two_phase.toml"))
    protons = case.problem().likelihood.datasets["ams02_proton_2015"]
    assert variant.cuts(protons, {"rigidity_max": 50.0})["rigidity_max"] == 50.0
    assert variant.cuts(protons, {"rigidity_max": 900.0})["rigidity_max"] == 200.0
    assert variant.cuts(protons, {"rigidity_min": 10.0}) == {
        "rigidity_min": 10.0, "rigidity_max": 200.0,
    }  # fmt: skip


def test_known_cross_sections_are_fixed(two_phase):
    names = {p.name for p in two_phase.problem().parameters}
    fixed = {p.name for p in replace(two_phase, variant="fixed_production").problem().parameters}
    assert names - fixed == {"A_boron", "s_boron"}


def test_what_a_run_cannot_have_is_refused_by_name_with_a_sentence():
    path = RUNS / "kolmogorov.toml"
    for name, words in (("isotropy", "changes nothing"), ("linear_damping", "halo_damping")):
        with pytest.raises(CrtuneError, match=f"--variant {name}: .*{words}"):
            select_cases([path], variants=[name])
    with pytest.raises(CrtuneError, match=r"did you mean 'no_peak'\?"):
        select_cases([path], variants=["no_peek"])
    # without effect where transport is the paper's
    with pytest.raises(CrtuneError, match="changes nothing"):
        select_cases([path], variants=["fixed_production"])


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[high]\nrigidity_min = { proton = 100.0, bc = 100.0 }\n")
    (case, *_) = select_cases([RUNS / "kolmogorov.toml"], variants=[f"{path}:high"])
    assert case.change.name == "high"
    assert case.folder.parent.name == "high"
    assert min(m.rigidity_low[0] for m in case.problem().likelihood.datasets.values()) >= 100.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a]\nrigidity_maximum = 3\n", "rigidity_maximum"),
        ("[a]\nrigidity_max = { protons = 3.0 }\n", "should be proton or bc"),
        ("[a]\npriors = 3\n", "priors"),
        ("a = 3\n", "should be a table"),
        ("['a b']\n", "letters, digits"),
    ],
)
def test_mistakes_are_told(tmp_path, text, message):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(CrtuneError, match=message):
        find_variant(f"{path}:a")
    with pytest.raises(CrtuneError, match="no such file"):
        find_variant(f"{tmp_path / 'none.toml'}:a")
