"""On a real Slurm: arrays, judges, time-outs, cancelling, lost nodes; the chains stay the same."""

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from pipeline import slurm as queue_of
from pipeline.campaign import submissions
from pipeline.rounds import steps_done
from tests.cheap_run import assert_same_run, script, write_config

pytestmark = pytest.mark.slurm

SHORT = {"ensembles": 2, "min_steps": 60, "max_steps": 80}  # two tests of convergence, two rounds
LONG = {"ensembles": 2, "min_steps": 500, "max_steps": 500}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Serial runs of the same seeds."""
    folder = tmp_path_factory.mktemp("reference")
    for name, settings in (("short", SHORT), ("long", LONG)):
        done = script("run_mcmc.py", write_config(folder / f"{name}.toml", **settings), "--quiet")
        assert done.returncode in (0, 3), done.stderr
    return folder


def submit(*arguments):
    done = script("submit.py", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def scontrol(*arguments):
    return subprocess.run(
        ["scontrol", *arguments], capture_output=True, text=True, timeout=30, check=True
    ).stdout


def wait_for(condition, timeout=120, what="that"):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.2)
    pytest.fail(f"{what} did not happen within {timeout} s; the queue: {queue_of.queue()}")


def run_is_over(*folders):
    """Whether no job of these runs is left, also none that a judge has just submitted."""
    ids = [i for folder in folders for s in submissions(folder) for i in (s.array, s.judge)]
    return not queue_of.queue(ids)


def logs(folder):
    return "\n".join(
        f"== {path.name}\n{path.read_text()}" for path in sorted((folder / "slurm").glob("*.log"))
    )


def sampling(folder, least=20):
    """Whether both tasks run and have stored something."""
    return min(steps_done(folder, 2, 1)) >= least


def test_array_judge_rounds_and_plots(slurm, reference, tmp_path):
    """From submit to corner plot in a folder with a space in its name; status on the way."""
    config = write_config(tmp_path / "my runs" / "short.toml", **SHORT)
    folder = config.with_suffix("")
    assert "array" in submit(config)
    again = script("submit.py", config)
    assert again.returncode == 2
    assert "has jobs in the queue" in again.stderr
    status = json.loads(script("status.py", folder, "--json").stdout)[0]
    assert any(job.startswith(("array", "judge")) for job in status["jobs"])
    wait_for(lambda: run_is_over(folder), what="the end of the run")
    assert_same_run(folder, reference / "short")
    stored = [
        json.loads((f / "convergence.json").read_text()) for f in (folder, reference / "short")
    ]
    assert stored[0] == stored[1]
    assert len(submissions(folder)) == 2, logs(folder)
    for name in ("corner.png", "spectra.png", "summary.csv", "posterior.nc"):
        assert (folder / name).stat().st_size > 500, logs(folder)
    status = script("status.py", folder).stdout
    assert "NOT CONVERGED at 80" in status
    assert "nothing to submit" in submit(config)


def test_time_out_checkpoint_requeue(slurm, reference, tmp_path):
    """SIGUSR1, as Slurm sends it before the wall time ends, twice."""
    config = write_config(tmp_path / "long.toml", **LONG)
    folder = config.with_suffix("")
    submit(config)
    array = submissions(folder)[0].array
    for least in (20, 100):
        wait_for(lambda least=least: sampling(folder, least), what=f"step {least}")
        subprocess.run(["scancel", "--signal=USR1", "--batch", array], check=True, timeout=30)
    wait_for(lambda: run_is_over(folder), what="the end of the run")
    assert "requeued as" in logs(folder)
    assert "Restarts=2" in scontrol("show", "job", f"{array}_0"), logs(folder)
    assert_same_run(folder, reference / "long")


def test_cancelled_array_is_not_resubmitted(slurm, reference, tmp_path):
    """Steps stay, locks go, the judge stops; submit.py goes on from there."""
    config = write_config(tmp_path / "long.toml", **LONG)
    folder = config.with_suffix("")
    submit(config)
    wait_for(lambda: sampling(folder), what="step 20")
    subprocess.run(["scancel", submissions(folder)[0].array], check=True, timeout=30)
    wait_for(lambda: run_is_over(folder), what="the end of the jobs")
    assert len(submissions(folder)) == 1
    assert "was cancelled" in logs(folder)
    assert not list(folder.glob("*.lock"))
    assert 20 <= min(steps_done(folder, 2, 1)) < 500
    submit(config)
    wait_for(lambda: run_is_over(folder), what="the end of the run")
    assert_same_run(folder, reference / "long")


def test_lost_node(slurm, reference, tmp_path):
    """slurmd, its step daemons and the tasks die at once; Slurm requeues, the chains go on."""
    config = write_config(tmp_path / "long.toml", **LONG)
    folder = config.with_suffix("")
    submit(config)
    wait_for(lambda: sampling(folder), what="step 20")
    pids = lost_processes(slurm, folder)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert min(steps_done(folder, 2, 1)) < 500
    host = socket.gethostname().partition(".")[0]
    wait_for(lambda: "DOWN" in scontrol("show", "node", host), what="the loss being noticed")
    subprocess.run(
        ["/usr/sbin/slurmd", "-f", os.environ["SLURM_CONF"], "-N", host], check=True, timeout=30
    )
    wait_for(lambda: run_is_over(folder), what="the end of the run")
    assert_same_run(folder, reference / "long")


def lost_processes(slurm, folder):
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
    wait_for(lambda: run_is_over(folder), what="the end of the jobs")
    assert len(submissions(folder)) == 1
    assert "holds no chains yet" in logs(folder) or "made no progress" in logs(folder)


def test_campaign_through_real_wall_times(slurm, tmp_path):
    """Two scenarios from submit to corner plots; tasks need more than one wall time each."""
    began = time.monotonic()
    trial = write_config(tmp_path / "trial.toml", ensembles=1, min_steps=400, max_steps=400)
    script("run_mcmc.py", trial, "--quiet")
    seconds = json_seconds(trial.with_suffix(""))
    # Slurm reads times as whole minutes and sends the signal at a tick of 30 s, here 25 to 55 s
    # after the start; four tasks that share the cores need more than that.
    steps = int(400 / seconds * 62 * min(1, os.cpu_count() / 4))
    settings = {"ensembles": 2, "min_steps": steps, "max_steps": steps}
    configs = [
        write_config(tmp_path / f"{name}.toml", scenario=name, **settings)
        for name in ("kolmogorov", "power_law_diffusion")
    ]
    site = tmp_path / "site.toml"
    site.write_text('time = "00:01:00"\nsignal_seconds = 5\npartition = "main"\n')
    submit(*configs, "--site", site)
    folders = [config.with_suffix("") for config in configs]
    wait_for(lambda: run_is_over(*folders), timeout=400, what="the end of the campaign")
    for folder in folders:
        assert "SIGUSR1 received" in logs(folder)
        assert "requeued as" in logs(folder), logs(folder)
        assert steps_done(folder, 2, 1) == [steps, steps], logs(folder)
        assert (folder / "corner.png").stat().st_size > 500
    print(f"campaign of {len(folders)} runs: {time.monotonic() - began:.0f} s")


def json_seconds(folder):
    """Wall time of the sampling itself."""
    from pipeline.chain_reader import read_journal

    return float(read_journal(folder / "ensemble_00.h5")["seconds"].sum())
