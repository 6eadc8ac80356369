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
