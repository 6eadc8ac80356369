"""Scenarios that live outside the checkout, and files that cannot be used."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.config.load import config_from_toml, load_config
from pipeline.from_config import build_problem
from pipeline.tuning.study.workers import select_cases
from priors.sets import load_prior_set
from tests.cheap_run import ROOT, environment, script
from transport import scenario_sources as sources
from transport.errors import CrtuneError
from transport.scenario import get_scenario, scenario_names

SOURCE = '''
"""Protons leak out at a speed that grows with rigidity."""

from transport.parameters import Parameter
from transport.residence import ResidenceScenario
from transport.scenario import register
from transport.shared_parameters import COLUMN, E_CR, GAMMA_INJ, RADIUS

SLOPE = Parameter("s_leak", "", "s", "slope of the speed", 0.4, medium="halo", is_exponent=True)


@register
class Leak(ResidenceScenario):
    name = "leak"
    title = "Leaking"
    parameters = (E_CR, GAMMA_INJ, RADIUS, SLOPE, COLUMN)

    def transport(self, v, rigidity):
        speed = 5e6 * rigidity ** v["s_leak"][:, None]
        return None, lambda species, flux: {"leak": 1.0 / speed}
'''
PRIORS = """
[parameters]
E_CR = { distribution = "log_normal", median = 1.0, sd = 0.3 }
gamma_inj = { distribution = "truncated_normal", mean = 4.2, sd = 0.1, low = 4.02, high = 4.7 }
r = { distribution = "uniform", low = 5.0, high = 15.0 }
column = { distribution = "log_normal", median = 250.0, sd = 0.1 }
s_leak = { distribution = "uniform", low = 0.0, high = 1.0 }
[nuisance]
phi = { distribution = "truncated_normal", mean = 0.65, sd = 0.1, low = 0.0 }
discrepancy = { distribution = "log_uniform", low = 0.01, high = 1.0 }
"""
CONFIG = """
scenario = "{scenario}"
priors = "priors.toml"
[data.ams02_proton_2015]
rigidity_min = 10.0
[data.ams02_bc_2016]
[sampling]
ensembles = 2
walkers = 24
seed = 3
checkpoint_steps = 2
min_steps = 4
max_steps = 4
workers = 2
"""


@pytest.fixture
def folder(tmp_path):
    """A study of one's own, with nothing of it in the checkout."""
    (tmp_path / "theories").mkdir()
    (tmp_path / "theories" / "leak.py").write_text(SOURCE)
    (tmp_path / "priors.toml").write_text(PRIORS)
    (tmp_path / "mine.toml").write_text(CONFIG.format(scenario="theories/leak.py"))
    return tmp_path


def test_a_file_is_found_from_the_config_and_is_part_of_the_fingerprint(folder):
    config = load_config(folder / "mine.toml")
    assert (config.scenario_name, Path(config.scenario).name) == ("leak", "leak.py")
    problem = build_problem(config)
    theta = problem.sample_prior(20, np.random.default_rng(1))
    assert np.isfinite(problem.log_prob(theta)).all()
    first = problem.fingerprint()
    assert "leak.py, sha256" in first["scenario_source"]
    again = config_from_toml(config.to_toml(), "elsewhere/mine.toml")
    assert build_problem(again).fingerprint() == first
    source = folder / "theories" / "leak.py"
    source.write_text(SOURCE.replace("5e6", "6e6"))  # as many bytes, perhaps in the same second
    changed = build_problem(config)
    assert changed.fingerprint()["scenario_source"] != first["scenario_source"]
    assert not np.allclose(changed.log_prob(theta), problem.log_prob(theta))


def test_two_files_may_have_a_scenario_of_one_name(folder):
    other = folder / "other.py"
    other.write_text(SOURCE.replace("5e6", "6e6"))
    rigidity = np.array([10.0])
    mine, theirs = (get_scenario(str(p)) for p in (folder / "theories" / "leak.py", other))
    ratio = mine.spectra(mine.fiducial(), rigidity).proton / theirs.spectra(
        theirs.fiducial(), rigidity).proton  # fmt: skip
    np.testing.assert_allclose(ratio, 1.2, rtol=1e-12)
    assert "leak" not in scenario_names()


