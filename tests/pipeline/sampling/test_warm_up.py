"""The warm-up: short ones too, walkers left behind, interruptions in every stage."""

from functools import partial

import numpy as np
import pytest

from pipeline.chains.reader import read_chain, read_journal
from pipeline.posterior.convergence import stuck_walkers
from pipeline.posterior.judge import assess_run
from pipeline.sampling import warm_up
from pipeline.sampling.ensemble import EnsembleRun, ensemble_path, read_proposal, warm_up_path
from priors.distributions import uniform
from tests.pipeline.chain_tables import assert_same_chains
from tests.pipeline.toy_run import toy_run
from tests.tuning.toys import toy_problem
from transport.errors import CrtuneError


def two_hills():
    """A hill of all the mass, and one far off, e^-40 as high, that walkers cannot leave."""
    return toy_problem(
        lambda x: np.logaddexp(
            -0.5 * np.sum((x - 3.0) ** 2, axis=1) / 0.09,
            -40.0 - 0.5 * np.sum((x + 4.0) ** 2, axis=1) / 0.0009,
        ),
        [uniform(-10.0, 10.0)] * 3,
    )


def test_walkers_that_stay_behind_are_replaced(tmp_path, monkeypatch):
    problem = two_hills()
    run = toy_run(tmp_path, two_hills, walkers=16, warm_up=400, max_steps=2000)
    ensemble = EnsembleRun(problem, tmp_path, 0, run.sampling)
    rng = np.random.default_rng(0)
    coords = 3.0 + 0.3 * rng.standard_normal((16, 3))
    coords[2] = -4.0
    monkeypatch.setattr(
        "pipeline.sampling.ensemble.starting_points",
        lambda counted, *rest: (coords, counted.log_prob(coords)),
    )
    report = ensemble.extend(400)
    found = read_chain(ensemble_path(tmp_path, 0))
    assert not stuck_walkers(found.chain[None], found.log_prob[None])
    assert np.all(found.chain > 0.0)
    assert any("stayed behind in the warm-up, replaced: 1" in text for text in report.messages)


@pytest.mark.parametrize("length", [4, 7, 60])
def test_short_runs_have_a_short_warm_up(tmp_path, length):
    run = toy_run(tmp_path, max_steps=length, min_steps=1, warm_up=2000)
    run.execute(progress=False)
    for index in range(2):
        header = read_chain(ensemble_path(tmp_path, index)).header
        assert header.warm_up["steps"] == length // 2
        assert not warm_up_path(tmp_path, index).exists()
        assert read_proposal(ensemble_path(tmp_path, index)) is not None


def test_without_a_warm_up(tmp_path):
    run = toy_run(tmp_path, warm_up=0, max_steps=100)
    run.execute(progress=False)
    assert read_proposal(ensemble_path(tmp_path, 0)) is None
    assert "MixtureMove" not in read_chain(ensemble_path(tmp_path, 0)).header.moves


class Killed(Exception):
    pass


@pytest.mark.parametrize("which", range(len(warm_up.STAGES_OF_SHORT)))
def test_killed_in_a_refit(uninterrupted, tmp_path, monkeypatch, which):
    run, calls, sane = toy_run(tmp_path), [], warm_up.refit

    def fragile(*arguments):
        calls.append(arguments)
        if len(calls) == which + 1:
            raise Killed
        return sane(*arguments)

    monkeypatch.setattr(warm_up, "refit", fragile)
    with pytest.raises(Killed):
        EnsembleRun(run.build(), tmp_path, 0, run.sampling).extend(200)
    monkeypatch.undo()
    for index in range(2):
        EnsembleRun(run.build(), tmp_path, index, run.sampling).extend(200)
    assert_same_chains(tmp_path, uninterrupted)


def test_costs_are_counted(tmp_path):
    """Every evaluation of the model, but none outside the prior."""
    run = toy_run(tmp_path, max_steps=100)
    problem = run.build()
    EnsembleRun(problem, tmp_path, 0, run.sampling).extend(100)
    found = read_chain(ensemble_path(tmp_path, 0))
    kept = int(read_journal(ensemble_path(tmp_path, 0))["evaluations"].sum())
    checked = 2 * run.sampling.walkers  # stored walkers are evaluated again when a file is opened
    total = kept + found.header.warm_up["evaluations"] + checked
    assert problem.evaluations == total
    assert kept <= 100 * run.sampling.walkers
    verdict = assess_run(tmp_path)
    assert verdict.evaluations == kept
    assert verdict.evaluations_warm_up == found.header.warm_up["evaluations"]
    coordinates = [verdict.ess[name] for name in found.header.names]
    assert verdict.effective_draws == pytest.approx(min(coordinates))
    assert verdict.wall_seconds > 0.0


def test_a_given_share_of_each_mode_does_not_depend_on_the_start(tmp_path):
    """Walkers start from the prior, half in each basin; shares are 0.9 and 0.1."""
    build = partial(
        toy_problem,
        lambda x: np.logaddexp(
            np.log(0.9) - 0.5 * np.sum((x - 4.0) ** 2, axis=1),
            np.log(0.1) - 0.5 * np.sum((x + 4.0) ** 2, axis=1),
        ),
        [uniform(-10.0, 10.0)] * 2,
    )
    run = toy_run(tmp_path, build, walkers=24, warm_up=600, max_steps=1500, min_steps=1500)
    run.execute(progress=False)
    for index in range(2):
        x = read_chain(ensemble_path(tmp_path, index)).chain[..., 0]
        assert np.mean(x < 0.0) == pytest.approx(0.1, abs=0.02)


def test_a_run_extended_says_once_that_its_warm_up_was_cut(tmp_path, capsys):
    toy_run(tmp_path, warm_up=100, max_steps=60, min_steps=60).execute(progress=False)
    assert "warm-up" not in capsys.readouterr().out
    longer = toy_run(tmp_path, warm_up=100, max_steps=400, min_steps=100)
    longer.execute(progress=False)
    told = capsys.readouterr().out
    assert told.count("ensemble 0: its warm-up was cut to 30 steps") == 1
    assert "--fresh makes it anew with 100" in told


@pytest.mark.parametrize("warm_up", [0, 41])
def test_another_warm_up_is_refused(tmp_path, warm_up):
    toy_run(tmp_path).execute(progress=False)
    changed = toy_run(tmp_path, warm_up=warm_up)
    with pytest.raises(CrtuneError, match=rf"sampling\.warm_up: 40 in the file, {warm_up} now"):
        changed.execute(progress=False)


def test_another_warm_up_is_refused_while_it_is_under_way(tmp_path):
    run = toy_run(tmp_path)
    EnsembleRun(run.build(), tmp_path, 0, run.sampling).extend(200, stop=lambda: True)
    assert warm_up_path(tmp_path, 0).exists()
    changed = toy_run(tmp_path, warm_up=60)
    with pytest.raises(CrtuneError, match=r"sampling\.warm_up: 40 in the file, 60 now"):
        EnsembleRun(changed.build(), tmp_path, 0, changed.sampling).extend(200)
