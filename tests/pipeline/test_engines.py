"""Local workers that are killed at bad moments."""

import os
import signal
import threading
import time
from functools import partial

import pytest

from pipeline.engines import LocalEngine, WorkerDiedError
from pipeline.rounds import steps_done
from tests.pipeline.toy_run import SlowGaussian, toy_run
from tests.toy_problems import GaussianProblem


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
    thread.join(timeout=60)
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
