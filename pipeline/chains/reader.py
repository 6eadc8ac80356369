"""Reading chains, finished or live: only what agrees with its checksum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.chains.files import ROWS, open_chain, patiently, row_shape
from pipeline.chains.layout import ChainHeader


@dataclass(frozen=True)
class Chain:
    """Stored steps of one ensemble.

    Attributes
    ----------
    header : what the file says about itself
    chain : (n, nwalkers, ndim)
    log_prob : (n, nwalkers)
    blobs : (n, nwalkers, n_blobs), columns `header.blob_names`
    accepted : (nwalkers,) accepted proposals among all steps stored
    iteration : steps stored in the file (n may be a part of them)
    """

    header: ChainHeader
    chain: np.ndarray
    log_prob: np.ndarray
    blobs: np.ndarray
    accepted: np.ndarray
    iteration: int


def read_chain(path: str | Path, start: int = 0, stop: int | None = None, step: int = 1) -> Chain:
    """Read the stored steps ``start:stop:step`` while the run may go on.

    Raises
    ------
    CrtuneError: no such file, not a chain file
    DamagedChainError: the journal, or a block among these steps, differs from its checksum
    """
    return patiently(lambda: _read_chain(path, start, stop, step))


def _read_chain(path, start, stop, step):
    with open_chain(path) as file:
        records = file.records()
        iteration = int(records[-1]["stop"])
        stop = iteration if stop is None else min(stop, iteration)
        wanted = range(min(start, stop), stop, step)
        rows = [np.empty((len(wanted), *row_shape(file.header, name))) for name in ROWS]
        done = 0
        for first, *block in file.blocks(records, wanted.start, wanted.stop):
            # steps of the block that are wanted: the next one, and every `step`-th after it
            at = range(wanted[done] - first if done < len(wanted) else len(block[0]), 1 << 62, step)
            inside = slice(at.start, min(len(block[0]), stop - first), step)
            count = len(block[1][inside])
            for kept, found in zip(rows, block, strict=True):
                kept[done : done + count] = found[inside]
            done += count
        return Chain(file.header, *rows, np.array(records[-1]["accepted"]), iteration)


def best_step(paths: Iterable[str | Path]) -> tuple[np.ndarray, float]:
    """Coordinates (ndim,) and value of the highest log-posterior of all stored steps.

    Raises
    ------
    CrtuneError: as `read_chain`
    """
    found = [patiently(lambda path=path: _best_step(path)) for path in paths]
    return max(found, key=lambda best: best[1])


def _best_step(path):
    best, highest = None, -np.inf
    with open_chain(path) as file:
        records = file.records()
        for _, chain, log_prob, *_ in file.blocks(records, 0, int(records[-1]["stop"])):
            at = np.unravel_index(np.argmax(log_prob), log_prob.shape)
            if log_prob[at] > highest:
                best, highest = chain[at].copy(), float(log_prob[at])
    return best, highest


def read_progress(path: str | Path) -> tuple[int, float]:
    """Steps stored and mean acceptance fraction (NaN before the first step).

    Raises
    ------
    CrtuneError: no such file, not a chain file
    DamagedChainError: its structure or its journal is damaged
    """
    last = patiently(lambda: _records(path))[-1]
    iteration = int(last["stop"])
    return iteration, float(last["accepted"].mean() / iteration) if iteration else float("nan")


def check_whole(path: str | Path) -> None:
    """Compare every block with its checksum, while the run may go on.

    Raises
    ------
    DamagedChainError: naming the last good step, or that there is none
    """
    patiently(lambda: _check_whole(path))


def _check_whole(path):
    with open_chain(path) as file:
        for _ in file.blocks(file.records()):
            pass


def read_journal(path: str | Path) -> np.ndarray:
    """Complete blocks, one record each: ``start``, ``stop``, unix ``time``, and their cost:
    ``evaluations`` of the model, wall ``seconds``, ``cpu_seconds``."""
    columns = ["start", "stop", "time", "evaluations", "seconds", "cpu_seconds"]
    return patiently(lambda: _records(path))[columns][1:]


def _records(path):
    with open_chain(path) as file:
        return file.records()
