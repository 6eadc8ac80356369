"""On a real Slurm: arrays, judges, time-outs, cancelling, lost nodes; the chains stay the same.

Runs that a test disturbs have a budget that they never use up; it is cut down once the disturbance
is over. Where order matters nothing may start meanwhile. So no test depends on how fast it runs.
"""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from pipeline.cluster import slurm as queue_of
from pipeline.cluster.campaign import submissions
from pipeline.sampling.rounds import steps_done
from tests.cheap_run import assert_same_run, script, write_config

pytestmark = pytest.mark.slurm

SHORT = {"ensembles": 2, "min_steps": 60, "max_steps": 80}  # two tests of convergence, two rounds
THIN = 20
ENDLESS = {"ensembles": 2, "min_steps": 400_000, "max_steps": 400_000, "thin": THIN}
PATIENCE = 600  # s; long, since only a failing test waits for it


def submit(*arguments):
    done = script("submit.py", *arguments, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def command(*words):
    return subprocess.run(
        words, capture_output=True, text=True, timeout=PATIENCE, check=True
    ).stdout


def wait_for(condition, what):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.3)
    pytest.fail(f"{what} did not happen within {PATIENCE} s; the queue: {queue_of.queue()}")


def wait_for_end(*folders):
    """Until no job of these runs is left, also none that a judge has just submitted."""

    def is_over():
        jobs = {job.array_id for job in queue_of.queue()}  # before the ids: a judge adds to those
        return not any(jobs & {s.array, s.judge} for f in folders for s in submissions(f))

    wait_for(is_over, "the end of the run")


def logs(folder):
    return "\n".join(
        f"== {path.name}\n{path.read_text()}" for path in sorted((folder / "slurm").glob("*.log"))
    )


def steps_of(folder):
    return steps_done(folder, 2, THIN)


def wait_for_progress(folder, since=(0, 0)):
    """Until both tasks have stored something: they run, and they listen to signals."""
    wait_for(lambda: all(n > b for n, b in zip(steps_of(folder), since, strict=True)), "progress")


def wait_for_requeue(array, restarts=1):
    """Until Slurm has both tasks back in its queue (it may end them before they say so)."""

    def waits(task):
        job = command("scontrol", "show", "job", f"{array}_{task}")
        return "JobState=PENDING" in job and int(re.search(r"Restarts=(\d+)", job)[1]) >= restarts

    wait_for(lambda: waits(0) and waits(1), f"requeue number {restarts}")


@contextlib.contextmanager
def nothing_starts():
    """What runs goes on, what is submitted or requeued waits until the end of this."""
    command("scontrol", "update", "PartitionName=main", "State=DOWN")
    try:
        yield
    finally:
        command("scontrol", "update", "PartitionName=main", "State=UP")


def cut_down(config, **settings):
    """Give an endless run a budget that every ensemble has yet to reach; the budget."""
    steps = max(steps_of(config.with_suffix(""))) + 20 * THIN
    write_config(config, **{**ENDLESS, "min_steps": steps, "max_steps": steps, **settings})
    return steps


def verdict_of(folder):
    """What was found, without how long it took."""
    content = json.loads((folder / "convergence.json").read_text())
    timed = ("cpu_seconds", "wall_seconds", "sha256")
    return {key: value for key, value in content.items() if key not in timed}


def assert_undisturbed(config, folder):
    """Both ensembles used up their budget, and one process makes the same chains."""
    anew = folder / config.name
    folder.mkdir()
    anew.write_text(config.read_text())
    assert script("run_mcmc.py", anew, "--quiet", timeout=PATIENCE).returncode == 3
    assert_same_run(config.with_suffix(""), anew.with_suffix(""))


def test_array_judge_rounds_and_plots(slurm, tmp_path):
    """From submit to corner plot in a folder with a space in its name; status on the way."""
    config = write_config(tmp_path / "my runs" / "short.toml", **SHORT)
    folder = config.with_suffix("")
    with nothing_starts():
        assert "array" in submit(config)
        again = script("submit.py", config)
        status = json.loads(script("status.py", folder, "--json").stdout)[0]
    assert again.returncode == 2
    assert "has jobs in the queue" in again.stderr
    assert [job.split()[0] for job in status["jobs"]] == ["array", "judge"]
    wait_for_end(folder)
    assert_undisturbed(config, tmp_path / "anew")
    verdicts = [verdict_of(f) for f in (folder, tmp_path / "anew" / "short")]
    assert verdicts[0] == verdicts[1]
    assert len(submissions(folder)) == 2, logs(folder)
    for name in ("corner.png", "spectra.png", "summary.csv", "posterior.nc"):
        assert (folder / name).stat().st_size > 500, logs(folder)
    status = script("status.py", folder).stdout
    assert "NOT CONVERGED at 80" in status
    assert "nothing to submit" in submit(config)


