"""Cases: which data, which priors, where the results go."""

import pytest

from pipeline.config.load import load_config, with_sections
from pipeline.tuning.study.cases import Case, cases_of
from transport.checkout import ROOT
from transport.errors import CrtuneError


@pytest.fixture(scope="module")
def run():
    return load_config(ROOT / "runs" / "two_phase.toml")


@pytest.mark.parametrize(
    ("selection", "place", "datasets"),
    [
        ("both", "voyager",
         {"ams02_proton_2015", "ams02_bc_2016", "voyager1_proton", "voyager1_bc"}),
        ("both", "earth", {"ams02_proton_2015", "ams02_bc_2016"}),
        ("proton", "voyager", {"ams02_proton_2015", "voyager1_proton"}),
        ("bc", "voyager", {"ams02_bc_2016", "voyager1_bc"}),
        ("bc", "earth", {"ams02_bc_2016"}),
    ],
)  # fmt: skip
def test_data_of_a_case(run, selection, place, datasets):
    case = Case(run, selection, place)
    assert set(case.problem().dataset_names) == datasets
    # cuts stay as the run has them
    for name in datasets:
        assert case.config.data[name] == run.data[name]


def test_amplitudes_follow_the_data(run):
    names = Case(run, "proton", "earth").problem().names
    assert "log10_discrepancy_proton_earth" in names
    assert not any("bc" in name for name in names)
    bare = Case(run, "both", "voyager").problem(discrepancy=False)
    assert not any("discrepancy" in name for name in bare.names)


def test_prior_set_and_folder(run):
    case = Case(run, "both", "earth", "wide")
    assert "wide" in case.problem().prior.source
    assert case.folder == ROOT / "runs" / "two_phase" / "tuning" / "wide" / "earth_both"


def test_transports_have_folders_and_fingerprints_of_their_own(run):
    both = cases_of(run, ("both",), ("earth",), transports=("paper", "ionisation,destruction"))
    assert [case.transport for case in both] == ["paper", "ionisation,destruction"]
    plausible = ROOT / "runs" / "two_phase" / "tuning" / "plausible"
    assert [case.folder for case in both] == [
        plausible / "earth_both",
        plausible / "ionisation_destruction" / "earth_both",
    ]
    paper, losses = (case.problem().fingerprint() for case in both)
    assert "transport" not in paper
    assert losses.pop("transport") == "ionisation,destruction"
    assert losses == paper
    full = cases_of(run, ("both",), ("earth",), transports=("full",))[0].problem()
    assert {"log10_A_boron", "s_boron"} <= set(full.names)
    assert str(both[1]).endswith("plausible ionisation,destruction")


def test_the_whole_run_is_the_case_with_voyager(run):
    from pipeline.from_config import build_problem

    assert Case(run).problem().fingerprint() == build_problem(run).fingerprint()


def test_cases_without_data_or_with_the_same_data_are_left_out(run):
    earth_only = with_sections(run, data={"ams02_bc_2016": {}}, discrepancy={})
    assert [case.label for case in cases_of(earth_only)] == ["earth_both", "earth_bc"]
    assert cases_of(earth_only, ranges=("voyager",)) == []
    with pytest.raises(CrtuneError, match="no data set is left for earth proton"):
        _ = Case(earth_only, "proton", "earth").config
