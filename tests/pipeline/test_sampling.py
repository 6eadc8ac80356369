"""Ensembles and rounds: the same chain however often it is interrupted and whoever runs it."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from pipeline import rounds
from pipeline.chain_reader import read_chain, read_journal, read_progress
from pipeline.cli import THREAD_VARIABLES
from pipeline.engines import LocalEngine, Task, WorkerDiedError
from pipeline.lock import WriterLock
from pipeline.posterior import load_run
from pipeline.rounds import set_aside, steps_done, targets
from pipeline.sampling import EnsembleRun, check_sums, ensemble_path
from pipeline.start import starting_points
from pipeline.storage import ChainWriter
from tests.pipeline.toy_run import SlowGaussian, toy_run
from tests.toy_problems import BananaProblem, GaussianProblem
from transport.errors import CrtuneError

TOY = Path(__file__).with_name("toy_run.py")


def chains(folder, count=2):
    return [read_chain(ensemble_path(folder, index)) for index in range(count)]


def assert_same_chains(first, second, steps=None):
    for one, other in zip(chains(first), chains(second), strict=True):
        rows = slice(None, steps)
        np.testing.assert_array_equal(one.chain[rows], other.chain[rows])
        np.testing.assert_array_equal(one.log_prob[rows], other.log_prob[rows])
        np.testing.assert_array_equal(one.blobs[rows], other.blobs[rows])


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The chains that every other way of running must reproduce: 2 ensembles of 200 steps."""
    folder = tmp_path_factory.mktemp("reference") / "run"
    outcome = toy_run(folder).execute(progress=False)
    assert outcome.exit_code == 3
    return folder


class StopAfter:
    """A stop request that comes at the n-th question."""

    def __init__(self, n):
        self.left = n

    def __call__(self):
        self.left -= 1
        return self.left < 0


# -- the chain -----------------------------------------------------------------------------------


def test_known_gaussian_is_recovered(tmp_path):
    """Mean and covariance within 5 standard errors of the truth."""
    build = partial(GaussianProblem, ndim=3, rho=0.8, mean=[1.0, -2.0, 3.0])
    run = toy_run(
        tmp_path / "run",
        build,
        walkers=32,
        min_n_tau=100,
        min_steps=1500,
        max_steps=6000,
        checkpoint_steps=500,
    )
    outcome = run.execute(progress=False)
    assert outcome.exit_code == 0
    posterior = load_run(tmp_path / "run")
    problem = build()
    n = min(posterior.verdict.ess.values())
    draws = posterior.flat
    np.testing.assert_allclose(draws.mean(axis=0), problem.mean, atol=5 / np.sqrt(n))
    np.testing.assert_allclose(np.cov(draws.T), problem.covariance, atol=5 * np.sqrt(2 / n))


def test_blobs_stay_with_their_points(uninterrupted):
    problem = GaussianProblem(ndim=3, rho=0.5)
    for found in chains(uninterrupted):
        points = found.chain[::37].reshape(-1, 3)
        again = problem.log_prob(points)
        np.testing.assert_allclose(found.log_prob[::37].ravel(), again[:, 0], rtol=1e-12)
        np.testing.assert_allclose(found.blobs[::37].reshape(-1, 3), again[:, 1:], rtol=1e-12)


def test_mixed_up_blobs_are_refused():
    names = ("log_prior", "log_likelihood_a")
    check_sums(names, np.array([3.0]), np.array([[1.0, 2.0]]))
    with pytest.raises(RuntimeError, match="out of order"):
        check_sums(names, np.array([3.0, 5.0]), np.array([[1.0, 4.0], [1.0, 2.0]]))


def test_ensembles_and_seeds_differ(uninterrupted, tmp_path):
    first, second = chains(uninterrupted)
    assert not np.any(first.chain == second.chain)
    toy_run(tmp_path / "run", seed=8, max_steps=100).execute(progress=False)
    assert not np.any(chains(tmp_path / "run")[0].chain == first.chain[:100])


def test_ensembles_do_not_depend_on_their_number(uninterrupted, tmp_path):
    toy_run(tmp_path / "run", ensembles=1, max_steps=100).execute(progress=False)
    (only,) = chains(tmp_path / "run", 1)
    np.testing.assert_array_equal(only.chain, chains(uninterrupted)[0].chain[:100])


