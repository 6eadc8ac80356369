"""What the study makes of a run's chains: only of its own problem, and marked unconverged."""

import numpy as np
import pytest

from pipeline.config.load import load_config, with_sections
from pipeline.from_config import build_problem
from pipeline.posterior.load import load_run
from pipeline.sampling.ensemble import EnsembleRun
from pipeline.tuning.estimators.effective import UNCONVERGED
from pipeline.tuning.estimators.weighted import WeightedRun
from pipeline.tuning.study.cases import Case
from pipeline.tuning.study.results import load_results
from pipeline.tuning.study.study import Study

CONFIG = """
scenario = "kolmogorov"
[data.ams02_proton_2015]
rigidity_min = 10.0
[discrepancy]
enabled = false
[sampling]
ensembles = 2
walkers = 14
start = "optimum"
min_steps = 60
max_steps = 60
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of the proton data with 60 steps of 2 ensembles."""
    path = tmp_path_factory.mktemp("runs") / "mine.toml"
    path.write_text(CONFIG)
    config = load_config(path)
    config.run_dir.mkdir()
    extend(config, 60)
    return config


def extend(config, steps):
    problem = build_problem(config)
    for index in range(2):
        text = config.to_toml()
        EnsembleRun(problem, config.run_dir, index, config.sampling, text).extend(steps)


def study_of(run, told=None):
    """A study whose nested posterior is that of the chains, so that nothing need be sampled."""
    study = Study(Case(run, "both", "earth"), tell=(told if told is not None else []).append)
    draws = load_run(run.run_dir).flat
    n = len(draws)
    study.__dict__["posterior"] = WeightedRun(
        theta=draws, log_likelihood=np.zeros(n), log_volume=np.full(n, -np.log(n)),
        log_weight=np.full(n, -np.log(n)), log_z=0.0, log_z_error=0.1, n_eff=float(n),
        calls=n, seed=1, converged=True, method="exact",
        names=study.problem.names, labels=study.problem.labels,
    )  # fmt: skip
    return study


def test_both_comparisons_are_made_once_and_marked(run):
    told = []
    study_of(run, told).make(["chains"])
    assert told == ["agreement", "bridge"]
    (found,) = load_results([Case(run, "both", "earth")])
    assert UNCONVERGED in found.bridge.reasons
    assert found.agreement.verdict.startswith(UNCONVERGED)
    # the draws compared are those of the chains
    np.testing.assert_allclose(found.agreement.mean_difference, 0.0, atol=1e-9)
    assert np.isfinite(found.bridge.log_z)
    told.clear()
    study_of(run, told).make(["chains"])
    assert told == []


def test_longer_chains_are_compared_anew(run):
    study_of(run).make(["chains"])
    extend(run, 80)
    told = []
    study_of(run, told).make(["chains"])
    assert told == ["agreement", "bridge"]


def test_chains_of_another_problem_are_none(run):
    other = with_sections(run, covariance={"mode": "diagonal"})
    study = Study(Case(other, "both", "earth"))
    assert study.chains is None
    assert study.result("bridge") is None
    assert study.result("agreement") is None


def test_a_run_without_chains_has_none(run, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(CONFIG)
    study = Study(Case(load_config(path), "both", "earth"))
    study.make(["chains"])
    assert study.chains is None
    assert not list(tmp_path.rglob("*.h5"))
