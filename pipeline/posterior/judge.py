"""The verdict on the ensembles in a run's folder: the stored one while it holds, or a new one.

What is judged, and how: `pipeline.posterior.convergence`.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from pipeline.chains.ensembles import ensemble_files, long_enough
from pipeline.chains.files import read_header
from pipeline.chains.reader import read_chain, read_journal, read_progress
from pipeline.posterior.convergence import DEFAULT_RULES, assess
from pipeline.posterior.verdict import Verdict
from transport.errors import CrtuneError

_MAX_STORED = 4096  # stored steps per ensemble that a verdict is made from


def current_verdict(folder: str | Path) -> Verdict:
    """The stored verdict if it is about the steps that are there, or a new one."""
    folder = Path(folder)
    try:
        stored = Verdict.load(folder)
    except (ValueError, TypeError, OSError):  # none yet, or of another version
        return assess_run(folder)
    paths = ensemble_files(folder)
    steps = {read_progress(path)[0] * stored.thin for path in paths}
    same = steps == {stored.steps} and stored.ensembles == len(paths)
    return stored if same else assess_run(folder, stored)


def assess_run(
    folder: str | Path, rules=None, stop_step: int | None = None, most: int = _MAX_STORED
) -> Verdict:
    """Judge the ensembles in a run's folder.

    Parameters
    ----------
    rules : with min_n_tau, max_rhat and min_effective_draws, e.g. an earlier verdict; default
        those of the config that is stored with the chains
    stop_step : sampler steps to look at, default as many as all ensembles have
    most : stored steps to read of each ensemble; longer chains are thinned

    Raises
    ------
    CrtuneError: no chains, damaged
    """
    paths = ensemble_files(folder)
    if not paths:
        raise CrtuneError(f"{folder}: holds no chains")
    header = read_header(paths[0])
    rules = rules or _stored_rules(header.config)
    used, remarks = long_enough(paths)
    expected = _stored_ensembles(header.config)
    if len(paths) < expected:
        remarks.append(f"only {len(paths)} of {expected} ensembles have begun")
    progress = [read_progress(path) for path in used]
    stored = min(iteration for iteration, _ in progress)
    if stop_step is not None:
        stored = min(stored, stop_step // header.thin)
    every = max(1, -(-stored // most))
    first = (stored - 1) % every if stored else 0  # so that the last step is among those read
    parts = [read_chain(path, first, stored, every) for path in used]
    verdict = assess(
        np.stack([part.chain for part in parts]),
        np.stack([part.log_prob for part in parts]),
        header.names,
        thin=header.thin * every,
        min_n_tau=rules.min_n_tau,
        max_rhat=rules.max_rhat,
        min_effective_draws=rules.min_effective_draws,
        acceptance=np.mean([rate for _, rate in progress]),
    )
    reasons = (*remarks, *verdict.reasons)
    steps = stored * header.thin
    facts = {"reasons": reasons, "steps": steps, "thin": header.thin, **_cost(used, stored)}
    return replace(verdict, converged=not reasons, **facts)


def _cost(paths, stored: int) -> dict:
    """What chains of so many stored steps have cost, by the names of a `Verdict`."""
    warm_ups = [read_header(path).warm_up for path in paths]
    records = [row for path in paths for row in read_journal(path) if row["stop"] <= stored]
    return {
        "evaluations": sum(int(row["evaluations"]) for row in records),
        "evaluations_warm_up": sum(int(warm.get("evaluations", 0)) for warm in warm_ups),
        "cpu_seconds": sum(float(row["cpu_seconds"]) for row in records)
        + sum(warm.get("cpu_seconds", 0.0) for warm in warm_ups),
        "wall_seconds": sum(float(row["seconds"]) for row in records)
        + sum(warm.get("seconds", 0.0) for warm in warm_ups),
    }


def _stored_config(text: str) -> dict:
    try:
        return tomllib.loads(text)
    except ValueError:
        return {}


def _stored_rules(text: str):
    rules = _stored_config(text).get("convergence", {})
    return SimpleNamespace(**{**DEFAULT_RULES.model_dump(), **rules})


def _stored_ensembles(text: str) -> int:
    return int(_stored_config(text).get("sampling", {}).get("ensembles", 1))
