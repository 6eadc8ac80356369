"""Time-outs, preemption, cancelling, a lost node: the chains stay the same."""

import json
import os
import signal
import socket
from pathlib import Path

import pytest

from pipeline.cluster import slurm as queue_of
from pipeline.cluster.campaign import submissions
from tests.cheap_run import script, write_config
from tests.slurm.jobs import (
    ENDLESS,
    assert_undisturbed,
    command,
    cut_down,
    logs,
    nothing_starts,
    steps_of,
    submit,
    wait_for,
    wait_for_end,
    wait_for_progress,
    wait_for_requeue,
)

pytestmark = pytest.mark.slurm


def test_signal_checkpoint_requeue(slurm, tmp_path):
    """SIGUSR1, as Slurm sends it before the wall time ends, twice; the judge waits for the end."""
    config, folder, array = submitted(tmp_path)
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
    check_the_end(config, folder)


def test_preempted_array_goes_on(slurm, tmp_path):
    """A job of a partition with priority takes the node: signal, requeue, the same chains."""
    config, folder, array = submitted(tmp_path)
    wait_for_progress(folder)
    with nothing_starts():
        options = ("--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=true")
        urgent = command("sbatch", "--parsable", *options).strip()
        wait_for(lambda: not queue_of.queue([urgent]), "the urgent job")
        wait_for_requeue(array)
        assert not list(folder.glob("*.lock"))
        cut_down(config)
    check_the_end(config, folder)


def test_cancelled_array_is_not_resubmitted(slurm, tmp_path):
    """Steps stay, locks go, the judge stops; submit.py goes on from there."""
    config, folder, array = submitted(tmp_path)
    wait_for_progress(folder)
    before = steps_of(folder)
    command("scancel", array)
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
    config, folder, array = submitted(tmp_path)
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
    check_the_end(config, folder)


def submitted(tmp_path):
    """Config, folder and array of a run that ends only when it is cut down."""
    config = write_config(tmp_path / "long.toml", **ENDLESS)
    folder = config.with_suffix("")
    submit(config)
    return config, folder, submissions(folder)[0].array


def check_the_end(config, folder):
    """It went on by itself, to the chains of a run that nothing disturbed."""
    wait_for_end(folder)
    assert len(submissions(folder)) == 1, logs(folder)
    assert_undisturbed(config, folder.parent / "anew")


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
