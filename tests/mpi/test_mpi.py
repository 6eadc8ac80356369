"""MPI: the serial chains, whatever the number of ranks; a rank that fails ends the job."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.chains.ensembles import ensemble_files
from pipeline.chains.reader import read_progress
from pipeline.sampling.rounds import steps_done
from tests.cheap_run import ROOT, assert_same_run, environment, script, write_config

RUN = ROOT / "scripts" / "run_mcmc.py"


def find_mpiexec():
    beside = Path(sys.executable).with_name("mpiexec")
    return str(beside) if beside.exists() else shutil.which("mpiexec")


def why_no_mpi():
    """What is missing for these tests, or ""."""
    if find_mpiexec() is None:
        return "no mpiexec: pip install -e '.[mpi]' brings one"
    done = subprocess.run(
        [sys.executable, "-c", "from mpi4py import MPI"], capture_output=True, text=True
    )
    return f"mpi4py: {done.stderr.strip().splitlines()[-1]}" if done.returncode else ""


@pytest.fixture(scope="module")
def mpiexec():
    if reason := why_no_mpi():
        pytest.skip(reason)
    return find_mpiexec()


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    config = write_config(tmp_path_factory.mktemp("serial") / "cheap.toml")
    done = script("run_mcmc.py", config, "--quiet")
    assert done.returncode == 3, done.stderr
    return config.with_suffix("")


def start(mpiexec, ranks, config, **more):
    return subprocess.Popen(
        [mpiexec, "-n", str(ranks), sys.executable, str(RUN), "--mpi", "--quiet", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(**more),
    )


def finish(process, timeout=300):
    """Its output; a job that hangs is killed and fails the test."""
    try:
        return process.communicate(timeout=timeout)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"the MPI job hangs:\n{process.communicate()[0]}")


@pytest.mark.mpi
def test_mpi_gives_the_serial_chains(mpiexec, serial, tmp_path):
    """Three ensembles on two ranks, so that one rank has two."""
    config = write_config(tmp_path / "cheap.toml")
    process = start(mpiexec, 2, config)
    text = finish(process)
    assert process.returncode == 3, text
    assert text.count("NOT CONVERGED") == 1  # one rank speaks
    assert_same_run(config.with_suffix(""), serial)


@pytest.mark.mpi
def test_signal_to_all_ranks_then_serial(mpiexec, tmp_path):
    config = write_config(tmp_path / "cheap.toml", min_steps=5000, max_steps=5000)
    process = start(mpiexec, 2, config)
    folder = config.with_suffix("")
    deadline = time.monotonic() + 60
    while min(steps_done(folder, 2, 1)) < 10 and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
    process.send_signal(signal.SIGUSR1)  # mpiexec passes it on
    text = finish(process)
    assert process.returncode == 75, text
    assert not list(folder.glob("*.lock"))
    steps = steps_done(folder, 3, 1)
    assert 10 <= max(steps) < 5000
    goal = {"min_steps": max(steps) + 20, "max_steps": max(steps) + 20}
    for path in (config, tmp_path / "anew" / "cheap.toml"):
        write_config(path, **goal)
        assert script("run_mcmc.py", path, "--quiet").returncode == 3
    assert_same_run(folder, tmp_path / "anew" / "cheap")


@pytest.mark.mpi
def test_one_rank_that_is_told_stops_all(mpiexec, tmp_path):
    """A signal that reaches a single rank."""
    config = write_config(tmp_path / "cheap.toml", ensembles=2, min_steps=5000, max_steps=5000)
    process = start(mpiexec, 2, config)
    folder = config.with_suffix("")
    deadline = time.monotonic() + 60
    while min(steps_done(folder, 2, 1)) < 10 and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
    os.kill(ranks_of(process.pid)[-1], signal.SIGTERM)
    text = finish(process)
    assert process.returncode == 75, text
    assert max(steps_done(folder, 2, 1)) < 5000


@pytest.mark.mpi
def test_killed_rank_ends_the_job(mpiexec, tmp_path):
    config = write_config(tmp_path / "cheap.toml", ensembles=2, min_steps=5000, max_steps=5000)
    process = start(mpiexec, 2, config)
    folder = config.with_suffix("")
    deadline = time.monotonic() + 60
    while min(steps_done(folder, 2, 1)) < 10 and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
    os.kill(ranks_of(process.pid)[-1], signal.SIGKILL)
    finish(process)
    assert process.returncode != 0
    assert min(steps_done(folder, 2, 1)) >= 10


def ranks_of(pid):
    """Python processes below mpiexec."""
    found, todo = [], [pid]
    while todo:
        parent = todo.pop()
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            todo += map(int, task.read_text().split())
        if Path(f"/proc/{parent}/cmdline").read_bytes().startswith(sys.executable.encode()):
            found.append(parent)
    assert found
    return sorted(found)


@pytest.mark.mpi
@pytest.mark.parametrize("module", ["emcee", "numba"])
def test_import_error_in_one_rank_ends_the_job(mpiexec, tmp_path, module):
    """The other rank must not wait for it."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if os.environ.get('PMI_RANK') == '1':\n"
        f"    sys.modules['{module}'] = None\n"
    )
    config = write_config(tmp_path / "runs" / "cheap.toml")
    process = start(mpiexec, 2, config, PYTHONPATH=str(tmp_path))
    text = finish(process)
    assert process.returncode not in (0, 3, 75)
    assert f"import of {module} halted" in text
    assert "rank 1" in text


@pytest.mark.mpi
def test_bad_config_is_one_message(mpiexec, tmp_path):
    config = write_config(tmp_path / "cheap.toml", scenario="kolmogorow")
    process = start(mpiexec, 2, config)
    text = finish(process)
    assert process.returncode == 2
    assert text.count("did you mean 'kolmogorov'") == 1


@pytest.mark.mpi
def test_error_of_one_rank_keeps_the_steps_of_others(mpiexec, tmp_path):
    """Ensemble 1, on rank 1, cannot be written."""
    config = write_config(tmp_path / "cheap.toml", ensembles=2)
    folder = config.with_suffix("")
    folder.mkdir()
    (folder / "ensemble_01.lock").mkdir()  # no lock file can be made there
    process = start(mpiexec, 2, config)
    text = finish(process)
    assert process.returncode == 2, text
    assert "ensemble_01" in text
    assert [path.name for path in folder.glob("*.lock")] == ["ensemble_01.lock"]
    for path in ensemble_files(folder):
        assert read_progress(path)[0] < 60


def test_missing_mpi4py_is_one_clear_error(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['mpi4py'] = None\n")
    config = write_config(tmp_path / "cheap.toml")
    done = script("run_mcmc.py", config, "--mpi", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert "--mpi: MPI cannot be used" in done.stderr
    assert "pip install" in done.stderr
    assert "Traceback" not in done.stderr
    assert not config.with_suffix("").exists()