def test_signal_checkpoint_requeue(slurm, tmp_path):
    """SIGUSR1, as Slurm sends it before the wall time ends, twice; the judge waits for the end."""
    config = write_config(tmp_path / "long.toml", **ENDLESS)
    folder = config.with_suffix("")
    submit(config)
    array = submissions(folder)[0].array
    before = (0, 0)
    for restarts in (1, 2):
        wait_for_progress(folder, since=before)
        with nothing_starts():
            command("scancel", "--signal=USR1", "--batch", array)
            wait_for_requeue(array, restarts)
            assert not list(folder.glob("*.lock"))
            before = steps_of(folder)
            status = json.loads(script("status.py", folder, "--json").stdout)[0]
            assert any(j.startswith("judge") and "(Dependency)" in j for j in status["jobs"])
            if restarts == 2:
                cut_down(config)
    wait_for_end(folder)
    assert len(submissions(folder)) == 1, logs(folder)
    assert_undisturbed(config, tmp_path / "anew")


def test_preempted_array_goes_on(slurm, tmp_path):
    """A job of a partition with priority takes the node: signal, requeue, the same chains."""
    config = write_config(tmp_path / "long.toml", **ENDLESS)
    folder = config.with_suffix("")
    submit(config)
    array = submissions(folder)[0].array
    wait_for_progress(folder)
    with nothing_starts():
        options = ("--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=true")
        urgent = command("sbatch", "--parsable", *options).strip()
        wait_for(lambda: not queue_of.queue([urgent]), "the urgent job")
        wait_for_requeue(array)
        assert not list(folder.glob("*.lock"))
        cut_down(config)
    wait_for_end(folder)
    assert len(submissions(folder)) == 1, logs(folder)
    assert_undisturbed(config, tmp_path / "anew")


def test_cancelled_array_is_not_resubmitted(slurm, tmp_path):
    """Steps stay, locks go, the judge stops; submit.py goes on from there."""
    config = write_config(tmp_path / "long.toml", **ENDLESS)
    folder = config.with_suffix("")
    submit(config)
    wait_for_progress(folder)
    before = steps_of(folder)
    command("scancel", submissions(folder)[0].array)
    wait_for_end(folder)
    assert len(submissions(folder)) == 1
    assert "was cancelled" in logs(folder)
    assert not list(folder.glob("*.lock"))
    assert all(n >= b for n, b in zip(steps_of(folder), before, strict=True))
    cut_down(config)
    submit(config)
    wait_for_end(folder)
    assert_undisturbed(config, tmp_path / "anew")


def test_lost_node(slurm, tmp_path):
    """slurmd, its step daemons and the tasks die at once; Slurm requeues, the chains go on."""
    config = write_config(tmp_path / "long.toml", **ENDLESS)
    folder = config.with_suffix("")
    submit(config)
    array = submissions(folder)[0].array
    wait_for_progress(folder)
    for pid in processes_of_node(slurm, folder):
        os.kill(pid, signal.SIGKILL)
    assert len(list(folder.glob("ensemble_*.lock"))) == 2  # nobody was there to tidy up
    cut_down(config)
    host = socket.gethostname().partition(".")[0]
    wait_for(lambda: "DOWN" in command("scontrol", "show", "node", host), "the loss being noticed")
    command("/usr/sbin/slurmd", "-f", os.environ["SLURM_CONF"], "-N", host)
    for task in (0, 1):
        assert "Restarts=1" in command("scontrol", "show", "job", f"{array}_{task}")
    wait_for_end(folder)
    assert len(submissions(folder)) == 1, logs(folder)
    assert_undisturbed(config, tmp_path / "anew")


def processes_of_node(slurm, folder):
    """slurmd of this Slurm first, then its step daemons, then the tasks of this run."""
    slurmd = int((slurm / "run" / "slurmd.pid").read_text())
    tasks = [json.loads(path.read_text())["pid"] for path in folder.glob("ensemble_*.lock")]
    assert len(tasks) == 2
    steps = [
        int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]) for pid in tasks
    ]
    names = [Path(f"/proc/{pid}/comm").read_text().strip() for pid in steps]
    assert set(names) == {"slurmstepd"}
    return [slurmd, *steps, *tasks]