def test_workers_find_it_and_an_edited_file_is_not_continued(folder):
    share = script("run_mcmc.py", folder / "mine.toml", "--quiet", "--ensembles", "1")
    assert share.returncode == 0, share.stderr  # as a task of a job array
    (folder / "mine" / "ensemble_01.h5").unlink()
    done = script("run_mcmc.py", folder / "mine.toml", "--quiet")
    assert done.returncode == 3, done.stderr  # NOT CONVERGED, which is right
    drawn = script("plot_spectra.py", folder / "mine")
    assert drawn.returncode == 0, drawn.stderr
    (folder / "theories" / "leak.py").write_text(SOURCE + "\n# edited\n")
    refused = script("run_mcmc.py", folder / "mine.toml", "--quiet")
    assert refused.returncode == 2
    assert "scenario_source: leak.py, sha256" in refused.stderr


def test_a_case_of_a_study_and_its_problem_travel_to_another_process(folder):
    (case,) = select_cases([folder / "mine.toml"], ranges=["earth"], selections=["both"])
    path = folder / "case.pickle"
    path.write_bytes(pickle.dumps((case, case.problem())))
    code = (
        "import pathlib, pickle\n"
        f"case, problem = pickle.loads(pathlib.Path({str(path)!r}).read_bytes())\n"
        "print(problem.fingerprint() == case.problem().fingerprint(), problem.scenario.name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True,
        env=environment(PYTHONPATH=str(ROOT)), check=False,
    )  # fmt: skip
    assert done.stdout == "True leak\n", done.stderr


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def broken(:\n", "leak.py, line 1: SyntaxError: invalid syntax"),
        ("import numpyy\n", "leak.py, line 1: ModuleNotFoundError: No module named 'numpyy'"),
        ("x = 1\n", "should declare one scenario, a class under @register; it has none"),
        (SOURCE.replace('title = "Leaking"', ""), "Leak declares no title"),
        (SOURCE.replace("    def transport", "    def transprt"), "TypeError: Can't instantiate"),
        (SOURCE.replace("5e6", "speed0"), "line 19: NameError: name 'speed0' is not defined"),
        (
            SOURCE.replace("1.0 / speed", "1.0 / speed[:, :2]"),
            "term 'leak' of proton has the shape",
        ),
        ("raise SystemExit(3)\n", "line 1: SystemExit: 3"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_line(folder, source, reason):
    path = folder / "theories" / "leak.py"
    path.unlink() if source is None else path.write_text(source)
    with pytest.raises(CrtuneError) as told:
        build_problem(load_config(folder / "mine.toml"))
    assert reason in str(told.value)
    assert "\n" not in str(told.value)
    build_problem(load_config(ROOT / "runs" / "kolmogorov.toml"))  # other runs do not care


@pytest.fixture
def installed(folder, monkeypatch):
    """Packages that bring scenarios, as pip would install them; one of them is broken."""
    (folder / "leaky").mkdir()
    (folder / "leaky" / "__init__.py").write_text("")
    (folder / "leaky" / "theory.py").write_text(SOURCE)
    (folder / "leaky" / "bad.py").write_text("1 / 0\n")
    info = folder / "leaky-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: leaky\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[crtune.scenarios]\nleak = leaky.theory:Leak\nbad = leaky.bad:Bad\n"
        "kolmogorov = leaky.theory:Leak\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    sources.installed_scenarios.cache_clear()
    yield folder
    sources.installed_scenarios.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "leaky"]:
        del sys.modules[name]


def test_a_package_brings_scenarios(installed):
    assert {"leak", "bad"} <= set(scenario_names())
    assert get_scenario("leak").title == "Leaking"
    assert type(get_scenario("kolmogorov")).__module__ == "transport.scenarios.kolmogorov"
    broken = sources.broken_scenarios()
    assert "ZeroDivisionError" in broken["bad"]
    assert "has this name" in broken["kolmogorov (leaky.theory:Leak)"]
    (installed / "mine.toml").write_text(CONFIG.format(scenario="leak"))
    problem = build_problem(load_config(installed / "mine.toml"))
    assert "theory.py, sha256" in problem.fingerprint()["scenario_source"]
    with pytest.raises(CrtuneError, match=r"entry point bad = leaky\.bad:Bad.*ZeroDivisionError"):
        load_config_of(installed, "bad")
    load_prior_set("plausible").prior(get_scenario("two_phase"))  # the broken one harms nobody


def load_config_of(folder, scenario):
    (folder / "mine.toml").write_text(CONFIG.format(scenario=scenario))
    return load_config(folder / "mine.toml")


def test_shipped_scenarios_have_no_source_in_the_fingerprint():
    problem = build_problem(load_config(ROOT / "runs" / "kolmogorov.toml"))
    assert "scenario_source" not in problem.fingerprint()
