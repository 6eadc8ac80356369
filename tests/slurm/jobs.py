"""Runs that are sent to Slurm: sent, waited for, disturbed, and compared with one process.

Runs that a test disturbs have a budget that they never use up; it is cut down once the disturbance
is over. Where order matters nothing may start meanwhile. So no test depends on how fast it runs.
"""

import contextlib
import json
import re
import subprocess
import time

import pytest

from pipeline.cluster import slurm as queue_of
from pipeline.cluster.campaign import submissions
from pipeline.sampling.rounds import steps_done
from tests.cheap_run import assert_same_run, script, write_config

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
