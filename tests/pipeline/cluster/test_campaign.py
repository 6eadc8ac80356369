"""Campaigns: their configs, and the rounds that are submitted."""

import pytest

from pipeline.cluster import slurm
from pipeline.cluster.campaign import next_round, runs_of_campaign, submissions, submit_round
from pipeline.cluster.shares import judge, standing
from pipeline.config.load import load_config
from tests.cheap_run import write_config
from tests.pipeline.shares import RULES, share
from tests.pipeline.toy_run import toy_run
from transport.errors import CrtuneError


def test_campaign_makes_a_config_for_every_prior_set(tmp_path):
    config = write_config(tmp_path / "cheap.toml")
    found = runs_of_campaign([config], ["plausible", "wide"], ["sampling.seed=9"])
    assert [c.name for c in found] == ["cheap", "cheap_wide"]
    assert [c.priors for c in found] == ["plausible", "wide"]
    assert [c.sampling.seed for c in found] == [9, 9]
    wide = load_config(tmp_path / "cheap_wide.toml")  # overrides belong to the campaign
    assert (wide.priors, wide.sampling.seed) == ("wide", 3)
    assert wide.sampling == load_config(config).sampling
    runs_of_campaign([config], ["wide"])  # the file is there already
    write_config(config, ensembles=4)
    with pytest.raises(CrtuneError, match=r"cheap_wide\.toml: exists, but differs"):
        runs_of_campaign([config], ["wide"])
    with pytest.raises(CrtuneError, match="did you mean 'wide'"):
        runs_of_campaign([config], ["wyde"])


def test_campaign_makes_a_config_for_every_transport(tmp_path):
    config = write_config(tmp_path / "cheap.toml")
    found = runs_of_campaign([config], ["wide"], transports=["paper", "full"])
    assert [c.name for c in found] == ["cheap_wide", "cheap_wide_full"]
    assert [c.transport for c in found] == ["paper", "full"]
    assert load_config(tmp_path / "cheap_wide_full.toml").transport == "full"
    with pytest.raises(CrtuneError, match=r"--transport fulll.*did you mean 'full'"):
        runs_of_campaign([config], [], transports=["fulll"])


def test_campaign_refuses_the_same_run_twice(tmp_path):
    config = write_config(tmp_path / "cheap.toml")
    wide = runs_of_campaign([config], ["wide"])[0].path
    with pytest.raises(CrtuneError, match="given twice"):
        runs_of_campaign([config, wide], ["wide"])


def test_rounds_until_there_is_no_progress(tmp_path, fake_slurm):
    folder = tmp_path / "run"
    (folder / "slurm").mkdir(parents=True)
    run = toy_run(folder, **RULES)
    submit_round(folder, standing(run), 1)
    assert fake_slurm[1][2] == "--dependency=afterany:11"
    share(run, 0, 1)
    now = judge(run)
    assert next_round(folder, now, most=3).number == 2
    assert "made no progress" in next_round(folder, now, most=3)
    share(run, 0)
    assert next_round(folder, standing(run), most=3).number == 3
    share(run, 1)
    assert "max_submissions = 3 is used up" in next_round(folder, judge(run), most=3)
    assert [s.steps for s in submissions(folder)] == [(0, 0), (80, 80), (100, 80)]


def test_a_cancelled_array_ends_the_rounds(tmp_path, fake_slurm, monkeypatch):
    folder = tmp_path / "run"
    (folder / "slurm").mkdir(parents=True)
    run = toy_run(folder, **RULES)
    submit_round(folder, standing(run), 1)
    share(run, 0)
    line = "11_1|11|CANCELLED|1:00|2:00|None||crtune-run\n"
    monkeypatch.setattr(slurm, "_call", lambda *command: line)
    assert "array 11 was cancelled" in next_round(folder, standing(run), most=9)
