"""Local workers: the serial chain, and an end to them all when one fails or is killed."""

import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import pytest

from pipeline.chains.writer import ChainWriter
from pipeline.sampling.engines import LocalEngine, Task, WorkerDiedError
from pipeline.sampling.ensemble import ensemble_path, warm_up_path
from pipeline.sampling.rounds import steps_done
from pipeline.sampling.threads import THREAD_VARIABLES
from tests.pipeline.chain_tables import assert_same_chains
from tests.pipeline.toy_run import SlowGaussian, toy_run
from tests.toy_problems import GaussianProblem
from transport.errors import CrtuneError


def test_local_workers_give_the_serial_chain(uninterrupted, tmp_path):
    outcome = toy_run(tmp_path / "run", workers=2).execute(progress=False)
    assert outcome.exit_code == 3
    assert_same_chains(tmp_path / "run", uninterrupted)


def fails_to_build():
    raise CrtuneError("data/nonsense.ecsv: no such table")


def dies_while_building():
    os.kill(os.getpid(), signal.SIGKILL)


def after_the_other(build, folder):
    """`build`, once ensemble 0 has a file."""
    deadline = time.monotonic() + 30
    while not begun(folder).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return build()


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
        Task(partial(after_the_other, build, tmp_path), tmp_path, 1, 200, run.sampling),
    ]
    with LocalEngine(2) as engine, pytest.raises(error, match=message):
        engine.extend(tasks, stop=lambda: False)
    with ChainWriter(begun(tmp_path)) as writer:  # whole, and not locked
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
    with ChainWriter(begun(tmp_path)) as writer:
        assert writer.iteration < long


def begun(folder):
    """File of ensemble 0: of its chain, or of its warm-up."""
    chain = ensemble_path(folder, 0)
    return chain if chain.exists() else warm_up_path(folder, 0)


def test_workers_have_one_thread():
    with LocalEngine(1):
        assert {os.environ[name] for name in THREAD_VARIABLES} == {"1"}


def wait_until_both_work(folder):
    deadline = time.monotonic() + 60
    while min(steps_done(folder, 2, 1)) < 20:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("asked_to_stop", [False, True])
def test_worker_killed_with_the_queue_locked(tmp_path, asked_to_stop):
    """The other worker must not wait for that lock for ever, nor the run for that worker."""
    run = toy_run(tmp_path, partial(SlowGaussian, 0.005, ndim=3, rho=0.5), max_steps=4000)
    ended, stopping = [], []

    def extend():
        try:
            with LocalEngine(2) as engine:
                engines.append(engine)
                ended.append(engine.extend(run.tasks(4000), lambda: bool(stopping)))
        except WorkerDiedError as error:
            ended.append(error)

    engines = []
    thread = threading.Thread(target=extend, daemon=True)
    thread.start()
    wait_until_both_work(tmp_path)
    pool = engines[0]._pool
    pool._call_queue._rlock.acquire()  # as the killed worker would have, a moment later
    if asked_to_stop:
        stopping.append(True)
    os.kill(next(iter(pool._processes)), signal.SIGKILL)
    thread.join(timeout=300)
    assert not thread.is_alive()
    assert isinstance(ended[0], list if asked_to_stop else WorkerDiedError)
    assert 20 <= max(steps_done(tmp_path, 2, 1)) < 4000


def build_once(note):
    """A problem that notes its making, and that no pickle can hold."""
    with open(note, "a") as file:
        file.write(f"{os.getpid()}\n")
    problem = GaussianProblem(ndim=3, rho=0.5)
    problem.cannot_travel = threading.Lock()
    return problem


def test_a_worker_builds_its_problem_once_and_only_the_recipe_travels(tmp_path):
    run = toy_run(tmp_path, partial(build_once, tmp_path / "note"))
    with LocalEngine(1) as engine:
        for target in (40, 80):  # two rounds of two ensembles
            engine.extend(run.tasks(target), lambda: False)
    assert steps_done(tmp_path, 2, 1) == [80, 80]
    makers = (tmp_path / "note").read_text().split()
    assert len(makers) == 1
    assert makers != [str(os.getpid())]
