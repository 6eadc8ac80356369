"""Chains of toy runs, read back and compared."""

import numpy as np

from pipeline.chains.reader import read_chain
from pipeline.sampling.ensemble import ensemble_path


def chains(folder, count=2):
    return [read_chain(ensemble_path(folder, index)) for index in range(count)]


def assert_same_chains(first, second, steps=None):
    for one, other in zip(chains(first), chains(second), strict=True):
        rows = slice(None, steps)
        np.testing.assert_array_equal(one.chain[rows], other.chain[rows])
        np.testing.assert_array_equal(one.log_prob[rows], other.log_prob[rows])
        np.testing.assert_array_equal(one.blobs[rows], other.blobs[rows])
