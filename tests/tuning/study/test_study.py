"""A study from configs to stored results: everything made once, and read back."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from pipeline.config.load import load_config
from pipeline.tuning.estimators.acceptable import AcceptableSettings
from pipeline.tuning.estimators.bridged import BridgedSettings
from pipeline.tuning.estimators.floors import FloorSettings
from pipeline.tuning.estimators.subset import SubsetSettings
from pipeline.tuning.measures import measure
from pipeline.tuning.measures.measure import measures
from pipeline.tuning.study import results
from pipeline.tuning.study.cases import Case, cases_of
from pipeline.tuning.study.comparison import collect
from pipeline.tuning.study.results import load_results
from pipeline.tuning.study.study import Study, StudySettings
from pipeline.tuning.study.workers import run_study, select_cases, tasks_of
from transport.checkout import ROOT
from transport.errors import CrtuneError

QUICK = BridgedSettings(
    prior_draws=1000, batch=500, wanted=200.0, components=2, walkers=60, adapting=(10,), steps=20,
    proposal_draws=500, stage_draws=50, n_eff=50.0,
)  # fmt: skip
SETTINGS = StudySettings(
    seeds=(1,),
    bridged=QUICK,
    acceptable=AcceptableSettings(
        points=5,
        draws=500,
        subset=SubsetSettings(walkers=64, repetitions=2, max_moves=30, max_bits=6.0),
        floor=FloorSettings(starts=1, iterations=3),
    ),
    criteria=("max",),
    derivative_draws=5,
    theories=5,
    shuffled_draws=400,
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The cheapest of the scenarios with a real medium, on real data."""
    folder = tmp_path_factory.mktemp("runs")
    shutil.copy(ROOT / "runs" / "self_confinement_nonlinear.toml", folder)
    return load_config(folder / "self_confinement_nonlinear.toml")


@pytest.fixture(scope="module")
def made(run):
    """What was told while every case at Earth was made."""
    told = []
    for case in cases_of(run, ranges=("earth",)):
        Study(case, SETTINGS, told.append).make()
    return told


@pytest.mark.usefixtures("made")
def test_every_measure_is_stored_and_read_back(run):
    both, proton, bc = load_results(cases_of(run, ranges=("earth",)))
    unmade = set(measures()) - set(both.made)
    of_other_cases = {"coincidence", "bits_saved", "diffusion_slope", "holdouts", "premise"}
    assert unmade - of_other_cases == {
        "acceptable_beyond",
        "acceptable_rms",
        "nested_evidence",
        "bridge",
        "agreement",
    }
    assert np.isfinite(both.evidence.log_z)
    assert proton.information is not None
    assert proton.stiffness is None
    assert bc.acceptable_max is not None
    # ln Z = fit - cost
    found = both.information
    assert found.log_z == pytest.approx(found.mean_log_likelihood - found.cost)
    assert both.tension.log_r == pytest.approx(
        found.log_z - proton.information.log_z - bc.information.log_z
    )


def test_what_is_stored_is_not_made_again(run, made):
    assert made
    told = []
    for case in cases_of(run, ranges=("earth",)):
        Study(case, SETTINGS, told.append).make()
    assert told == []


@pytest.mark.usefixtures("made")
def test_results_of_another_problem_are_left_out_and_told(run, tmp_path):
    shutil.copytree(run.run_dir, tmp_path / run.name)
    config = tmp_path / f"{run.name}.toml"
    shutil.copy(run.path, config)
    before, messages = collect([str(config)])
    assert {r.case.range for r in before} == {"earth"}
    assert not messages
    text = config.read_text()
    assert text.count("length = 0.5 # decades") == 1
    config.write_text(text.replace("length = 0.5 #", "length = 0.6 #"))
    after, messages = collect([str(config)])
    # without the discrepancy nothing has changed
    assert {name for r in after for name in r.made} == {"acceptable_max", "floor_points"}
    assert all("evidence" in r.stale for r in after)
    assert len(messages) == 3
    assert all("made from other data" in m and str(config) in m for m in messages)


