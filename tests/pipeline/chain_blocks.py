"""Chain files of random blocks."""

import numpy as np

from pipeline.chains.layout import ChainHeader
from pipeline.chains.writer import ChainWriter, Snapshot

WALKERS, NDIM = 6, 2


def make_header(**changes):
    fields = {
        "names": ("a", "log10_b"),
        "physical_names": ("a", "b"),
        "units": ("", "pc"),
        "labels": ("$a$", r"$\log_{10} b$"),
        "blob_names": ("log_prior", "log_likelihood_one"),
        "nwalkers": WALKERS,
        "config": "x = 1\n" * 20_000,  # longer than an HDF5 attribute may be
        "fingerprint": {"data": "1234"},
        "seed": 5,
    }
    return ChainHeader(**{**fields, **changes})


def block(rng, n):
    shape = (n, WALKERS)
    return rng.normal(size=(*shape, NDIM)), rng.normal(size=shape), rng.normal(size=(*shape, 2))


def make_writer(path, rng, capacity=10):
    coords, log_prob, blobs = (rows[0] for rows in block(rng, 1))
    state = Snapshot(coords, log_prob, blobs, np.random.RandomState(3).get_state())
    return ChainWriter.create(path, make_header(), state, capacity), state


def same_state(first, second):
    return first[0] == second[0] and all(
        np.array_equal(a, b) for a, b in zip(first[1:], second[1:], strict=True)
    )


WRITER = """
import sys
from pathlib import Path
import numpy as np
sys.path.insert(0, {root!r})
from pipeline.chains.writer import ChainWriter
from tests.pipeline.chain_blocks import NDIM, WALKERS, make_writer
rng = np.random.default_rng(1)
path = Path(sys.argv[1])
if path.exists():
    writer = ChainWriter(path)
else:
    writer, _ = make_writer(path, rng)
random = np.random.RandomState(0)
print("ready", flush=True)
while True:
    n = writer.iteration
    steps = np.arange(n, n + 5.0)
    chain = np.broadcast_to(steps[:, None, None], (5, WALKERS, NDIM))
    log_prob = chain[..., 0]
    random.seed(n + 5)
    blobs = np.stack([log_prob] * 2, -1)
    writer.append(chain, log_prob, blobs, np.ones(WALKERS), random.get_state())
"""
