"""What Slurm's commands say, and how a job finds itself."""

import pytest

from pipeline.cluster import slurm
from transport.errors import CrtuneError


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