@pytest.mark.usefixtures("made")
def test_results_of_another_version_of_their_estimator_are_left_out_and_told(run, monkeypatch):
    newer = replace(measures()["stiffness"], version=99)
    monkeypatch.setitem(measure._REGISTRY, "stiffness", newer)
    found, messages = collect([str(run.path)])
    both = next(r for r in found if r.case.selection == "both")
    assert both.stiffness is None
    assert both.sensitivity is not None
    assert both.stale == ("stiffness",)
    assert any("another model or version: stiffness;" in m for m in messages)
    monkeypatch.setattr(results, "BRIDGED_ESTIMATOR", 99)
    both = next(r for r in collect([str(run.path)])[0] if r.case.selection == "both")
    assert both.evidence is None
    assert both.acceptable_max is not None


@pytest.mark.usefixtures("made")
def test_another_seed_joins_and_stays(run, tmp_path):
    shutil.copytree(run.run_dir, tmp_path / run.name)
    shutil.copy(run.path, tmp_path)
    case = Case(load_config(tmp_path / run.path.name), "bc", "earth")
    told = []
    Study(case, replace(SETTINGS, seeds=(2,)), told.append).make(["evidence"])
    assert told[:2] == ["evidence", "posterior, seed 2: annealing"]
    (found,) = load_results([case])
    assert len(found.evidence.each) == 2
    # seed 1 alone is asked for now: nothing is made, nothing forgotten
    told.clear()
    Study(case, SETTINGS, told.append).make(["evidence"])
    assert told == []


@pytest.mark.usefixtures("made")
def test_whatever_rests_on_the_posterior_tells_whether_they_converged(run, tmp_path):
    shutil.copytree(run.run_dir, tmp_path / run.name)
    shutil.copy(run.path, tmp_path)
    case = Case(load_config(tmp_path / run.path.name), "both", "earth")
    for name in ("evidence", "stiffness"):
        (case.folder / f"{name}.h5").unlink()
    Study(case, SETTINGS).make(["stiffness"])
    (found,) = load_results([case])
    assert found.stiffness is not None
    assert found.evidence is not None


def test_what_describes_a_whole_theory_is_made_of_all_data():
    assert {case.selection for case in select_cases(measures=["stiffness"])} == {"both"}
    assert {case.selection for case in select_cases(measures=["stiffness", "evidence"])} == {
        "both", "proton", "bc",
    }  # fmt: skip


def test_headlines_come_first():
    cases = select_cases()
    selections = [case.selection for case in cases]
    assert selections == sorted(selections, key=["both", "proton", "bc"].index)
    names = {case.run.name for case in cases}
    assert {"two_phase", "stratified_halo", "kolmogorov"} <= names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ranges": ["mars"]}, "--ranges mars: unknown.*earth, voyager"),
        ({"selections": ["protons"]}, "did you mean 'proton'"),
        ({"measures": ["fisher"]}, "--measures fisher: unknown"),
        ({"runs": ["runs/two_fase.toml"]}, "does not exist"),
        (
            {"measures": ["stiffness"], "selections": ["bc"]},
            "--measures stiffness: .* --selections",
        ),
        ({"priors": ["plausble"]}, "plausble.*did you mean 'plausible'"),
    ],
)
def test_bad_names_are_told(arguments, message):
    with pytest.raises(CrtuneError, match=message):
        select_cases(**arguments)


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_an_interrupted_study_leaves_a_checkpoint_and_no_worker(run, number, tmp_path):
    config = shutil.copy(run.path, tmp_path)
    command = [sys.executable, ROOT / "scripts" / "fine_tuning.py", "--selections", "bc"]
    command += ["--ranges", "earth", "--measures", "nested", config]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a shell's background jobs ignore Ctrl-C, and so would this test's child
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 300
    while not list(tmp_path.rglob("*.hdf5")):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.2)
    process.send_signal(number)
    _, text = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "interrupted" in text
    assert "leaked" not in text
    assert list(tmp_path.rglob("*.hdf5"))
    assert ends(process.pid)


def ends(group):
    """Whether no process of a group is left after a while."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("numbers", [{"seeds": 0}, {"workers": 0}])
def test_bad_numbers_are_told(run, numbers):
    def begin(seeds=1, workers=1):
        run_study(tasks_of([Case(run)], seeds=seeds), workers)

    with pytest.raises(CrtuneError, match="at least 1"):
        begin(**numbers)