def test_storage_thinning_stores_every_nth_step(uninterrupted, tmp_path):
    toy_run(tmp_path / "run", thin=10).execute(progress=False)
    for thinned, full in zip(chains(tmp_path / "run"), chains(uninterrupted), strict=True):
        np.testing.assert_array_equal(thinned.chain, full.chain[9::10])


# -- interrupted and resumed -----------------------------------------------------------------------


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


def test_block_length_does_not_matter(uninterrupted, tmp_path):
    toy_run(tmp_path / "run", checkpoint_steps=77).execute(progress=False)
    assert_same_chains(tmp_path / "run", uninterrupted, 200)
    for index in range(2):  # written in blocks, not step by step
        journal = read_journal(ensemble_path(tmp_path / "run", index))
        assert journal["stop"].tolist() == [77, 154, 200]


def test_exception_in_the_model_keeps_the_steps_made(uninterrupted, tmp_path):
    run = toy_run(tmp_path)
    problem, calls = run.build(), []
    sane = problem.log_prob

    def fragile(theta):
        calls.append(len(theta))
        if len(calls) == 50:
            raise ZeroDivisionError
        return sane(theta)

    problem.log_prob = fragile
    with pytest.raises(ZeroDivisionError):
        EnsembleRun(problem, tmp_path, 0, run.sampling).extend(200)
    kept = read_progress(ensemble_path(tmp_path, 0))[0]
    assert kept == (50 - 2) // 2  # one call for the start, two for each step
    for index in range(2):
        EnsembleRun(run.build(), tmp_path, index, run.sampling).extend(200)
    assert_same_chains(tmp_path, uninterrupted)


def test_local_workers_give_the_serial_chain(uninterrupted, tmp_path):
    outcome = toy_run(tmp_path / "run", workers=2).execute(progress=False)
    assert outcome.exit_code == 3
    assert_same_chains(tmp_path / "run", uninterrupted)


