"""Every kind of stored file, and what a result takes from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from pipeline.chains.files import open_chain
from pipeline.chains.reader import read_chain
from pipeline.posterior.judge import current_verdict
from pipeline.posterior.load import load_run
from pipeline.sampling.ensemble import EnsembleRun
from pipeline.tuning.estimators.checkpoint import Checkpoint
from pipeline.tuning.study import store
from tests.pipeline.toy_run import toy_run
from tests.reliability.writers import Result
from transport.errors import CrtuneError


def stored_files(folder: Path) -> dict[str, tuple[Path, Callable]]:
    """Files by kind, each with a function that reads what results rest on, comparable by ``==``."""
    run = folder / "run"
    rules = (
        "[sampling]\nensembles = 2\n"
        "[convergence]\nmin_n_tau = 1e9\nmax_rhat = 1.01\nmin_effective_draws = 0.0\n"
    )
    toy = replace(toy_run(run, min_steps=60, max_steps=60), config_text=rules)
    toy.execute(progress=False, notify=lambda text: None)
    warm_up = _warm_up(folder / "warming up")
    result = folder / "result.h5"
    store.save(result, Result(np.arange(300.0), 7), "key")
    kept = Checkpoint(folder / "nested.hdf5")
    kept.live.write_bytes(np.arange(2000).tobytes())
    kept.keep()
    return {
        "chain": (run / "ensemble_00.h5", lambda: _chain(run)),
        "warm-up": (warm_up, lambda: _rows(warm_up)),
        "verdict": (run / "convergence.json", lambda: _verdict(run)),
        "result of the study": (result, lambda: _result(result)),
        "nested checkpoint": (kept.path, lambda: _checkpoint(kept.path)),
    }


def _chain(run):
    """Everything that is made of a run, and what the next step depends on."""
    found = load_run(run)
    return found.provenance, found.chain.tobytes(), _rows(run / "ensemble_00.h5")


def _rows(path):
    chain = read_chain(path)
    rows = (chain.chain, chain.log_prob, chain.blobs, chain.accepted)
    with open_chain(path) as file:
        record = file.records()[-1].tobytes()
        parts = [file.part(name).tobytes() for name in file.places.own_parts]
    return chain.header, [r.tobytes() for r in rows], record, parts


def _warm_up(folder):
    """A warm-up that was interrupted: its chain is thrown away once it has ended."""
    toy = toy_run(folder, warm_up=400)
    folder.mkdir()
    steps = iter(range(60))
    run = EnsembleRun(toy.build(), folder, 0, toy.sampling, "")
    run.extend(200, stop=lambda: next(steps, None) is None)
    return run.warm_up_path


def _verdict(run):
    """One that is damaged is made anew from the chains."""
    return repr(asdict(current_verdict(run)))


def _result(path):
    found = store.load(path, Result)
    return found.numbers.tobytes(), found.number, store.stored_key(path)


def _checkpoint(path):
    told = []
    kept = Checkpoint(path, told.append)
    kept.restore()
    if told:
        kept.path.with_name(f"{path.name}.damaged").replace(path)
        raise CrtuneError(f"{path}: {told[0]}")
    return kept.live.read_bytes()
