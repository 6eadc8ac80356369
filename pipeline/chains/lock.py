"""One writer per ensemble: a lock file with owner and heartbeat, no file-system locks.

HDF5 and POSIX locks fail on network file systems and survive their owners; a small file that
says who writes, and since when nothing was heard of them, works everywhere. The owner is known to
be gone when it ran on this host and its process no longer exists, or when its heartbeat is older
than `STALE_AFTER`. A writer that was frozen and taken over notices before its next write.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import socket
import threading
import time
import uuid
from pathlib import Path

from transport.errors import CrtuneError

HEARTBEAT = 10.0  # s between signs of life
STALE_AFTER = 120.0  # s without one until another host's lock is taken over


class LockedError(CrtuneError):
    """Somebody else is writing this."""


class WriterLock:
    """Exclusive right to write `target`, held in the file ``<target stem>.lock`` beside it.

    Use as a context manager, or `acquire` and `release`. After `acquire`, `takeover` says in words
    whose stale lock was replaced ("" if none).
    """

    def __init__(self, target: str | Path, stale_after: float = STALE_AFTER):
        self.target = Path(target)
        self.path = self.target.with_suffix(".lock")
        self.stale_after = stale_after
        self.takeover = ""
        self._token: str | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self) -> WriterLock:
        """Take the lock.

        Raises
        ------
        LockedError: a live writer holds it; the message names host, process and job
        CrtuneError: the folder cannot be written
        """
        token = uuid.uuid4().hex
        text = json.dumps(owner_here(token), indent=1)
        try:
            self._write_once(text, token)
        except OSError as error:
            raise CrtuneError(
                f"{self.path}: cannot write the lock file ({error.strerror}); "
                "outputs need a folder with write permission and free space"
            ) from error
        self._token = token
        self._stop.clear()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="lock-heartbeat")
        self._thread.start()
        return self

    def _write_once(self, text: str, token: str) -> None:
        draft = self.path.with_name(f"{self.path.name}.{token}")
        draft.write_text(text)
        self._remove_litter(draft)
        try:
            try:
                os.link(draft, self.path)  # fails if the lock exists, atomically, on NFS too
            except FileExistsError:
                self._replace_stale(draft, token)
            except OSError:  # a file system without hard links
                self._create_exclusively(text, draft, token)
        finally:
            draft.unlink(missing_ok=True)

    def _remove_litter(self, draft: Path) -> None:
        """Drafts of locks whose makers were killed, by the file system's own clock."""
        with contextlib.suppress(OSError):
            now = draft.stat().st_mtime
            for other in self.path.parent.glob(f"{glob.escape(self.path.name)}.{32 * '[0-9a-f]'}"):
                if now - other.stat().st_mtime > self.stale_after:
                    other.unlink(missing_ok=True)

    def _create_exclusively(self, text: str, draft: Path, token: str) -> None:
        try:
            descriptor = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            self._replace_stale(draft, token)
        else:
            with os.fdopen(descriptor, "w") as file:
                file.write(text)

    def _replace_stale(self, draft: Path, token: str) -> None:
        owner = read_owner(self.path)
        why = self._why_stale(owner)
        if not why:
            raise LockedError(
                f"{self.target} is being written by {describe_owner(owner)}; wait for it or stop "
                f"it (if you are sure that it is gone, delete {self.path})"
            )
        os.replace(draft, self.path)
        time.sleep(0.2)  # two that saw the same stale lock: the later replacement wins
        if read_owner(self.path).get("token") != token:
            raise LockedError(
                f"{self.target}: another process took over the stale lock at the same moment: "
                f"{describe_owner(read_owner(self.path))}"
            )
        self.takeover = f"took over the lock of {describe_owner(owner)}: {why}"

    def _why_stale(self, owner: dict) -> str:
        """Why the owner is certainly gone, or "" if it may be alive."""
        here = owner_here("")
        if all(owner.get(key) == here[key] for key in ("host", "boot", "namespace")):
            born = process_birth(owner.get("pid", -1))
            if born is None:
                return "its process no longer exists"
            if owner.get("born") and born and born != owner["born"]:
                return "its process number belongs to another process now"
            # A process of this host that is alive but silent (stopped, swapped out) still owns it.
            return ""
        restarted = owner.get("boot") and here["boot"] and owner["boot"] != here["boot"]
        if owner.get("host") == here["host"] and restarted:
            return "the machine was restarted since"
        age = self._age()
        if age is not None and age > self.stale_after:
            return f"no sign of life for {age:.0f} s"
        return ""

    def _age(self) -> float | None:
        """Seconds since the last heartbeat by the file system's own clock."""
        probe = self.path.with_name(f"{self.path.name}.{uuid.uuid4().hex}")
        try:
            probe.touch()
            now = probe.stat().st_mtime
            return now - self.path.stat().st_mtime
        except FileNotFoundError:
            return None
        finally:
            probe.unlink(missing_ok=True)

    def check(self) -> None:
        """Raise LockedError if the lock was lost; called before every write."""
        owner = read_owner(self.path)
        if self._token is None or owner.get("token") != self._token:
            who = describe_owner(owner) if owner else "nobody (the lock file was deleted)"
            raise LockedError(
                f"{self.target}: this process ({os.getpid()}) no longer holds the lock, "
                f"{who} does; nothing more is written here"
            )

    def release(self) -> None:
        """Give the lock back; harmless if it was lost."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=1.0)
            self._thread = None
        if self._token is not None and read_owner(self.path).get("token") == self._token:
            self.path.unlink(missing_ok=True)
        self._token = None

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT):
            try:
                if read_owner(self.path).get("token") == self._token:
                    os.utime(self.path)
            except OSError:
                pass  # a hiccup of the file system; the next beat or `check` will tell

    def __enter__(self) -> WriterLock:
        return self.acquire()

    def __exit__(self, *exception) -> None:
        self.release()


def owner_here(token: str) -> dict:
    """What identifies this process among all that may share a file system."""
    owner = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "born": process_birth(os.getpid()) or "",
        "boot": _boot_id(),
        "namespace": _process_namespace(),  # containers count processes for themselves
        "started": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "token": token,
    }
    for variable in ("SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "PBS_JOBID"):
        if os.environ.get(variable):
            owner[variable] = os.environ[variable]
    return owner


def read_owner(path: str | Path) -> dict:
    """Owner recorded in a lock file; empty if there is none or it cannot be read."""
    try:
        owner = json.loads(Path(path).read_text())
    except (OSError, ValueError):
        return {}
    return owner if isinstance(owner, dict) else {}


def live_owner(target: str | Path) -> str:
    """Who writes `target` now, in words, or "" if nobody does."""
    lock = WriterLock(target)
    if not lock.path.exists():
        return ""
    owner = read_owner(lock.path)
    return "" if lock._why_stale(owner) else describe_owner(owner)


def describe_owner(owner: dict) -> str:
    """Host, process and job of a lock's owner."""
    if not owner:
        return "an unknown process"
    text = f"process {owner.get('pid')} on {owner.get('host')} since {owner.get('started')}"
    job = owner.get("SLURM_ARRAY_JOB_ID") or owner.get("SLURM_JOB_ID") or owner.get("PBS_JOBID")
    if job:
        task = owner.get("SLURM_ARRAY_TASK_ID")
        text += f" (job {job}{'_' + task if task else ''})"
    return text


def process_birth(pid: int) -> str | None:
    """Start time of a living process in kernel ticks; "" where unknown, None if it is dead."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except (PermissionError, OverflowError, TypeError):
        pass
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return ""
    return None if fields[0] in "ZX" else fields[19]  # a zombie writes no more


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _process_namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
