"""Errors of the kernel against the reference: at random states, and where a search finds more."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from tqdm import tqdm

from pipeline.accuracy.kernel.states import GROUPS, RIGIDITY_RANGE, Group
from transport.fast_modes.reference import kappa_with_error

_TOLERANCE = 5e-5
"""Of the reference."""
_CLIMB_TOLERANCE = 1e-4


class Case(NamedTuple):
    """One kappa: relative error of the kernel, state (5,) in CGS, rigidity in GV."""

    error: float
    state: np.ndarray
    rigidity: float


@dataclass(frozen=True)
class Errors:
    """What was measured for one group.

    Attributes
    ----------
    group : where the states come from
    states : (n, 5) CGS
    rigidities, errors, own : (n, 4) GV, kernel / reference - 1, the reference's own estimate
    sought : what searches from the worst of them found
    """

    group: Group
    states: np.ndarray
    rigidities: np.ndarray
    errors: np.ndarray
    own: np.ndarray
    sought: tuple[Case, ...] = ()

    @property
    def drawn(self) -> Case:
        """The worst of the random ones."""
        row, column = np.unravel_index(np.argmax(size_of(self.errors)), self.errors.shape)
        return Case(self.errors[row, column], self.states[row], self.rigidities[row, column])


def size_of(errors) -> np.ndarray:
    """|error|, infinite where the kernel gives no number."""
    return np.nan_to_num(np.abs(errors), nan=np.inf)


def reference(task) -> np.ndarray:
    """(2, n_R): kappa and its own relative error estimate for (group, state, rigidities)."""
    group, state, rigidities = task
    path = group.mean_free_path(state)
    return np.array([kappa_with_error(R, *state, path, tolerance=_TOLERANCE) for R in rigidities]).T


def kernel(task) -> np.ndarray:
    """(n_R,): kappa of the fast kernel for (group, state, rigidities)."""
    from transport.fast_modes.kernel import kappa_turb

    group, state, rigidities = task
    return kappa_turb(rigidities, *state, mean_free_path=group.mean_free_path(state))[0]


def climb(task) -> Case:
    """Raise the error from (group, unit coordinates, rigidity, evaluations).

    A Nelder-Mead search in unit coordinates, kept inside what the prior allows: random draws alone
    miss the corners of a range of five or six dimensions.
    """
    group, u, rigidity, evaluations = task
    span = np.log(RIGIDITY_RANGE[1] / RIGIDITY_RANGE[0])
    start = np.append(u, np.log(rigidity / RIGIDITY_RANGE[0]) / span)
    found = []

    def negative_size(u):
        u = np.clip(u, 0.0, 1.0)
        states, allowed = group.states_at(u[:-1])
        if not allowed[0]:
            return 0.0
        state, R = states[0], RIGIDITY_RANGE[0] * np.exp(u[-1] * span)
        path = group.mean_free_path(state)
        exact = kappa_with_error(R, *state, path, tolerance=_CLIMB_TOLERANCE)[0]
        error = kernel((group, state, [R]))[0] / exact - 1.0
        found.append(Case(error, state, R))
        return -size_of(error)

    inward = np.where(start < 0.5, 0.04, -0.04)
    simplex = np.vstack([start, start + np.diag(inward)])
    limits = {"maxfev": evaluations, "initial_simplex": simplex, "fatol": 1e-6, "xatol": 1e-3}
    minimize(negative_size, start, method="Nelder-Mead", options=limits)
    return max(found, key=lambda case: size_of(case.error))


def measure(
    count: int, seed: int, workers: int, climbs: int, evaluations: int = 100, groups=GROUPS
) -> list[Errors]:
    """Random and sought-out errors of every group.

    Parameters
    ----------
    count : states of each group, drawn from its prior
    seed : of the draws
    workers : processes
    climbs, evaluations : searches from the worst draws of each damped cascade, and their length;
        an undamped one has no scale, so that its coefficient depends on little but Ma
    """
    tasks, units = [], []
    for group in groups:
        rng = np.random.default_rng([seed, GROUPS.index(group)])
        for u in group.draw(count, rng):
            state = group.states_at(u)[0][0]
            tasks.append((group, state, group.draw_rigidities(state, rng)))
            units.append(u)
    kernel(tasks[0])  # compilation and tables, if any, before the bar starts
    fast = np.array([kernel(task) for task in tasks])
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        bar = tqdm(pool.imap(reference, tasks), total=len(tasks), desc="reference", unit="state")
        slow = np.array(list(bar))
        errors = fast / slow[:, 0] - 1.0
        starts = []
        for g, group in enumerate(groups):
            size = size_of(errors[g * count : (g + 1) * count])
            for i in np.argsort(-size.max(axis=1))[: climbs if group.damped else 0]:
                rigidity = tasks[g * count + i][2][np.argmax(size[i])]
                starts.append((group, units[g * count + i], rigidity, evaluations))
        bar = tqdm(pool.imap(climb, starts), total=len(starts), desc="climbing", unit="climb")
        tops = list(bar)
    result = []
    for g, group in enumerate(groups):
        rows = slice(g * count, (g + 1) * count)
        states, rigidities = (np.array([task[i] for task in tasks[rows]]) for i in (1, 2))
        sought = tuple(t for s, t in zip(starts, tops, strict=True) if s[0] is group)
        result.append(Errors(group, states, rigidities, errors[rows], slow[rows, 1], sought))
    return result
