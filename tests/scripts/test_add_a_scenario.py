"""docs/add_a_scenario.md, followed to the letter in a copy of the checkout."""

import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from pipeline.config.load import load_config
from pipeline.figures.tuning.evidence import evidence_figure
from pipeline.figures.tuning.looks import looks_of
from pipeline.from_config import build_problem
from pipeline.tuning.estimators.derivatives import per_logarithm
from pipeline.tuning.measures.universality import environment
from pipeline.tuning.study.cases import Case
from pipeline.tuning.study.plan import whole_study
from pipeline.tuning.tables.entries import entries
from pipeline.tuning.tables.markdown import markdown
from tests.cheap_run import ROOT
from tests.tuning.fake_results import case, evidence, information, results
from transport.constants import UNITS
from transport.kinematics import BORON, PROTON
from transport.parameters import columns_by_medium
from transport.scenario import get_scenario
from transport.secondaries import residence_of_grammage, spallation_speed

PAGE = (ROOT / "docs" / "add_a_scenario.md").read_text()
ROOMS = ("transport", "likelihoods", "priors", "pipeline", "data", "scripts")
FILES = dict(re.findall(r"```(?:python|toml)\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = [
    line.split()[1:]
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy with one's own files where the page says; crtune's own folders are untouched."""
    copy = tmp_path_factory.mktemp("checkout")
    for room in ROOMS:
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    for path, text in FILES.items():
        if path.startswith("my_study/"):
            (copy / path).parent.mkdir(exist_ok=True)
            (copy / path).write_text(text)
    return copy


def python(checkout, *arguments):
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=checkout, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def rows(done):
    assert done.returncode == 0, done.stderr
    return [line.split() for line in done.stdout.splitlines() if line.strip()[:1].isdigit()]


def test_the_page_has_what_is_followed_here():
    assert list(FILES) == [
        "my_study/rigid_wind.py", "my_study/leaky_box.py", "my_study/priors.toml",
        "my_study/wind.toml", "runs/rigid_wind.toml",
    ]  # fmt: skip
    assert len(COMMANDS) == 4


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no git repository")
def test_git_ignores_nothing_that_the_page_has_people_write():
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", *FILES], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert ignored.stdout == ""


def test_predictions_as_on_the_page(checkout):
    listing, wind, box = (python(checkout, *c) for c in COMMANDS[:3])
    assert "speed of the wind that carries 10 GV particles" in listing.stdout, listing.stderr
    _, at_10, at_100 = (float(row[2]) for row in rows(wind))
    # B/C goes as 1/V, here R^-0.5, but for the last percent of the speed of light at 10 GV
    assert at_100 / at_10 == pytest.approx(10**-0.5, rel=0.02)
    # B/C = X sigma / m_p with X = 10 g/cm^2 at 10 GV and sigma = 61 mb
    at_10, at_100 = (float(row[2]) for row in rows(box))
    assert at_10 == pytest.approx(10.0 * 61e-27 / 1.67262e-24, rel=1e-4)
    assert at_100 == pytest.approx(at_10 * 10**-0.5, rel=1e-4)


def test_the_run_on_the_page_is_sampled(checkout):
    small = ["ensembles=1", "walkers=32", "min_steps=4", "max_steps=4", "checkpoint_steps=4"]
    overrides = [part for s in small for part in ("--set", f"sampling.{s}")]
    done = python(checkout, *COMMANDS[3], *overrides, "--set", "sampling.workers=1", "--quiet")
    assert done.returncode == 3, done.stdout + done.stderr  # NOT CONVERGED, which is right
    assert (checkout / "my_study" / "wind" / "ensemble_00.h5").is_file()


def test_log_prob_of_its_prior_draws_is_finite(checkout):
    problem = build_problem(load_config(checkout / "my_study" / "wind.toml"))
    theta = problem.sample_prior(50, np.random.default_rng(1))
    assert np.isfinite(problem.log_prob(theta)).all()
    assert {"log10_V_10", "s_wind"} <= set(problem.names)


def test_measures_of_tuning_read_its_declarations(checkout):
    p = get_scenario(str(checkout / "my_study" / "rigid_wind.py")).parameters
    names = np.array([q.name for q in p])
    assert set(names[environment(p)]) == {"r", "V_10", "column"}
    assert set(names[columns_by_medium(p)["halo"]]) == {"V_10", "s_wind"}
    linear = per_logarithm(p, np.full((1, len(p)), 0.5))[0] == 1.0
    assert set(names[linear]) == {"gamma_inj", "s_wind"}


def its_results(config, transport="paper"):
    run = load_config(config)
    made = {"evidence": evidence(), "information": information(-95.0, -85.0)}
    return results(Case(run, "both", "earth", run.priors, transport), **made)


def test_its_results_stand_beside_kolmogorov(checkout, tmp_path):
    """One's own prior file extends the baseline's, and data at Earth are the same."""
    mine = its_results(checkout / "my_study" / "wind.toml")
    base = results(case("kolmogorov"), evidence=evidence(), information=information())
    found = {(e.run, e.measured.measure): e.measured for e in entries([mine, base])}
    assert found["wind", "log_z_over_kolmogorov"].value == pytest.approx(5.0)
    text = markdown(entries([mine, base]))
    assert "wind (rigid_wind)" in text
    looks = looks_of([mine, base])
    assert looks["wind"] != looks["kolmogorov"]
    assert evidence_figure([mine, base]) is not None


def test_with_data_of_ones_own_the_baseline_is_ones_own_too(checkout, tmp_path):
    table = tmp_path / "mine.ecsv"
    shutil.copy(ROOT / "data" / "calet_proton_2022.ecsv", table)
    configs = {}
    for name, scenario in (
        ("wind", checkout / "my_study" / "rigid_wind.py"),
        ("reference", "kolmogorov"),
    ):
        priors = checkout / "my_study" / "priors.toml" if name == "wind" else "plausible"
        configs[name] = tmp_path / f"{name}.toml"
        configs[name].write_text(
            f'scenario = "{scenario}"\npriors = "{priors}"\n'
            f'[data.mine]\ntable = "mine.ecsv"\nrigidity_min = 60.0\n[data.ams02_bc_2016]\n'
        )
    ours, ones_own = (its_results(configs[name]) for name in ("wind", "reference"))
    shipped = results(case("kolmogorov"), evidence=evidence(), information=information())
    listed = entries([ours, ones_own, shipped])
    (why,) = [e.measured for e in listed
              if (e.run, e.measured.measure) == ("wind", "baseline_kolmogorov")]  # fmt: skip
    assert "kolmogorov was given other data" in why.note
    listed = entries([ours, ones_own, shipped], ["reference"])
    assert any((e.run, e.measured.measure) == ("wind", "log_z_over_reference") for e in listed)


def test_a_config_in_runs_joins_the_study(checkout, tmp_path):
    """Every measure of it in both transports, after the headlines; nothing is pinned to names."""
    for name in ("wind.toml", "rigid_wind.py", "priors.toml"):
        shutil.copy(checkout / "my_study" / name, tmp_path)
    tasks, left_out = whole_study(runs=[tmp_path / "wind.toml"])
    kinds = {(t.case.transport, t.case.selection, t.case.range) for t in tasks}
    assert {("full", "both", "earth"), ("paper", "both", "earth")} <= kinds
    assert left_out == []


def test_grammage_is_what_makes_boron():
    """X = m_p (h n_disk) v f(0)/Q, against the boron that `spallation_speed` makes of it."""
    rigidity, column = np.array([2.0, 30.0]), np.array([250.0, 100.0]) * UNITS["pc cm^-3"]
    grammage = np.array([[7.0, 3.0], [20.0, 1.0]])
    residence = residence_of_grammage(grammage, rigidity, column, BORON)
    # carbon at its own speed makes boron, which stays for the residence
    speed = 2.998e10 / np.hypot(1.0, 12 * 0.9315 / (6 * rigidity))
    boron_speed = 2.998e10 / np.hypot(1.0, 10.81 * 0.9315 / (5 * rigidity))
    per_carbon = spallation_speed(rigidity, column) * residence * boron_speed / speed
    np.testing.assert_allclose(per_carbon, grammage * 61e-27 / 1.6726e-24, rtol=5e-3)
    time = 0.5 * (100 * UNITS["pc"]) * residence_of_grammage(grammage, rigidity, column, PROTON)
    assert np.all((time / UNITS["Myr"] > 0.01) & (time / UNITS["Myr"] < 10.0))


BROKEN = {
    "transport/scenarios/unfinished.py": "def transport(:\n",
    "transport/scenarios/two_phase.py": "import nothing_of_this_name\n",
}


def test_a_broken_file_in_the_folder_stops_its_own_runs_only(checkout, tmp_path):
    copy = tmp_path / "checkout"
    shutil.copytree(checkout, copy)
    shutil.copytree(ROOT / "runs", copy / "runs", ignore=lambda d, names: [
        name for name in names if not name.endswith(".toml")])  # fmt: skip
    for path, text in BROKEN.items():
        (copy / path).write_text(text)
    listing = python(copy, "scripts/predict.py", "--list")
    assert "unfinished" in listing.stdout
    assert "unfinished.py, line 1: SyntaxError: invalid syntax" in listing.stdout
    assert "kolmogorov" in listing.stdout
    code = (
        "from pipeline.config.load import load_config\n"
        "from pipeline.from_config import build_problem\n"
        "print(build_problem(load_config('runs/kolmogorov.toml')).ndim)\n"
    )
    assert python(copy, "-c", code).stdout.strip() == "11"
    refused = python(copy, "scripts/run_mcmc.py", "runs/two_phase.toml")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "two_phase.py, line 1: ModuleNotFoundError" in refused.stderr
