"""Local workers: the serial chain, and an end to them all when one fails."""

import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import pytest

from pipeline.cli import THREAD_VARIABLES
from pipeline.engines import LocalEngine, Task, WorkerDiedError
from pipeline.sampling import ensemble_path
from pipeline.storage import ChainWriter
from tests.pipeline.chains import assert_same_chains
from tests.pipeline.toy_run import SlowGaussian, toy_run
from transport.errors import CrtuneError


def test_local_workers_give_the_serial_chain(uninterrupted, tmp_path):
    outcome = toy_run(tmp_path / "run", workers=2).execute(progress=False)
    assert outcome.exit_code == 3
    assert_same_chains(tmp_path / "run", uninterrupted)


def fails_to_build():
    raise CrtuneError("data/nonsense.ecsv: no such table")


def dies_while_building():
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (fails_to_build, CrtuneError, "no such table"),
        (dies_while_building, WorkerDiedError, "worker process was killed"),
    ],
)
def test_failing_worker_says_why_and_stops_the_rest(tmp_path, build, error, message):
    run = toy_run(tmp_path)
    slow = partial(SlowGaussian, 0.005, ndim=3)
    tasks = [
        Task(slow, tmp_path, 0, 10**6, run.sampling),
        Task(build, tmp_path, 1, 200, run.sampling),
    ]
    with LocalEngine(2) as engine, pytest.raises(error, match=message):
        engine.extend(tasks, stop=lambda: False)
    with ChainWriter(ensemble_path(tmp_path, 0)) as writer:  # whole, and not locked
        assert writer.iteration < 10**6
    assert not ensemble_path(tmp_path, 0).with_suffix(".lock").exists()


def test_a_worker_that_starts_late_is_watched_too(tmp_path, monkeypatch):
    """The pool looks at its workers before it starts the next one: that one's death is seen."""
    start = ProcessPoolExecutor._adjust_process_count

    def start_late(pool):
        time.sleep(1.0)
        start(pool)

    monkeypatch.setattr(ProcessPoolExecutor, "_adjust_process_count", start_late)
    run = toy_run(tmp_path)
    long = 10_000  # steps of 5 ms and more: what the test waits for where nobody is watching
    tasks = [
        Task(partial(SlowGaussian, 0.005, ndim=3), tmp_path, 0, long, run.sampling),
        Task(dies_while_building, tmp_path, 1, 200, run.sampling),
    ]
    with LocalEngine(2) as engine, pytest.raises(WorkerDiedError):
        engine.extend(tasks, stop=lambda: False)
    with ChainWriter(ensemble_path(tmp_path, 0)) as writer:
        assert writer.iteration < long


def test_workers_have_one_thread():
    with LocalEngine(1):
        assert {os.environ[name] for name in THREAD_VARIABLES} == {"1"}
