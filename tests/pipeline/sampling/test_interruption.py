"""Runs that are stopped, killed or locked out: the chains are those of one that was not."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.chains.lock import WriterLock
from pipeline.chains.reader import read_progress
from pipeline.sampling import rounds
from pipeline.sampling.ensemble import EnsembleRun, ensemble_path, warm_up_path
from pipeline.sampling.rounds import steps_done
from tests.pipeline.chain_tables import assert_same_chains
from tests.pipeline.toy_run import SlowGaussian, toy_run
from transport.errors import CrtuneError

TOY = Path(__file__).parents[1] / "toy_run.py"


class StopAfter:
    """A stop request that comes at the n-th question."""

    def __init__(self, n):
        self.left = n

    def __call__(self):
        self.left -= 1
        return self.left < 0


def start_toy(folder, *assignments):
    """A toy run in its own process group, as a terminal would start it."""
    return subprocess.Popen(
        [sys.executable, str(TOY), str(folder), *assignments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_for_steps(folder, least, process, timeout=300):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and process.poll() is None:
        if max(steps_done(folder, 2, 1)) >= least:
            return
        time.sleep(0.01)
    raise AssertionError(f"no {least} steps in time: {process.communicate()[0]}")


@pytest.mark.parametrize("questions", [0, 17, 20, 133])
def test_resumed_chain_is_the_uninterrupted_one(uninterrupted, tmp_path, questions):
    run = toy_run(tmp_path)
    for index in range(2):
        ensemble = EnsembleRun(run.build(), tmp_path, index, run.sampling)
        report = ensemble.extend(200, stop=StopAfter(questions))
        assert report.interrupted
        again = EnsembleRun(run.build(), tmp_path, index, run.sampling)  # all memory is gone
        assert not again.extend(200).interrupted
    assert_same_chains(tmp_path, uninterrupted)


@pytest.mark.parametrize("failing", [40, 130])
def test_exception_in_the_model_keeps_the_steps_made(uninterrupted, tmp_path, failing):
    """Once in the warm-up, once in the chain that is kept."""
    run = toy_run(tmp_path)
    problem, calls = run.build(), []
    sane = problem.log_prob

    def fragile(theta):
        calls.append(len(theta))
        if len(calls) == failing:
            raise ZeroDivisionError
        return sane(theta)

    problem.log_prob = fragile
    with pytest.raises(ZeroDivisionError):
        EnsembleRun(problem, tmp_path, 0, run.sampling).extend(200)
    warming = warm_up_path(tmp_path, 0).exists()
    assert warming == (failing == 40)
    path = (warm_up_path if warming else ensemble_path)(tmp_path, 0)
    assert 10 < read_progress(path)[0] < 100
    for index in range(2):
        EnsembleRun(run.build(), tmp_path, index, run.sampling).extend(200)
    assert_same_chains(tmp_path, uninterrupted)


@pytest.mark.parametrize(
    ("number", "to_group", "workers", "code"),
    [
        (signal.SIGINT, True, 2, 130),  # Ctrl-C in a terminal reaches workers too
        (signal.SIGTERM, False, 2, 75),
        (signal.SIGUSR1, False, 1, 75),
        (signal.SIGKILL, False, 2, -signal.SIGKILL),
        (signal.SIGKILL, True, 1, -signal.SIGKILL),
    ],
)
def test_signals(uninterrupted, tmp_path, number, to_group, workers, code):
    """Stopped by a signal in mid-run, then resumed serially: bit for bit the same chains."""
    folder = tmp_path / "run"
    process = start_toy(folder, f"workers={workers}", "delay=0.002")
    wait_for_steps(folder, 40, process)
    (os.killpg if to_group else os.kill)(process.pid, number)
    text = process.communicate(timeout=300)[0]
    assert process.returncode == code, text
    deadline = time.monotonic() + 20  # orphaned workers write their checkpoints, then leave
    while number == signal.SIGKILL and time.monotonic() < deadline:
        if not rounds.live_owner(ensemble_path(folder, 0)) + rounds.live_owner(
            ensemble_path(folder, 1)
        ):
            break
        time.sleep(0.05)
    assert 40 <= max(steps_done(folder, 2, 1)) < 200
    if number != signal.SIGKILL:
        assert not list(folder.glob("*.lock"))
    outcome = toy_run(folder, SlowGaussianAsBefore).execute(progress=False)
    assert outcome.exit_code == 3
    assert_same_chains(folder, uninterrupted)


def SlowGaussianAsBefore():
    return SlowGaussian(0.0, ndim=3, rho=0.5)


def test_kill_before_the_first_step(uninterrupted, tmp_path):
    run = toy_run(tmp_path / "run")
    (tmp_path / "run").mkdir()
    ensemble = EnsembleRun(run.build(), run.folder, 0, run.sampling)
    assert ensemble.extend(200, stop=lambda: True).steps == 0
    path = ensemble_path(run.folder, 1)
    path.with_name(f".{path.name}.draft-1").write_bytes(b"half a file")  # killed while starting
    run.execute(progress=False)
    assert_same_chains(run.folder, uninterrupted)
    assert not list(run.folder.glob(".*draft*"))


@pytest.mark.parametrize("what", ["run", "ensemble_01.h5"])
def test_two_writers_on_one_run(tmp_path, what):
    folder = tmp_path / "run"
    folder.mkdir()
    with (
        WriterLock(folder / what),
        pytest.raises(CrtuneError, match=f"is being written by process {os.getpid()}"),
    ):
        toy_run(folder).execute(progress=False)
    assert not list(folder.glob("*.h5"))


def test_lost_lock_stops_the_writer(tmp_path):
    """A frozen process whose lock was taken over writes nothing when it wakes up."""
    run = toy_run(tmp_path)
    lock = ensemble_path(tmp_path, 0).with_suffix(".lock")
    taken = []

    def steal():
        path = ensemble_path(tmp_path, 0)
        if not taken and path.exists() and read_progress(path)[0]:
            lock.write_text('{"token": "thief", "host": "node3", "pid": 5}')
            taken.append(read_progress(path)[0])

    with pytest.raises(CrtuneError, match=r"no longer holds the lock.*node3"):
        EnsembleRun(run.build(), tmp_path, 0, run.sampling).extend(200, tick=steal)
    assert read_progress(ensemble_path(tmp_path, 0))[0] == taken[0]


def test_stop_request_only_in_the_main_thread():
    from pipeline.sampling.interrupt import StopRequest

    seen = []

    def use():
        with StopRequest() as stop:
            seen.append(stop())

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert seen == [False]
