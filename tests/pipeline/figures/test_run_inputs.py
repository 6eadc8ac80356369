"""From the command line: figures of a run, and of no other."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest

from pipeline.config.load import config_from_toml
from pipeline.from_config import build_problem
from pipeline.posterior.with_problem import load_posterior_and_problem
from pipeline.sampling.rounds import Run
from tests.pipeline.figures.fake_posterior import CONFIG, fake_posterior
from transport.checkout import ROOT
from transport.errors import CrtuneError


def test_a_short_run_from_the_command_line(tmp_path, monkeypatch):
    path = tmp_path / "short.toml"
    path.write_text(CONFIG.format(scenario="kolmogorov"))
    config = config_from_toml(path.read_text(), path)
    run = Run(
        build=partial(build_problem, config),
        folder=config.run_dir,
        sampling=config.sampling,
        convergence=config.convergence,
        config_text=config.to_toml(),
    )
    run.execute(progress=False)
    posterior, problem = load_posterior_and_problem(config.run_dir)
    assert posterior.names == problem.names
    for script, stem in (("plot_corner", "corner"), ("plot_spectra", "spectra")):
        command = [sys.executable, ROOT / "scripts" / f"{script}.py", config.run_dir]
        command += ["--params", "kappa_0,H"] if stem == "corner" else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "NOT CONVERGED" in done.stdout
        assert (config.run_dir / f"{stem}.png").stat().st_size > 10_000
        assert (config.run_dir / f"{stem}.pdf").stat().st_size > 10_000
    assert "max |ln(model/data)|" in done.stdout
    # a chain that the model no longer gives is not drawn
    changed = SimpleNamespace(
        names=problem.names,
        fingerprint=problem.fingerprint,
        log_prob=lambda coords: problem.log_prob(coords) + 0.1,
    )
    monkeypatch.setattr("pipeline.posterior.with_problem.build_problem", lambda config: changed)
    with pytest.raises(CrtuneError, match="the model has changed"):
        load_posterior_and_problem(config.run_dir)


def test_a_chain_of_another_problem_is_refused(tmp_path, monkeypatch, kolmogorov):
    posterior = replace(
        fake_posterior(kolmogorov), provenance={"config": CONFIG.format(scenario="weak_shocks")}
    )
    monkeypatch.setattr("pipeline.posterior.with_problem.load_run", lambda folder: posterior)
    with pytest.raises(CrtuneError, match="l_shock"):
        load_posterior_and_problem(tmp_path)
