"""Exact over approximate spectra, at the paper's fiducials and over prior draws."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from pipeline.accuracy.exact.cases import (
    CASES,
    CURVE,
    DRAWN,
    FINE,
    FIT_RANGE,
    FREE,
    OBSERVABLES,
    TABLE,
)
from priors.sets import load_prior_set
from transport.constants import LIGHT_SPEED
from transport.exact.absorb import absorb
from transport.injection import flux_per_rigidity
from transport.kinematics import beta
from transport.scenario import get_scenario

CUTOFF = 30.0
"""Protons within this factor of free escape at c count as beyond the cutoff."""


@dataclass(frozen=True)
class Ratios:
    """Exact over approximate, by (scenario, case).

    Attributes
    ----------
    fiducial : (2, n_R) protons and B/C on `CURVE`
    sampled : (n, 2, n_R) the same over prior draws
    change : largest relative change at the rigidities of `TABLE` on a grid twice as fine
    draws, prior_set : how many draws from which set
    """

    fiducial: dict[tuple[str, str], np.ndarray]
    sampled: dict[tuple[str, str], np.ndarray]
    change: dict[tuple[str, str], float]
    draws: int
    prior_set: str


def ratios(task) -> np.ndarray:
    """(2, n_R) exact over approximate protons and B/C for (scenario, case, values of one walker,
    fine); NaN beyond the cutoff of self-confinement in the approximate model."""
    name, case, values, fine = task
    scenario = get_scenario(name)
    near = scenario.spectra(values, CURVE)
    options = {"grid": FINE[name]} if fine else {}
    exact = CASES[name][case](values, CURVE, **options)
    found = np.array([getattr(exact, k)[0] / getattr(near, k)[0] for k in OBSERVABLES])
    source = scenario.source(scenario.to_cgs(values), CURVE)[0]
    free = flux_per_rigidity(source / LIGHT_SPEED, CURVE, LIGHT_SPEED * beta(CURVE))
    found[:, near.proton[0] < CUTOFF * free] = np.nan
    return found


def measure(draws: int, seed: int, prior_set: str, workers: int) -> Ratios:
    """All ratios, in parallel processes.

    Parameters
    ----------
    draws, seed, prior_set : prior draws a scenario, for the cases in `DRAWN`
    workers : processes
    """
    tasks = _tasks(draws, seed, prior_set)
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        done = pool.imap(ratios, tasks, chunksize=4)
        results = iter(list(tqdm(done, total=len(tasks), unit="solution")))
    fiducial, sampled, change = {}, {}, {}
    in_table = np.isin(CURVE, TABLE)
    for key in ((name, case) for name, cases in CASES.items() for case in cases):
        fiducial[key], fine = next(results), next(results)
        change[key] = np.nanmax(np.abs(fiducial[key] / fine - 1.0)[:, in_table])
        if key[1] in DRAWN:
            sampled[key] = np.array([next(results) for _ in range(draws)])
    return Ratios(fiducial, sampled, change, draws, prior_set)


def _tasks(draws, seed, prior_set):
    """For every case the fiducials on both grids, then the draws."""
    tasks = []
    for name, cases in CASES.items():
        scenario = get_scenario(name)
        prior = load_prior_set(prior_set).prior(scenario)
        values = prior.values(prior.sample(draws, np.random.default_rng(seed)))
        walkers = [{k: x[i : i + 1] for k, x in values.items()} for i in range(draws)]
        for case in cases:
            tasks += [(name, case, scenario.fiducial(), fine) for fine in (False, True)]
            if case in DRAWN:
                tasks += [(name, case, walker, False) for walker in walkers]
    return tasks


def fits():
    """What is left of the difference when the approximate model may adjust.

    Yields
    ------
    (scenario name, `transport.exact.absorb` result) for each choice of free parameters
    """
    for name, cases in CASES.items():
        scenario = get_scenario(name)
        values, r = scenario.fiducial(), np.geomspace(*FIT_RANGE[name], 31)
        exact = next(iter(cases.values()))(values, r)
        for free in FREE[name]:
            yield name, absorb(scenario, values, exact, free)
