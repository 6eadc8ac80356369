"""Where a result comes from: versions, commit, checksum of the code, machine."""

from __future__ import annotations

import getpass
import hashlib
import importlib.metadata
import os
import platform
import socket
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

from transport.checkout import ROOT
from transport.errors import CrtuneError

PACKAGES = (
    "crtune", "numpy", "scipy", "numba", "emcee", "nautilus-sampler", "scikit-learn", "h5py",
    "arviz-base", "arviz-stats",
)  # fmt: skip

CODE = ("data", "likelihoods", "pipeline", "priors", "scripts", "transport")
"""Folders that decide about the numbers."""

_SUFFIXES = (".py", ".toml", ".ecsv")


def code_checksum(root: Path = ROOT) -> str:
    """SHA-256 over names and content of all code, priors and tables of a checkout."""
    digest = hashlib.sha256()
    for folder in CODE:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in _SUFFIXES:
                digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


_RUNNING = code_checksum()  # now: whoever edits a file later does not change what runs


@cache
def git_state() -> dict[str, str]:
    """``commit`` (with the branch's last hash) and ``dirty`` ("yes", "no" or "unknown").

    Where git cannot tell, ``why`` is in words.
    """
    commit, error = _git("rev-parse", "HEAD")
    top, _ = _git("rev-parse", "--show-toplevel")
    if commit is None:
        return {"commit": "unknown", "dirty": "unknown", "why": error}
    if top is None or Path(top).resolve() != ROOT:
        why = f"{ROOT} has no git repository of its own"
        return {"commit": "unknown", "dirty": "unknown", "why": why}
    status, error = _git("status", "--porcelain", "--", *CODE)  # new files are changes too
    if status is None:
        return {"commit": commit, "dirty": "unknown", "why": error}
    return {"commit": commit, "dirty": "yes" if status else "no"}


def origin_remark() -> str:
    """What a user should know about how a result can be traced, or ""."""
    state = git_state()
    if "why" not in state:
        return ""
    return (
        f"the commit of the code is unknown ({state['why']}); results carry the checksum of the "
        f"code instead, {_RUNNING[:12]}"
    )


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
    """This process as a record for the chain file: when, where, by what.

    Raises
    ------
    CrtuneError: part of the code that runs is not of this checkout
    """
    refuse_other_code()
    git = git_state()
    if git["dirty"] == "no" and code_checksum() != _RUNNING:
        git = {**git, "dirty": "unknown", "why": "files were changed while it ran"}
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "host": socket.gethostname(),
        "user": _user(),
        "command": " ".join(sys.argv),
        "job": os.environ.get("SLURM_JOB_ID", ""),
        "versions": versions(),
        "git": git,
        "code": _RUNNING,
    }


def same_origin(first: dict, second: dict) -> bool:
    """Whether two sessions ran the same code on the same host."""
    return all(first.get(key) == second.get(key) for key in ("host", "versions", "git", "code"))


def refuse_other_code() -> None:
    """Raise CrtuneError if a package of another place took the place of one of this checkout's."""
    for folder in ("crtune", "likelihoods", "pipeline", "priors", "transport"):
        module = sys.modules.get(folder)
        places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
        for place in filter(None, places):
            if not Path(place).resolve().is_relative_to(ROOT):
                raise CrtuneError(
                    f"{place} was imported instead of {ROOT / folder}; rename it, or take it off "
                    "Python's path"
                )


def _git(*arguments: str) -> tuple[str | None, str]:
    """What git says, or None and why it says nothing."""
    # variables such as GIT_DIR, set inside hooks, would make it speak of another repository
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=10,
            stdin=subprocess.DEVNULL,
            env=environment | {"LC_ALL": "C"},
        )
    except FileNotFoundError:
        return None, "there is no git"
    except (OSError, subprocess.SubprocessError) as error:
        return None, f"git: {error}"
    if done.returncode:
        said = done.stderr.strip().splitlines()
        return None, said[0] if said else f"git ended with {done.returncode}"
    return done.stdout.strip(), ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
