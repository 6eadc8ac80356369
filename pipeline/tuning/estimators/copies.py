"""Copies that Markov chains leave among states, which count as one."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def families(states: np.ndarray) -> np.ndarray:
    """Of every state a number that it shares with its copies alone, (n,).

    Two states are copies if any coordinate of theirs is the same double.

    Parameters
    ----------
    states : (n, ndim)
    """
    n = len(states)
    links = []
    for column in states.T:
        order = np.argsort(column, kind="stable")
        same = np.flatnonzero(np.diff(column[order]) == 0.0)
        links.append(np.stack([order[same], order[same + 1]]))
    i, j = np.concatenate(links, axis=1)
    return connected_components(coo_array((np.ones(i.size), (i, j)), shape=(n, n)), False)[1]
