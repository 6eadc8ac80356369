"""Posteriors of prior draws, and what is written on a figure of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.text import Text

from pipeline.config.load import config_from_toml
from pipeline.from_config import build_problem
from pipeline.posterior.convergence import assess
from pipeline.posterior.load import Posterior

CONFIG = """
scenario = "{scenario}"
[data.ams02_proton_2015]
rigidity_min = 10.0
[data.ams02_bc_2016]
rigidity_min = 3.0
[data.voyager1_proton]
rigidity_min = 0.3
[data.voyager1_bc]
rigidity_min = 0.3
[sampling]
ensembles = 2
walkers = 36
min_steps = 20
max_steps = 20
checkpoint_steps = 20
workers = 1
"""


def make_problem(scenario, more=""):
    return build_problem(config_from_toml(f"{more}\n{CONFIG.format(scenario=scenario)}"))


def fake_posterior(problem, steps=40, walkers=16, converged=True, seed=0):
    """Two ensembles of prior draws, with the verdict asked for."""
    rng = np.random.default_rng(seed)
    chain = problem.sample_prior(2 * steps * walkers, rng).reshape(2, steps, walkers, -1)
    log_prob = problem.log_prior(chain.reshape(-1, problem.ndim)).reshape(chain.shape[:-1])
    verdict = assess(chain, log_prob, problem.names)
    if converged:
        verdict = replace(verdict, converged=True, reasons=())
    return Posterior(
        chain=chain,
        log_prob=log_prob,
        blobs={"log_prior": log_prob},
        names=problem.names,
        labels=problem.labels,
        physical_names=tuple(p.name for p in problem.parameters),
        units=tuple(p.unit for p in problem.parameters),
        verdict=verdict,
        provenance={},
    )


def texts(figure):
    """All text of a figure, legends and suptitle with it."""
    return [text.get_text() for text in figure.findobj(Text)]


def with_gid(figure, gid):
    return [t.get_text() for t in figure.findobj(lambda a: a.get_gid() == gid)]


def overlaps(figure, a, b):
    renderer = figure.canvas.get_renderer()
    return a.get_window_extent(renderer).overlaps(b.get_window_extent(renderer))
