"""Talking to Slurm: submit, requeue, look at the queue."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transport.errors import CrtuneError

_TIMEOUT = 60.0  # s; a busy controller may be slow
_FIELDS = ("%i", "%F", "%T", "%M", "%l", "%r", "%N", "%j")


@dataclass(frozen=True)
class Job:
    """One line of the queue: a job or a task of an array.

    Attributes
    ----------
    id : e.g. ``12`` or ``12_3``, or ``12_[0-3]`` for tasks that wait
    array_id : of the array (or job) it belongs to
    state : e.g. PENDING, RUNNING
    elapsed, limit : as Slurm prints them
    reason : why it waits
    nodes : where it runs
    name : of the job
    """

    id: str
    array_id: str
    state: str
    elapsed: str
    limit: str
    reason: str
    nodes: str
    name: str


def available() -> bool:
    """Whether this machine can submit to Slurm."""
    return shutil.which("sbatch") is not None


def submit(script: str | Path, *options: str) -> str:
    """Give a script to ``sbatch``; the job's id.

    Raises
    ------
    CrtuneError: no Slurm here, or it refuses; with its own words
    """
    return _call("sbatch", "--parsable", *options, str(script)).strip().partition(";")[0]


def queue(ids: Sequence[str] | None = None, finished: bool = False) -> list[Job]:
    """Jobs in the queue, of this user or those with these ids; empty without Slurm.

    Parameters
    ----------
    finished : also those that ended within Slurm's memory (``MinJobAge``)
    """
    if shutil.which("squeue") is None or (ids is not None and not ids):
        return []
    # Asked by user rather than by id: squeue fails for ids that it has already forgotten.
    options = ["--noheader", f"--user={os.getuid()}", f"--format={'|'.join(_FIELDS)}"]
    if finished:
        options.append("--states=all")
    jobs = [
        Job(*line.split("|", len(_FIELDS) - 1))
        for line in _call("squeue", *options).split("\n")
        if line
    ]
    return [job for job in jobs if ids is None or job.array_id in set(ids)]


def was_cancelled(array_id: str) -> bool:
    """Whether somebody cancelled the job or one of its tasks (as far as Slurm remembers)."""
    return any(job.state == "CANCELLED" for job in queue([array_id], finished=True))


def this_job() -> str | None:
    """Id of the job, or array task, that this process is part of."""
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    # The plain id of one of the tasks is that of the whole array.
    return f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID")


def requeue_this_job() -> str:
    """Put this job back into the queue; its id.

    Raises
    ------
    CrtuneError: not in a job, or Slurm refuses
    """
    job = this_job()
    if job is None:
        raise CrtuneError("--requeue: this process is not part of a Slurm job; leave it out")
    _call("scontrol", "requeue", job)
    return job


def _call(*command: str) -> str:
    if shutil.which(command[0]) is None:
        raise CrtuneError(
            f"{command[0]} is not on this machine; do this on a login node of a Slurm cluster, "
            "or use scripts/run_mcmc.py with --workers here"
        )
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise CrtuneError(
            f"{command[0]} gave no answer within {_TIMEOUT:.0f} s; is the Slurm controller up "
            "(sinfo)?"
        ) from None
    if done.returncode:
        raise CrtuneError(f"{command[0]}: {_reason(done)}")
    return done.stdout


def _reason(done: subprocess.CompletedProcess) -> str:
    """What a command of Slurm gives as its reason, without its own name and what led to it."""
    said = [line.partition(": ")[2] for line in done.stderr.splitlines() if ": " in line]
    fatal = [line.removeprefix("fatal: ") for line in said if line.startswith("fatal: ")]
    errors = [line.removeprefix("error: ") for line in said]
    return "; ".join(fatal or errors) or done.stdout.strip() or f"exit code {done.returncode}"