def start_toy(folder, *assignments):
    """A toy run in its own process group, as a terminal would start it."""
    return subprocess.Popen(
        [sys.executable, str(TOY), str(folder), *assignments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_for_steps(folder, least, process, timeout=60):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and process.poll() is None:
        if max(steps_done(folder, 2, 1)) >= least:
            return
        time.sleep(0.01)
    raise AssertionError(f"no {least} steps in time: {process.communicate()[0]}")


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
    text = process.communicate(timeout=60)[0]
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


# -- what may change and what may not -------------------------------------------------------------


def test_budget_and_blocks_may_change(uninterrupted, tmp_path):
    folder = tmp_path / "run"
    toy_run(folder, max_steps=100).execute(progress=False)
    toy_run(folder, checkpoint_steps=33).execute(progress=False)
    assert_same_chains(folder, uninterrupted, 200)


def test_stopping_rule_may_change(tmp_path):
    build = partial(GaussianProblem, ndim=2, half_width=3.0)  # hardly any burn-in
    run = toy_run(tmp_path / "run", build, max_steps=100)
    assert run.execute(progress=False).exit_code == 3
    run = toy_run(tmp_path / "run", build, min_n_tau=2, max_rhat=1.5)
    outcome = run.execute(progress=False)
    assert outcome.exit_code == 0, outcome.verdict.banner()
    assert steps_done(run.folder, 2, 1) == [100, 100]  # the looser rule is met by those there are


@pytest.mark.parametrize(
    ("build", "changes", "named"),
    [
        (partial(GaussianProblem, ndim=3, rho=0.6), {}, "data: "),
        (partial(GaussianProblem, ndim=3, rho=0.5, half_width=9.0), {}, "priors: "),
        (
            partial(GaussianProblem, ndim=2, rho=0.5),
            {},
            "names: x0, x1, x2 in the file",
        ),
        (partial(BananaProblem, ndim=3, rho=0.5), {}, "scenario: GaussianProblem in the file"),
        (None, {"walkers": 20}, "nwalkers: 16 in the file, 20 now"),
        (None, {"seed": 8}, "seed: 7 in the file, 8 now"),
        (None, {"thin": 2}, "thin: 1 in the file, 2 now"),
    ],
)
def test_changed_problem_is_refused_by_name(uninterrupted, build, changes, named):
    before = [path.read_bytes() for path in sorted(uninterrupted.glob("*.h5"))]
    with pytest.raises(CrtuneError, match="made for another problem") as error:
        toy_run(uninterrupted, build, **changes).execute(progress=False)
    assert named in str(error.value)
    assert [path.read_bytes() for path in sorted(uninterrupted.glob("*.h5"))] == before


class Drifted(GaussianProblem):
    """The same fingerprint, other numbers: code that changed under a run."""

    def log_likelihood(self, theta):
        return super().log_likelihood(theta) * 1.001


def test_changed_model_with_the_same_fingerprint_is_refused(tmp_path):
    problem = GaussianProblem(ndim=3)
    settings = toy_run(tmp_path).sampling
    EnsembleRun(problem, tmp_path, 0, settings).extend(20)
    changed = Drifted(ndim=3)
    changed.fingerprint = problem.fingerprint
    with pytest.raises(CrtuneError, match=r"the model has changed.*walker 0.*--fresh"):
        EnsembleRun(changed, tmp_path, 0, settings).extend(40)


def test_fewer_ensembles_than_files(uninterrupted):
    with pytest.raises(CrtuneError, match=r"ensemble_01.h5.*raise it to at least 2"):
        toy_run(uninterrupted, ensembles=1).execute(progress=False)


def test_fresh_sets_results_aside(tmp_path):
    folder = tmp_path / "run"
    toy_run(folder, max_steps=20, min_steps=20).execute(progress=False)
    aside = set_aside(folder, 2)
    assert sorted(p.name for p in aside.iterdir()) == [
        "convergence.json",
        "ensemble_00.h5",
        "ensemble_01.h5",
    ]
    assert set_aside(folder, 2) is None


# -- two at once, and workers that fail ------------------------------------------------------------


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
        if not taken and read_progress(ensemble_path(tmp_path, 0))[0]:
            lock.write_text('{"token": "thief", "host": "node3", "pid": 5}')
            taken.append(read_progress(ensemble_path(tmp_path, 0))[0])

    with pytest.raises(CrtuneError, match=r"no longer holds the lock.*node3"):
        EnsembleRun(run.build(), tmp_path, 0, run.sampling).extend(200, tick=steal)
    assert read_progress(ensemble_path(tmp_path, 0))[0] == taken[0]


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


# -- starting points ------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["prior", "optimum"])
def test_start_is_finite_and_spread(strategy):
    problem = BananaProblem(ndim=4, bend=0.5)
    coords, columns = starting_points(problem, 20, strategy, np.random.default_rng(1))
    assert coords.shape == (20, 4)
    assert np.isfinite(columns).all()
    np.testing.assert_array_equal(columns, problem.log_prob(coords))
    assert np.linalg.matrix_rank(coords - coords.mean(axis=0)) == 4
    if strategy == "optimum":
        best = problem.log_prob(np.array([[0.0, -0.5, 0.0, -0.5]]))[0, 0]
        assert (columns[:, 0] > best - 25).all()


class HalfImpossible(GaussianProblem):
    """-inf for x0 < `edge`, by the likelihood rather than the prior."""

    def __init__(self, edge, **options):
        self.edge = edge
        super().__init__(**options)

    def log_likelihood(self, theta):
        return np.where(theta[:, :1] < self.edge, -np.inf, super().log_likelihood(theta))


@pytest.mark.parametrize("strategy", ["prior", "optimum"])
def test_start_avoids_impossible_points(strategy):
    problem = HalfImpossible(0.0, ndim=2)
    coords, columns = starting_points(problem, 30, strategy, np.random.default_rng(1))
    assert np.isfinite(columns).all()
    assert (coords[:, 0] >= 0).all()


@pytest.mark.parametrize("strategy", ["prior", "optimum"])
def test_no_possible_start(strategy):
    with pytest.raises(CrtuneError, match=r"sampling\.start.*finite"):
        starting_points(HalfImpossible(1e9, ndim=2), 8, strategy, np.random.default_rng(1))


# -- rounds ---------------------------------------------------------------------------------------


def test_targets_are_the_same_however_a_run_was_interrupted():
    sampling = toy_run("x", min_steps=1000, max_steps=5000, checkpoint_steps=100).sampling
    whole = list(targets(sampling, 0))
    assert whole == [1000, 1300, 1700, 2200, 2800, 3500, 4400, 5000]
    for done in (1, 999, 1000, 1001, 2200, 4999, 5000):
        rest = list(targets(sampling, done))
        assert rest == [t for t in whole if t >= done]
    assert list(targets(sampling, 9000)) == [9000]


def test_stop_request_only_in_the_main_thread():
    from pipeline.interrupt import StopRequest

    seen = []

    def use():
        with StopRequest() as stop:
            seen.append(stop())

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert seen == [False]
