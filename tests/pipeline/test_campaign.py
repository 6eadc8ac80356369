"""Runs shared out among jobs: the same rounds, chains and verdict as one process; batch scripts."""

import shlex
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import campaign_rounds, slurm
from pipeline.campaign import next_round, runs_of_campaign, submissions, submit_round
from pipeline.campaign_rounds import extend_share, judge, parse_ensembles, standing
from pipeline.campaign_status import format_status, run_status
from pipeline.config import load_config
from pipeline.convergence import Verdict
from pipeline.lock import WriterLock
from pipeline.sampling import ensemble_path
from pipeline.site import Site, load_site, slurm_seconds
from pipeline.slurm_scripts import BatchScripts
from tests.cheap_run import write_config
from tests.pipeline.test_sampling import assert_same_chains
from tests.pipeline.toy_run import toy_run
from transport.errors import CrtuneError

RULES = {"min_n_tau": 12, "max_rhat": 1.5, "min_steps": 40, "max_steps": 2000}


def quiet(text):
    pass


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """The run that one process makes; it converges after several rounds."""
    folder = tmp_path_factory.mktemp("serial") / "run"
    outcome = toy_run(folder, **RULES).execute(progress=False)
    assert outcome.exit_code == 0
    assert outcome.verdict.steps > 60
    return folder


def share(run, *ensembles, **options):
    return extend_share(run, ensembles, notify=quiet, **options)


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

    class StopAtOnce(campaign_rounds.StopRequest):
        questions = 0

        def __call__(self):
            self.questions += 1
            if self.questions > 15:
                self.signal = 10  # SIGUSR1
            return super().__call__()

    monkeypatch.setattr(campaign_rounds, "StopRequest", StopAtOnce)
    outcome = share(run, 0)
    assert outcome.interrupted
    assert outcome.exit_code == 75
    assert outcome.out_of_time
    assert 0 < outcome.standing.steps[0] < 40
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
    stricter = toy_run(tmp_path / "run", **{**RULES, "min_n_tau": 14})
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
        monkeypatch.setattr(campaign_rounds.time, "sleep", lambda seconds: lock.release())
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


# -- the site file ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 5400), ("01:00", 60), ("04:00:00", 14400), ("1-12:00", 129600), ("2-00:00:01", 172801)],
)
def test_times_as_slurm_reads_them(text, seconds):
    assert slurm_seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('partion = "batch"', r"partion = 'batch': unknown key \(did you mean 'partition'\?\)"),
        ('time = "4h"', r"time = '4h': should be a time such as 04:00:00"),
        ("time = 4", r"time = 4: should be a valid string"),
        ('time = "00:00:00"', "should be longer than 0"),
        ('time = "01:00"', "time = '01:00' should be longer than signal_seconds = 120"),
        ("signal_seconds = 0", "signal_seconds = 0: should be greater than or equal to 1"),
        ("ensembles_per_task = 0", "ensembles_per_task = 0"),
        ('modules = "python"', "modules = 'python': should be a valid list"),
        ('environment = ["a\\nb"]', "should be one line"),
        ('sbatch_options = ["exclusive"]', r"sbatch_options"),
        ("time = ", "not valid TOML"),
    ],
)
def test_bad_site_files(tmp_path, text, words):
    path = tmp_path / "site.toml"
    path.write_text(text)
    with pytest.raises(CrtuneError, match=words) as error:
        load_site(path)
    assert str(path) in str(error.value)


def test_missing_site_file(tmp_path):
    with pytest.raises(CrtuneError, match=r"does not exist.*docs/site\.toml is an example"):
        load_site(tmp_path / "site.toml")


def test_example_site_file_is_valid_and_names_every_key():
    path = Path(__file__).resolve().parents[2] / "docs" / "site.toml"
    assert load_site(path).partition == "batch"
    text = path.read_text()
    assert [key for key in Site.model_fields if f"{key} = " not in text] == []


# -- the scripts -----------------------------------------------------------------------------------


def batch(tmp_path, **site):
    return BatchScripts(tmp_path / "runs 100%" / "toy.toml", 5, Site(**site), ["sampling.seed=2"])


