"""Where a result comes from: versions, commit, machine."""

from __future__ import annotations

import getpass
import importlib.metadata
import os
import platform
import socket
import subprocess
import sys
import time
from functools import cache

from transport.checkout import ROOT

PACKAGES = (
    "crtune", "numpy", "scipy", "numba", "emcee", "nautilus-sampler", "scikit-learn", "h5py",
    "arviz-base", "arviz-stats",
)  # fmt: skip

CODE = ("data", "likelihoods", "pipeline", "priors", "scripts", "transport")
"""Folders that decide about the numbers."""


@cache
def git_state() -> dict[str, str]:
    """``commit`` (with the branch's last hash) and ``dirty`` ("yes", "no" or "unknown")."""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return {"commit": "unknown", "dirty": "unknown"}
    status = _git("status", "--porcelain", "--", *CODE)  # new files are changes too
    return {"commit": commit, "dirty": "unknown" if status is None else "yes" if status else "no"}


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of every package that takes part in the numbers."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def session() -> dict:
    """This process as a record for the chain file: when, where, by what."""
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "host": socket.gethostname(),
        "user": _user(),
        "command": " ".join(sys.argv),
        "job": os.environ.get("SLURM_JOB_ID", ""),
        "versions": versions(),
        "git": git_state(),
    }


def same_origin(first: dict, second: dict) -> bool:
    """Whether two sessions ran the same code on the same host."""
    return all(first.get(key) == second.get(key) for key in ("host", "versions", "git"))


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
