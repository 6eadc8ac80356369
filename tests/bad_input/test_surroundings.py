"""Hostile surroundings: locks, full disks, no MPI, closed output, no home, other Pythons."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bad_input.case import FIRST, MORE, check_error, contents, filled_in
from tests.script_server import ROOT, run_fresh


def test_own_table_of_any_name_is_drawn(server, folder):
    ended = server.run("plot_spectra", folder / "run", "--draws", "2")
    assert ended.code == 0, ended.stderr
    assert (folder / "run" / "spectra.png").stat().st_size > 0


def test_run_locked_by_another_process(server, folder):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pipeline.chains.lock import WriterLock\n"
            "with WriterLock(sys.argv[1]): print('locked', flush=True); time.sleep(60)",
            str(folder / FIRST),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "locked\n"
        before = contents(folder)
        for extra in ([], ["--fresh"], ["--salvage"]):
            ended = server.run("run_mcmc", folder / "run.toml", "--quiet", *extra)
            check_error(ended, (FIRST, f"process {holder.pid}", "delete"))
            assert contents(folder) == before
    finally:
        holder.kill()
        holder.wait()
    # A dead owner does not keep the next one out.
    ended = server.run(*filled_in(MORE, folder)[:1], *filled_in(MORE, folder)[1:])
    assert ended.code == 3, ended.stderr


def test_disk_that_is_really_full(server, folder, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(small)], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs root")
    try:
        shutil.copytree(folder, small / "runs")
        before = contents(small)
        more = "sampling.min_steps=4000"
        command = ("run_mcmc", small / "runs/run.toml", "--quiet", "--set", more)
        ended = server.run(*command, "--max-steps", "4000")
        check_error(ended, (FIRST, "No space left", "4 steps stored so far are safe", "free some"))
        assert contents(small) == before
        (small / "filler").write_bytes(b"0" * (shutil.disk_usage(small).free - 3 * 4096))
        before = contents(small)
        check_error(server.run("summarize", small / "runs/run"), ("runs/run/", "No space left"))
        after = contents(small)
        assert {name: after[name] for name in before} == before
        assert set(after) - set(before) <= {"runs/run/summary.csv"}
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def predict_command(*extra):
    script = ROOT / "scripts" / "predict.py"
    return (sys.executable, script, "kolmogorov", "--rigidity", "10", *extra)


@pytest.mark.parametrize(
    "package", ["raise ImportError('No module named mpi4py')", "MPI = 1 / 0  # no library"]
)
def test_missing_mpi(folder, tmp_path, package):
    broken = tmp_path / "packages" / "mpi4py"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text(package.replace("1 / 0", "__import__('none').x"))
    before = contents(folder)
    command = (ROOT / "scripts" / "run_mcmc.py", folder / "run.toml", "--mpi")
    ended = run_fresh(
        sys.executable,
        *command,
        env={"PYTHONPATH": f"{broken.parent}{os.pathsep}{ROOT}"},
    )
    check_error(ended, ("--mpi", "MPI cannot be used", "mpi4py", "--workers"))
    assert contents(folder) == before


def test_full_and_closed_output():
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with open("/dev/full", "w") as full:
        check_error(run_fresh(*predict_command(), stdout=full), ("No space left",))
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        ended = run_fresh(*predict_command(), stdout=closed)
    assert (ended.code, ended.stderr) == (141, "")


@pytest.mark.parametrize("home", [None, "/nonexistent", "forbidden"])
def test_home_that_cannot_be_used_costs_time_only(tmp_path, home):
    if home == "forbidden":
        home = str(tmp_path / "home")
        (tmp_path / "home").mkdir(mode=0o500)
    places = dict.fromkeys(("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"))
    if home is None:  # the password file still knows one; numba falls back to it
        places["XDG_CACHE_HOME"] = "/proc/none"
    ended = run_fresh(*predict_command(), env={"HOME": home, **places}, ordinary=True)
    assert (ended.code, ended.stderr) == (0, "")
    assert "kolmogorov" in ended.stdout.lower()


def test_numba_cache_that_cannot_be_written(tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o500)
    ended = run_fresh(
        sys.executable,
        "-c",
        "import numpy as np; from transport.fast_modes.jit import njit\n"
        "print(njit(lambda x: x + 1)(1))",
        env={"NUMBA_CACHE_DIR": str(cache)},
        ordinary=True,
    )
    assert (ended.code, ended.stdout.strip()) == (0, "2"), ended.stderr


def test_data_that_cannot_be_written_are_read(server, folder):
    (folder / "mine.ecsv").chmod(0o400)
    (folder / "priors.toml").chmod(0o400)
    ended = server.run(*filled_in(MORE, folder), ordinary=True)
    assert ended.code == 3, ended.stderr


@pytest.mark.parametrize(
    ("version", "refused"), [((3, 8), True), ((3, 10), True), ((3, 14), True), ((3, 12), False)]
)
def test_make_refuses_other_pythons(tmp_path, version, refused):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    python = tmp_path / "other-python"
    # Says that it is another version, and makes no environment.
    python.write_text(
        f'#!/bin/sh\n[ "$1" = -c ] || {{ echo venv >&2; exit 9; }}\n'
        f"exec {sys.executable} -c 'import collections, sys\n"
        f'V = collections.namedtuple("V", "major minor")\n'
        f'sys.version_info = V{version}\nexec(sys.argv[1])\' "$2"\n'
    )
    python.chmod(0o755)
    ended = run_fresh("make", "setup", f"PYTHON={python}", cwd=tmp_path)
    assert ended.code == 2
    said = f"crtune needs Python 3.11 to 3.13, but {python} is {version[0]}.{version[1]}"
    assert (said in ended.stderr) is refused
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / ".venv").exists()
