"""The trials of docs/reliability.md, one function each; how many of each is the caller's choice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.reliability.clocks import two_writers
from tests.reliability.disks import fill_disk
from tests.reliability.flips import bits_of, flip_bits
from tests.reliability.kills import kill_writer, litter
from tests.reliability.mutations import mutate_inputs, mutate_stored
from tests.reliability.run_kills import kill_runs
from tests.reliability.stored import stored_files
from tests.reliability.writers import WRITERS

LIMITS = (0, 1000, 5000, 9000, 30_000, 100_000, 300_000, 1_000_000)
"""Bytes that a file may have while a full disk is played."""


def kills(folder: Path, number: dict[str, int], rng, tell: Callable = lambda: None) -> dict:
    """Kills by writer; ``run`` is a whole run on two workers.

    Raises
    ------
    AssertionError: a file that is torn or went back, a chain that differs
    """
    done = {}
    for cls in WRITERS:
        if number.get(cls.name):
            writer = cls(folder / f"kill_{cls.name}")
            done[cls.name] = kill_writer(writer, number[cls.name], rng)
            tell()
            left = [p for p in litter(writer.folder) if ".draft-" in p.name]
            assert len(left) <= number[cls.name], left
    if number.get("run"):
        (folder / "kill_run").mkdir()
        early = kill_runs(folder / "kill_run", number["run"], rng)
        done |= {"run": number["run"] - early, "warm_up": early}
        tell()
    return done


def flips(folder: Path, number: int, rng, tell: Callable = lambda: None) -> dict[str, Counter]:
    """Flipped bits by kind of file, `number` of each: how many were told, how many harmless.

    Raises
    ------
    SilentChangeError: one that changed what is read
    """
    seen = {}
    for kind, (path, read) in stored_files(folder / "flips").items():
        seen[kind] = flip_bits(path, bits_of(path, number, rng), read)
        tell()
    return seen


def mutations(folder: Path, inputs: int, stored: int, seed: int) -> dict[str, Counter]:
    """Mutated files of users, and of a run: how many were refused, how many read.

    Raises
    ------
    TracebackError: one that gave another error than one clear message
    """
    (folder / "inputs").mkdir()
    stored_files(folder / "stored")
    return {
        "configs, priors, tables, site files": mutate_inputs(folder / "inputs", inputs, seed),
        "files of a run": mutate_stored(folder / "stored" / "run", stored, seed),
    }


def full_disks(folder: Path) -> dict[str, dict[str, int]]:
    """Full disks by writer: how often told, how often there was room after all."""
    return {cls.name: fill_disk(cls(folder / f"disk_{cls.name}"), LIMITS) for cls in WRITERS}


def clocks(folder: Path) -> dict[str, int]:
    """Attempts that a live writer of another host withstood, its clock ahead and behind."""
    refused = {}
    for hours in (1.0, -1.0):
        place = folder / f"clock{hours:+.0f}"
        place.mkdir()
        refused[f"{hours:+.0f} h"] = two_writers(place, hours)
    return refused