def test_failing_tasks_are_not_resubmitted_for_ever(slurm, tmp_path):
    """An environment that breaks on the nodes: one round, then the judge names the logs."""
    config = write_config(tmp_path / "short.toml", **SHORT)
    folder = config.with_suffix("")
    site = tmp_path / "site.toml"
    site.write_text("environment = ['test -z \"$SLURM_ARRAY_TASK_ID\" || exit 9']\n")
    submit(config, "--site", site)
    wait_for_end(folder)
    assert len(submissions(folder)) == 1
    assert "holds no chains yet" in logs(folder) or "made no progress" in logs(folder)


def test_campaign_through_real_wall_times(slurm, tmp_path):
    """Two scenarios from submit to corner plots; Slurm ends every task once by its wall time."""
    names = ("kolmogorov", "power_law_diffusion")
    configs = {
        name: write_config(tmp_path / f"{name}.toml", scenario=name, **ENDLESS) for name in names
    }
    folders = [config.with_suffix("") for config in configs.values()]
    # Slurm looks at its clock every 30 s: the signal comes 85 to 115 s after the start.
    site = tmp_path / "site.toml"
    site.write_text('time = "00:02:00"\nsignal_seconds = 5\npartition = "main"\n')
    submit(*configs.values(), "--site", site)
    for folder in folders:
        wait_for_progress(folder)
    with nothing_starts():
        for folder in folders:
            wait_for_requeue(submissions(folder)[0].array)
        budgets = [cut_down(config, scenario=name) for name, config in configs.items()]
    wait_for_end(*folders)
    for folder, steps in zip(folders, budgets, strict=True):
        assert logs(folder).count("SIGUSR1 received") == 2
        assert steps_of(folder) == [steps, steps], logs(folder)
        assert len(submissions(folder)) == 1
        for name in ("corner.png", "spectra.png"):
            assert (folder / name).stat().st_size > 500, logs(folder)


def test_calibration_array_and_its_report(slurm, tmp_path):
    """Sets from the tasks of an array are those of one process; sent again, only what is missing
    is made."""
    overrides = [f"--set=sampling.{key}=40" for key in ("min_steps", "max_steps")]

    def calibrate(config):
        sent = submit(config, "--calibrate", "10", *overrides)
        ids = set(re.search(r"array (\d+), report (\d+)", sent).groups())
        wait_for(lambda: not ids & {job.array_id for job in queue_of.queue()}, "the last report")

    config = write_config(tmp_path / "mine.toml")
    folder = config.with_suffix("")
    calibrate(config)
    sets = sorted(folder.glob("calibration/*/set_*.json"))
    assert len(sets) == 10, logs(folder)
    assert "mine: 10 of 10 sets" in logs(folder)
    assert sets[0].with_name("ranks.csv").exists()

    anew = write_config(tmp_path / "anew" / "mine.toml")
    done = script("calibrate.py", anew, "--sets", "10", "--share", "3/10", "--quiet", *overrides)
    assert done.returncode == 0, done.stderr
    (alone,) = anew.parent.rglob("set_00003.json")
    assert alone.parent.name == sets[3].parent.name
    both = [json.loads(path.read_text()) for path in (alone, sets[3])]
    assert both[0]["ranks"] == both[1]["ranks"]
    assert both[0]["truth"] == both[1]["truth"]

    made = {path: path.stat().st_mtime_ns for path in sets}
    sets[7].unlink()
    calibrate(config)
    assert [path for path in sets if path.stat().st_mtime_ns != made[path]] == [sets[7]]


def test_tuning_array_and_its_tables(slurm, tmp_path):
    """Cases from the tasks of an array, and tables of all; sent again, only what is missing is
    made; out of time, a task goes back into the queue."""
    config = write_config(tmp_path / "mine.toml")
    folder = config.with_suffix("")
    options = "--tuning=--selections proton,bc --measures evidence --seeds 1"

    def tune(asked=options):
        sent = submit(config, asked, "--output", tmp_path / "tables")
        array, report = re.search(r"array (\d+), report (\d+)", sent).groups()
        wait_for(lambda: not {array, report} & {j.array_id for j in queue_of.queue()}, "the report")

    tune()
    made = sorted(folder.glob("tuning/*/*/evidence.h5"))
    assert [path.parent.name for path in made] == ["earth_bc", "earth_proton"], logs(folder)
    table = (tmp_path / "tables" / "tuning.csv").read_text()
    assert "mine,kolmogorov,," in table
    assert ",log_z," in table
    times = {path: path.stat().st_mtime_ns for path in made}
    made[0].unlink()
    tune()
    assert [path for path in made if path.stat().st_mtime_ns != times[path]] == [made[0]]