def commands(text):
    """What bash would run, with Python replaced by a printer of its arguments."""
    body = text.replace("exec ", "printf '%s\\n' ", 1)
    environment = {"SLURM_ARRAY_TASK_ID": "4", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["bash"], input=body, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_array_script(tmp_path):
    text = batch(tmp_path, partition="main", time="2:00:00", max_running=3).array()
    for line in ("--partition=main", "--array=0-4%3", "--time=2:00:00", "--signal=B:USR1@120"):
        assert f"\n#SBATCH {line}\n" in text
    assert f'--output="{tmp_path}/runs 100%%/toy/slurm/array_%A_%a.log"' in text
    words = commands(text)
    assert words[1:3] == ["scripts/run_mcmc.py", f"{tmp_path}/runs 100%/toy.toml"]
    assert words[3:5] == ["--set", "sampling.seed=2"]
    assert words[words.index("--ensembles") + 1] == "4"


def test_early_signal_does_not_end_a_task_that_is_starting(tmp_path):
    """Slurm may send it at once; without a listener SIGUSR1 kills."""
    text = batch(tmp_path).array().replace("exec ", "kill -USR1 $$\nexec ", 1)
    assert "--requeue" in commands(text)


def test_several_ensembles_in_a_task(tmp_path):
    text = batch(tmp_path, ensembles_per_task=2).array()
    assert "#SBATCH --array=0-4:2\n" in text
    assert "#SBATCH --cpus-per-task=2\n" in text
    words = commands(text)
    assert words[words.index("--ensembles") + 1] == "4-4"  # the last task has one only
    assert words[words.index("--workers") + 1] == "2"


def test_environment_comes_before_python(tmp_path):
    site = {"modules": ["python/3.11"], "environment": ["source venv"], "python": "python"}
    lines = batch(tmp_path, **site).judge().splitlines()
    found = [
        next(i for i, line in enumerate(lines) if line.startswith(words))
        for words in ("module load python/3.11", "source venv", "cd ", "exec python scripts/merge")
    ]
    assert found == sorted(found)


def test_edited_scripts_are_kept(tmp_path):
    scripts = batch(tmp_path)
    array, _ = scripts.write()
    assert array.stat().st_mode & stat.S_IXUSR
    array.write_text("#!/bin/bash\n# mine\n")
    scripts.write()
    assert (array.parent / "array.sh.old").read_text() == "#!/bin/bash\n# mine\n"
    assert array.read_text() == scripts.array()


# -- submitting ------------------------------------------------------------------------------------


@pytest.fixture
def fake_slurm(tmp_path, monkeypatch):
    """Notes what would be submitted; the queue is empty."""
    sent = []

    def call(*command):
        sent.append(command)
        return f"{10 + len(sent)}\n" if command[0] == "sbatch" else ""

    monkeypatch.setattr(slurm, "_call", call)
    monkeypatch.setattr(slurm.shutil, "which", lambda name: f"/usr/bin/{name}")
    return sent


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
    assert [s.steps for s in submissions(folder)] == [(0, 0), (40, 40), (60, 40)]


def test_a_cancelled_array_ends_the_rounds(tmp_path, fake_slurm, monkeypatch):
    folder = tmp_path / "run"
    (folder / "slurm").mkdir(parents=True)
    run = toy_run(folder, **RULES)
    submit_round(folder, standing(run), 1)
    share(run, 0)
    line = "11_1|11|CANCELLED|1:00|2:00|None||crtune-run\n"
    monkeypatch.setattr(slurm, "_call", lambda *command: line)
    assert "array 11 was cancelled" in next_round(folder, standing(run), most=9)


def test_no_slurm_is_one_clear_error(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CrtuneError, match="sbatch is not on this machine"):
        slurm.submit("x.sh")
    assert slurm.queue() == []
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.delenv("SLURM_ARRAY_JOB_ID", raising=False)
    with pytest.raises(CrtuneError, match="not part of a Slurm job"):
        slurm.requeue_this_job()


def test_what_slurm_says_is_one_short_reason(monkeypatch, tmp_path):
    """Slurm's programs are there, but no cluster is configured: four lines on the error stream."""
    squeue = tmp_path / "squeue"
    squeue.write_text(
        "#!/bin/sh\n"
        "echo 'squeue: error: resolve_ctls_from_dns_srv: res_nsearch error: Unknown host' >&2\n"
        "echo 'squeue: error: fetch_config: DNS SRV lookup failed' >&2\n"
        "echo 'squeue: fatal: Could not establish a configuration source' >&2\n"
        "exit 1\n"
    )
    squeue.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(CrtuneError) as error:
        slurm.queue()
    assert str(error.value) == "squeue: Could not establish a configuration source"
    squeue.write_text(
        "#!/bin/sh\necho 'squeue: error: one' >&2; echo 'squeue: error: two' >&2\nexit 1"
    )
    with pytest.raises(CrtuneError, match=r"^squeue: one; two$"):
        slurm.queue()
    squeue.write_text("#!/bin/sh\nexit 7")
    with pytest.raises(CrtuneError, match=r"^squeue: exit code 7$"):
        slurm.queue()


def test_array_tasks_requeue_themselves_only(monkeypatch):
    """The plain id of a task may be that of the whole array."""
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    assert slurm.this_job() == "7"
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "7")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    assert slurm.this_job() == "7_3"


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


def test_campaign_refuses_the_same_run_twice(tmp_path):
    config = write_config(tmp_path / "cheap.toml")
    wide = runs_of_campaign([config], ["wide"])[0].path
    with pytest.raises(CrtuneError, match="given twice"):
        runs_of_campaign([config, wide], ["wide"])


# -- status ----------------------------------------------------------------------------------------


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
    assert f"converged at {verdict.steps}" in text
    assert "! " in text


def test_status_finds_the_jobs_of_a_run(tmp_path, fake_slurm):
    folder = tmp_path / "run"
    (folder / "slurm").mkdir(parents=True)
    submit_round(folder, standing(toy_run(folder, **RULES)), 1)
    job = slurm.Job("11_0", "11", "RUNNING", "1:00", "2:00", "None", "n1", "crtune-run")
    waiting = replace(job, id="12", array_id="12", state="PENDING", reason="Dependency")
    other = replace(job, id="99", array_id="99")
    found = run_status(folder, [job, waiting, other]).jobs
    assert found == ("array 11_0 RUNNING 1:00/2:00", "judge 12 PENDING (Dependency)")


def test_paths_survive_the_shell(tmp_path):
    """A config whose path needs quoting stays one word."""
    path = tmp_path / "it's $HOME" / "toy.toml"
    text = BatchScripts(path, 2, Site()).judge()
    assert shlex.quote(str(path)) in text
    assert str(path) in commands(text)
