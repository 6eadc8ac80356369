"""A run shared out among jobs: the same rounds, chains and verdict as one process."""

import pytest

from pipeline.chains.lock import WriterLock
from pipeline.cluster import shares
from pipeline.cluster.shares import judge, parse_ensembles, standing
from pipeline.posterior.verdict import Verdict
from pipeline.sampling.ensemble import ensemble_path
from tests.pipeline.chain_tables import assert_same_chains
from tests.pipeline.shares import RULES, share
from tests.pipeline.toy_run import toy_run
from transport.errors import CrtuneError


def test_jobs_that_know_nothing_of_each_other_make_the_serial_run(serial, tmp_path):
    """Tasks in any order, some late and some twice; a judge after each round."""
    run = toy_run(tmp_path / "run", **RULES)
    rounds = 0
    while not standing(run).finished:
        order = (0, 1) if rounds % 2 else (1, 0)
        for ensemble in order:
            assert share(run, ensemble).exit_code == 0
            assert not judge(run).to_judge
        if rounds == 0:
            assert share(run, 0, 1).standing.steps == (60, 60)  # as after a judge that came early
        rounds += 1
        assert rounds < 30
    assert_same_chains(run.folder, serial)
    assert Verdict.load(run.folder) == Verdict.load(serial)


def test_share_ends_at_the_target_of_its_round(tmp_path):
    run = toy_run(tmp_path / "run", **RULES)
    assert share(run, 0).standing.steps == (40, 0)
    now = share(run, 0).standing  # nothing more to do before ensemble 1 has caught up
    assert (now.steps, now.target, now.behind, now.to_judge) == ((40, 0), 40, (1,), False)
    assert judge(run).verdict is None
    assert share(run, 1).standing.to_judge
    now = judge(run)
    assert (now.verdict.steps, now.target, now.behind) == (40, 60, (0, 1))


def test_an_interrupted_share_is_behind_and_goes_on(serial, tmp_path, monkeypatch):
    run = toy_run(tmp_path / "run", **RULES)

    class StopAtOnce(shares.StopRequest):
        questions = 0

        def __call__(self):
            self.questions += 1
            if self.questions > 15:
                self.signal = 10  # SIGUSR1
            return super().__call__()

    monkeypatch.setattr(shares, "StopRequest", StopAtOnce)
    outcome = share(run, 0)
    assert outcome.interrupted
    assert outcome.exit_code == 75
    assert outcome.out_of_time
    assert 0 < outcome.standing.made[0] < 40
    StopAtOnce.questions = 1000  # told to stop before a step is made: a requeue would go in circles
    assert not share(run, 0).out_of_time
    monkeypatch.undo()
    while not standing(run).finished:
        share(run, 0, 1)
        judge(run)
    assert_same_chains(run.folder, serial)


def test_stricter_rules_and_more_ensembles_reopen_a_run(serial, tmp_path):
    run = toy_run(tmp_path / "run", **RULES)
    run.execute(progress=False)
    assert standing(run).finished
    stricter = toy_run(tmp_path / "run", **{**RULES, "min_n_tau": 46})
    assert not standing(stricter).finished
    more = standing(toy_run(tmp_path / "run", ensembles=3, **RULES))
    assert more.behind == (2,)
    assert more.target == standing(run).target
    spent = toy_run(tmp_path / "run", **{**RULES, "min_n_tau": 1e6, "max_steps": 60})
    assert not judge(spent).verdict.converged
    assert standing(spent).finished


def test_a_held_ensemble_is_refused_or_waited_for(tmp_path, monkeypatch):
    run = toy_run(tmp_path / "run", **RULES)
    run.folder.mkdir()
    lock = WriterLock(ensemble_path(run.folder, 1)).acquire()
    try:
        with pytest.raises(CrtuneError, match="is being written by process"):
            share(run, 1)
        assert share(run, 0).standing.steps == (40, 0)  # the others are free
        monkeypatch.setattr(shares.time, "sleep", lambda seconds: lock.release())
        assert share(run, 1, patience=60).standing.steps == (40, 40)
    finally:
        lock.release()
    with WriterLock(run.folder / "run"), pytest.raises(CrtuneError, match="is being written by"):
        share(run, 0)


def test_nothing_to_judge(tmp_path):
    with pytest.raises(CrtuneError, match="holds no chains yet"):
        judge(toy_run(tmp_path / "run"))


@pytest.mark.parametrize(
    ("text", "found"), [("0", [0]), ("1,0", [0, 1]), ("0-2,4", [0, 1, 2, 4]), (" 2 - 3 ", [2, 3])]
)
def test_lists_of_ensembles(text, found):
    assert parse_ensembles(text, 5) == found


@pytest.mark.parametrize("text", ["", "a", "5", "-1", "3-2", "1,,2", "0-5"])
def test_bad_lists_of_ensembles(text):
    with pytest.raises(CrtuneError, match=r"--ensembles .*: "):
        parse_ensembles(text, 5)
