"""The status of runs: live, damaged, empty, queued."""

from dataclasses import replace

from pipeline.chains.lock import WriterLock
from pipeline.cluster import slurm
from pipeline.cluster.campaign import submit_round
from pipeline.cluster.shares import standing
from pipeline.cluster.status import format_status, run_status
from pipeline.posterior.verdict import Verdict
from pipeline.sampling.ensemble import EnsembleRun, ensemble_path
from tests.pipeline.shares import RULES, share
from tests.pipeline.toy_run import toy_run


def test_status_of_live_damaged_and_empty_runs(serial, tmp_path):
    row = run_status(serial)
    verdict = Verdict.load(serial)
    assert (row.verdict, row.judged, row.steps) == (
        "converged",
        verdict.steps,
        (verdict.steps,) * 2,
    )
    assert (row.begun, row.writers) == (2, ())
    assert row.rate > 0
    run = toy_run(tmp_path / "run", **RULES)
    share(run, 0)
    with WriterLock(ensemble_path(run.folder, 0)):
        live = run_status(run.folder)
    assert live.steps == (0, 40)
    assert "process" in live.writers[0]
    path = ensemble_path(run.folder, 0)
    path.write_bytes(path.read_bytes()[:2000])
    damaged = run_status(run.folder)
    assert any("ensemble_00.h5: damaged" in problem for problem in damaged.problems)
    (tmp_path / "empty").mkdir()
    text = format_status([row, live, damaged, run_status(tmp_path / "empty")])
    assert "not judged yet" in text
    assert "0/?" in text
    assert "no chains here" in text
    assert f"converged at {verdict.steps}" in text
    assert "! " in text


def test_status_of_a_run_in_its_warm_up(tmp_path):
    run = toy_run(tmp_path / "run", warm_up=40)
    run.folder.mkdir()
    questions = iter([False] * 20)
    ensemble = EnsembleRun(run.build(), run.folder, 0, run.sampling, run.config_text)
    assert ensemble.extend(100, stop=lambda: next(questions, True)).interrupted
    row = run_status(run.folder)
    assert (row.begun, row.ensembles, row.warming) == (0, 2, 1)
    assert 0.4 < row.warm_up < 0.6
    assert f"in the warm-up: 1, {100 * row.warm_up:.0f}% at least" in format_status([row])


def test_status_finds_the_jobs_of_a_run(tmp_path, fake_slurm):
    folder = tmp_path / "run"
    (folder / "slurm").mkdir(parents=True)
    submit_round(folder, standing(toy_run(folder, **RULES)), 1)
    job = slurm.Job("11_0", "11", "RUNNING", "1:00", "2:00", "None", "n1", "crtune-run")
    waiting = replace(job, id="12", array_id="12", state="PENDING", reason="Dependency")
    other = replace(job, id="99", array_id="99")
    found = run_status(folder, [job, waiting, other]).jobs
    assert found == ("array 11_0 RUNNING 1:00/2:00", "judge 12 PENDING (Dependency)")
