"""Calibration sets: the same whenever and wherever they are made, resumed, reported."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from pipeline.calibration.mock import mock_problem
from pipeline.calibration.page import render_page
from pipeline.calibration.report import assess, format_calibrated, read_ranks, write_ranks
from pipeline.calibration.sets import Calibration, config_of_sets, numbers_of
from pipeline.calibration.workers import make_sets
from pipeline.cli import Share
from pipeline.config.load import load_config
from pipeline.figures.calibration_plot import calibration_figure
from tests.cheap_run import ROOT, environment, write_config
from tests.pipeline.figures.fake_posterior import texts
from transport.errors import CrtuneError

SHORT = ("sampling.min_steps=20", "sampling.max_steps=20", "sampling.ensembles=1")


def calibration_in(folder, **options):
    config = config_of_sets(load_config(write_config(folder / "run.toml")), SHORT)
    return Calibration(config, draws=20, **options)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    calibration = calibration_in(tmp_path_factory.mktemp("made"))
    assert make_sets(calibration, range(4), progress=False) == 0
    return calibration


def test_a_set_is_fixed_by_seed_and_number(made):
    problem = made.problem
    (mock, truth), (again, same) = (mock_problem(problem, 1, 3) for _ in range(2))
    np.testing.assert_array_equal(truth, same)
    assert mock.fingerprint() == again.fingerprint()
    for seed, number in ((1, 4), (2, 3)):
        assert not np.array_equal(mock_problem(problem, seed, number)[1], truth)
    assert mock.names == problem.names
    assert mock.fingerprint() != problem.fingerprint()
    assert json.loads(made.path(3).read_text())["truth"] == dict(
        zip(mock.names, truth.tolist(), strict=True)
    )


def test_sets_are_resumed_not_made_again(made, tmp_path):
    assert made.missing(range(6)) == [4, 5]
    assert not list(made.folder.glob("chains_*"))
    copy = calibration_in(tmp_path)
    assert copy.identity == made.identity
    copy.folder.mkdir(parents=True)
    shutil.copy(made.path(0), copy.path(0))
    before = copy.path(0).stat().st_mtime_ns
    assert make_sets(copy, range(2), progress=False) == 0
    assert copy.path(0).stat().st_mtime_ns == before
    first, second = (json.loads(c.path(1).read_text()) for c in (made, copy))
    assert first["ranks"] == second["ranks"]


def test_other_settings_are_another_calibration(made, tmp_path):
    assert calibration_in(tmp_path, seed=2).folder.name != made.folder.name
    config = config_of_sets(made.config, (*SHORT, "covariance.mode=diagonal"))
    assert Calibration(config, draws=20).identity != made.identity
    config = config_of_sets(made.config, (*SHORT, "sampling.workers=7"))
    assert Calibration(config, draws=20).identity == made.identity


def test_report_page_and_table(made, tmp_path):
    found = assess(made, bins=4, asked=6)
    text = format_calibrated(found)
    assert "4 of 6 sets, 4 not converged" in text
    assert "log_likelihood" in text
    path = write_ranks(found, tmp_path / "run.csv")
    again = read_ranks(path)
    assert format_calibrated(again) == text
    page = render_page([again])
    assert "**4 sets of the 6 asked for**" in page
    assert "| `log10_kappa_0` |" in page
    assert "the chains of 4 did not meet their rules" in page.replace("\n", " ")
    assert "log10_kappa_0" in " ".join(texts(calibration_figure(found)))
    path.write_text("no table")
    with pytest.raises(CrtuneError, match=r"run\.csv: no table of ranks"):
        read_ranks(path)


def test_errors(made, tmp_path):
    with pytest.raises(CrtuneError, match="4 sets are fewer than --bins 5"):
        assess(made, bins=5, asked=6)
    with pytest.raises(CrtuneError, match="--sets 5 --bins 10: fewer sets than bins"):
        numbers_of(5, 10)
    parts = [numbers_of(20, 10, Share(i, 3)) for i in range(3)]
    assert sorted(n for part in parts for n in part) == list(range(20))
    copy = calibration_in(tmp_path)
    copy.folder.mkdir(parents=True)
    whole = made.path(0).read_text()
    changed = re.sub(r'("[^"]+": )(\d+)(,\n)', r"\g<1>1\2\g<3>", whole, count=1)  # one number
    assert changed != whole
    for spoilt in (whole[:-40], changed):
        copy.path(0).write_text(spoilt)
        with pytest.raises(CrtuneError, match=r"set_00000\.json: damaged"):
            copy.load()


def test_no_possible_prior_draw():
    class Impossible:
        prior = type("Prior", (), {"source": "mine.toml"})
        likelihood = None

        def sample_prior(self, n, rng):
            return rng.random((n, 2))

        def values(self, theta):
            return {}

    problem = Impossible()
    problem.likelihood = type(
        "Likelihood", (), {"simulate": lambda *_: (_ for _ in ()).throw(CrtuneError("no"))}
    )()
    with pytest.raises(CrtuneError, match=r"none of 1000 draws of the prior mine\.toml"):
        mock_problem(problem, 1, 0)


@pytest.mark.slow
def test_workers_and_script_make_the_same_sets(made, tmp_path):
    path = write_config(tmp_path / "run.toml")
    options = [f"--set={o}" for o in SHORT]
    command = [sys.executable, ROOT / "scripts" / "calibrate.py", path, "--sets=4", "--bins=4"]
    done = subprocess.run(
        [*command, *options, "--draws=20", "--workers=2", "--page", "--output", tmp_path / "docs"],
        capture_output=True, text=True, env=environment(), timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder = path.with_suffix("") / "calibration" / made.identity[:12]
    for number in range(4):
        ranks = json.loads((folder / made.path(number).name).read_text())["ranks"]
        assert ranks == json.loads(made.path(number).read_text())["ranks"]
    assert "4 sets" in (tmp_path / "docs" / "calibration.md").read_text()
    assert (tmp_path / "docs" / "calibration" / "run.png").exists()


@pytest.mark.slow
def test_a_job_out_of_time_goes_on_where_it_was(made, tmp_path):
    """SIGUSR1 in the middle of a set: exit 75, its chains are kept, and the ranks are the same."""
    path = write_config(tmp_path / "run.toml")
    longer = ("sampling.min_steps=400", "sampling.max_steps=400", "sampling.checkpoint_steps=20")
    options = [*(f"--set={o}" for o in (*SHORT, *longer)), "--draws=20", "--quiet"]
    command = [sys.executable, ROOT / "scripts" / "calibrate.py", path, "--sets=10", *options]
    job = subprocess.Popen([*command, "--share=0/10"], env=environment())
    deadline = time.monotonic() + 120
    folder = path.with_suffix("") / "calibration"
    while not list(folder.glob("*/chains_00000/*.h5")):
        assert time.monotonic() < deadline
        assert job.poll() is None
        time.sleep(0.05)
    job.send_signal(signal.SIGUSR1)
    assert job.wait(timeout=300) == 75
    assert list(folder.glob("*/chains_00000"))
    assert (
        subprocess.run([*command, "--share=0/10"], env=environment(), timeout=240).returncode == 0
    )
    (found,) = folder.glob("*/set_00000.json")
    again = found.rename(tmp_path / "interrupted.json")
    assert (
        subprocess.run([*command, "--share=0/10"], env=environment(), timeout=240).returncode == 0
    )
    first, second = (json.loads(p.read_text()) for p in (again, found))
    assert first["ranks"] == second["ranks"]
    assert first["steps"] == second["steps"] == 400
