"""The two command lines on the real two-phase model, for a few steps."""

import csv
import importlib.util
import shutil
import sys

import numpy as np
import pytest

from pipeline.chains.reader import read_chain
from pipeline.cli import run_script
from pipeline.config.load import config_from_toml
from pipeline.sampling.ensemble import ensemble_path
from transport.checkout import ROOT

CONFIG = """
scenario = "two_phase"
[data.ams02_proton_2015]
rigidity_min = 10.0
[data.ams02_bc_2016]
[data.voyager1_proton]
rigidity_min = 0.3
[data.voyager1_bc]
rigidity_min = 0.3
[sampling]
ensembles = 2
walkers = 40
min_steps = 4
max_steps = 4
checkpoint_steps = 2
workers = 1
"""


def script(monkeypatch, name, *arguments) -> int:
    """Run a script in this process as its command line would."""
    monkeypatch.syspath_prepend(ROOT / "scripts")  # where a script finds `this_checkout`
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_:
        run_script(module.main)
    return exit_.value.code


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A run of 4 steps, to copy."""
    config = tmp_path_factory.mktemp("run") / "short.toml"
    config.write_text(CONFIG)
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert script(monkeypatch, "run_mcmc", config, "--quiet") == 3
    return config


@pytest.fixture
def config(done, tmp_path):
    shutil.copytree(done.parent, tmp_path / "copy")
    return tmp_path / "copy" / "short.toml"


def chain_of(config, index=0):
    return read_chain(ensemble_path(config.with_suffix(""), index))


def test_file_holds_what_reproduces_the_run(config):
    found = chain_of(config)
    assert found.iteration == 4
    assert found.header.names[0] == "log10_E_CR"
    assert found.header.units[0] == "1e50 erg"
    assert found.header.blob_names[1] == "log_likelihood_ams02_proton_2015"
    assert config_from_toml(found.header.config).sampling.walkers == 40
    assert found.header.blob_names[-1] == "log_target"
    np.testing.assert_allclose(found.blobs[..., :-1].sum(axis=-1), found.log_prob)


def test_same_command_goes_on(config, monkeypatch, capsys):
    before = chain_of(config)
    assert script(monkeypatch, "run_mcmc", config, "--quiet", "--max-steps", 6) == 3
    after = chain_of(config)
    assert after.iteration == 6
    np.testing.assert_array_equal(after.chain[:4], before.chain)
    assert "*** NOT CONVERGED ***" in capsys.readouterr().out


def test_fresh(config, monkeypatch, capsys):
    before = chain_of(config)
    assert script(monkeypatch, "run_mcmc", config, "--fresh", "--quiet") == 3
    np.testing.assert_array_equal(chain_of(config).chain, before.chain)  # same seed, same chain
    (aside,) = config.with_suffix("").glob("replaced-*")
    assert (aside / "ensemble_01.h5").exists()
    assert str(aside) in capsys.readouterr().out


def test_changed_priors_are_refused(config, monkeypatch, capsys):
    assert script(monkeypatch, "run_mcmc", config, "--quiet", "--set", "priors=wide") == 2
    error = capsys.readouterr().err
    assert "made for another problem" in error
    assert "prior." in error


def test_changed_cut_of_the_data_is_refused(config, monkeypatch, capsys):
    change = "data.ams02_proton_2015.rigidity_min=20.0"
    assert script(monkeypatch, "run_mcmc", config, "--quiet", "--set", change) == 2
    assert "data.ams02_proton_2015: " in capsys.readouterr().err


def test_truncated_chain_and_salvage(config, monkeypatch, capsys):
    path = ensemble_path(config.with_suffix(""), 1)
    whole = chain_of(config, 1)
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size - 40 * 18 * 8)  # most of the last step
    for name in ("run_mcmc", "summarize"):
        target = config if name == "run_mcmc" else config.with_suffix("")
        assert script(monkeypatch, name, target) == 2
        assert f"{path}: damaged" in capsys.readouterr().err
    assert script(monkeypatch, "run_mcmc", config, "--salvage", "--quiet") == 3
    assert "kept 2 of 4 stored steps" in capsys.readouterr().out
    np.testing.assert_array_equal(chain_of(config, 1).chain, whole.chain)


def test_summarize(config, monkeypatch, capsys):
    assert script(monkeypatch, "summarize", config) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("*** NOT CONVERGED ***")
    assert "log10_B_hot" in shown
    folder = config.with_suffix("")
    with open(folder / "summary.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 19
    assert (folder / "posterior.nc").stat().st_size > 0


@pytest.mark.parametrize("option", [(), ("--no-netcdf",)])
def test_summarize_tells_of_another_model(config, monkeypatch, capsys, option):
    source = "scenario_source: mine.py, sha256 0 in the file, mine.py, sha256 1 now"
    monkeypatch.setattr("pipeline.posterior.with_problem.changed_parts", lambda *_: [source])
    assert script(monkeypatch, "summarize", config, *option) == 0
    told = capsys.readouterr().err
    assert source in told
    assert "The table is that of the chain as it was made" in told
    for export in ("--best", "--latex", "--getdist"):
        assert script(monkeypatch, "summarize", config, export, config.parent / "x.toml") == 2
    assert not list(config.parent.glob("x*"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--workers", "0"), "sampling.workers"),
        (("--max-steps", "1"), "min_steps"),
        (("--set", "sampling.walkers=20"), "twice as many walkers"),
    ],
)
def test_bad_options(config, monkeypatch, capsys, arguments, said):
    assert script(monkeypatch, "run_mcmc", config, *arguments) == 2
    assert said in capsys.readouterr().err
