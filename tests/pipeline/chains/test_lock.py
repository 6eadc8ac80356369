"""One writer at a time, and no run blocked by a lock whose owner is gone."""

import json
import os
import subprocess
import sys
import time

import pytest

from pipeline.chains import lock as lock_module
from pipeline.chains.lock import LockedError, WriterLock, live_owner, owner_here, read_owner


@pytest.fixture
def target(tmp_path):
    return tmp_path / "ensemble_00.h5"


def pretend(target, age=0.0, **changes):
    """A lock file of somebody else."""
    path = target.with_suffix(".lock")
    path.write_text(json.dumps({**owner_here("other"), **changes}))
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def test_second_writer_is_refused_by_name(target):
    with WriterLock(target):
        with pytest.raises(LockedError, match=rf"{target}.*process {os.getpid()} on "):
            WriterLock(target).acquire()
        assert str(os.getpid()) in live_owner(target)
    assert live_owner(target) == ""
    assert not list(target.parent.iterdir())


def test_lock_of_a_dead_process_is_taken_over(target):
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    pretend(target, pid=process.pid)
    with WriterLock(target) as lock:
        assert f"process {process.pid}" in lock.takeover
        assert "no longer exists" in lock.takeover


def test_process_number_used_again(target):
    pretend(target, born="1")
    with WriterLock(target) as lock:
        assert "another process now" in lock.takeover


def test_silent_process_of_this_host_keeps_its_lock(target):
    pretend(target, age=1e4)
    with pytest.raises(LockedError):
        WriterLock(target).acquire()


def test_other_host_is_believed_until_it_is_silent_for_long(target):
    pretend(target, host="node17", pid=1, SLURM_JOB_ID="4711")
    with pytest.raises(LockedError, match=r"node17.*job 4711.*delete"):
        WriterLock(target).acquire()
    pretend(target, age=lock_module.STALE_AFTER + 60, host="node17", pid=1)
    with WriterLock(target) as lock:
        assert "no sign of life" in lock.takeover


def test_other_container_on_this_host_is_another_host(target):
    pretend(target, namespace="pid:[1]", pid=2**22 + 1)
    with pytest.raises(LockedError):
        WriterLock(target).acquire()


def test_machine_restarted(target):
    pretend(target, boot="before")
    with WriterLock(target) as lock:
        assert "restarted" in lock.takeover


def test_loser_of_a_takeover_notices_before_it_writes(target):
    with WriterLock(target) as lock:
        lock.check()
        pretend(target, host="node18")
        with pytest.raises(LockedError, match=r"no longer holds the lock.*node18"):
            lock.check()
    assert read_owner(target.with_suffix(".lock"))["host"] == "node18"  # not ours to remove


def test_deleted_lock_is_noticed(target):
    with WriterLock(target) as lock:
        target.with_suffix(".lock").unlink()
        with pytest.raises(LockedError, match="was deleted"):
            lock.check()


def test_heartbeat(target, monkeypatch):
    monkeypatch.setattr(lock_module, "HEARTBEAT", 0.02)
    with WriterLock(target) as lock:
        os.utime(lock.path, (0, 0))
        deadline = time.monotonic() + 5
        while lock.path.stat().st_mtime == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert lock.path.stat().st_mtime > 1e9


def test_without_hard_links(target, monkeypatch):
    def refuse(*arguments):
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    with WriterLock(target), pytest.raises(LockedError):
        WriterLock(target).acquire()
