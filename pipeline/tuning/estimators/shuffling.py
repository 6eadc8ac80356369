"""Draws with one part from elsewhere: what moves, the shuffled states, how well they fit."""

from __future__ import annotations

from itertools import combinations

import numpy as np

EACH = "each medium"
"""Name of the test in which every medium comes from another draw."""

_BATCH = 1000


def plan(media, columns):
    """Name of each test to the columns that move, one array for each partner they come from."""
    tests = {medium: [columns[medium]] for medium in media}
    for a, b in combinations(media, 2):
        tests[pair_name(a, b)] = [np.concatenate([columns[a], columns[b]])]
    tests[EACH] = [columns[medium] for medium in media]
    return tests


def pair_name(a, b):
    return f"{a} + {b}"


def key_of(test: str) -> str:
    """Beginning of the names of what a test of `plan` measures."""
    return "shuffle_" + test.replace(" + ", "_and_").replace(" ", "_")


def shuffle(draws, moved, shifts):
    """Draws (n_blocks, n, ndim) with columns from `shifts` rows away in the same block."""
    shuffled = draws.copy()
    for columns, shift in zip(moved, shifts, strict=False):
        shuffled[..., columns] = np.roll(draws[..., columns], shift, axis=1)
    return shuffled


def evaluate(problem, theta):
    """ln L (n_blocks, n), max |ln(model/data)| (n_datasets, n_blocks, n), names of the data sets.

    -inf and inf where impossible.
    """
    flat = theta.reshape(-1, theta.shape[-1])
    inside = np.flatnonzero(problem.log_prior(flat) > -np.inf)
    log_l, names = np.full(len(flat), -np.inf), tuple(problem.dataset_names)
    worst = np.full((len(names), len(flat)), np.inf)
    for start in range(0, len(inside), _BATCH):
        part = inside[start : start + _BATCH]
        values = problem.values(flat[part])
        predictions = problem.likelihood.predict(values)
        found = problem.likelihood.log_likelihood_of(predictions, values).sum(axis=1)
        ratios = problem.likelihood.max_abs_log_ratio_of(predictions)
        possible = np.isfinite(found)
        log_l[part] = np.where(possible, found, -np.inf)
        worst[:, part] = np.where(possible, [ratios[name] for name in names], np.inf)
    shape = theta.shape[:-1]
    return log_l.reshape(shape), worst.reshape(-1, *shape), names


def quantile_reached(deviations, posterior):
    """Share of the posterior that fits each data set no worse, largest over the data sets."""
    reached = [
        np.searchsorted(np.sort(own, axis=None), deviation, side="right") / own.size
        for deviation, own in zip(deviations, posterior, strict=True)
    ]
    return np.where(np.isfinite(deviations).all(axis=0), np.max(reached, axis=0), np.inf)
