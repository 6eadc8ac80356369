"""Share of a prior within a factor of 2 of every point, with one transport and another.

The same prior draws serve every transport, so that differences are known better than numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np

from pipeline.accuracy.full.measure import (
    converged_march,
    hydrogen_alone,
    low_energy_production,
    near_a_cutoff,
)
from pipeline.config.load import Config, with_sections
from pipeline.from_config import build_problem
from pipeline.problem import Problem
from pipeline.tuning.estimators.acceptable import LN2, plain_bits
from pipeline.tuning.estimators.criteria import log_ratios
from transport.full.effects import EFFECTS, FULL, PAPER

FACTOR = 2.0
HYDROGEN = "full, gas of neutral hydrogen alone"
FLAT = "full, production below 0.4 GeV/n as there"
CONVERGED = "full, a converged march"
NO_NUISANCES = "full, A_boron = 1 and s_boron = 0"
AS_SIMPLEST = "full, these three together"
SIMPLEST_COLD = "full, these three together, without adiabatic"
WITHOUT = "full without "


@dataclass(frozen=True)
class Share:
    """Bits, -log2 of the share, and their binomial error; NaN where fewer than 10 draws are in.

    Attributes
    ----------
    earth, voyager : of the data at Earth, and of all: (bits, error)
    change_earth : bits above those of full transport, and the error of the difference
    cut : of full transport, how many of the draws near the data at Earth have a cutoff of
        self-confinement near a point (`near_a_cutoff`), where the march is not accurate, and of
        how many; else None
    """

    earth: tuple[float, float]
    voyager: tuple[float, float]
    change_earth: tuple[float, float]
    cut: tuple[int, int] | None = None


def variants(scenario) -> dict[str, str]:
    """Transports of a scenario by label: paper, full, and full with something changed."""
    labels = dict.fromkeys((FULL, CONVERGED, NO_NUISANCES, HYDROGEN, FLAT), FULL)
    labels = {PAPER: PAPER, **labels, AS_SIMPLEST: FULL}
    cools = scenario.with_transport(FULL)._cools
    if cools:
        labels[SIMPLEST_COLD] = ",".join(e for e in EFFECTS if e != "adiabatic")
    for effect in EFFECTS:
        if effect != "adiabatic" or cools:
            rest = [e for e in EFFECTS if e != effect and (e != "adiabatic" or cools)]
            labels[WITHOUT + effect] = ",".join(rest)
    return labels


def shares(config: Config, draws: int, seed: int, only: Sequence[str] = ()) -> dict[str, Share]:
    """`Share` of a config's data, without its discrepancy, by `variants` (all, or `only` some).

    Parameters
    ----------
    draws : from its prior
    """
    config = with_sections(config, discrepancy={"enabled": False})
    whole = build_problem(with_sections(config, transport=FULL))
    theta = whole.sample_prior(draws, np.random.default_rng(seed))
    labels = variants(whole.scenario)
    near = {
        label: _near(config, transport, label, whole, theta)
        for label, transport in labels.items()
        if not only or label in (FULL, *only)
    }
    full = near[FULL][0]
    found = {label: _share(earth, everywhere, full) for label, (earth, everywhere) in near.items()}
    found[FULL] = replace(found[FULL], cut=_with_a_cutoff(whole, theta[full]))
    return found


def _with_a_cutoff(problem: Problem, theta):
    """How many of the draws have a cutoff near a point at Earth, and of how many."""
    if not len(theta):
        return 0, 0
    rigidity = problem.likelihood.rigidity
    flux = problem.likelihood.spectra(problem.values(theta)).proton
    at_earth = [m for m in problem.likelihood.datasets.values() if m.is_modulated]
    lowest = min(m.rigidity_low.min() for m in at_earth)
    highest = max(m.rigidity_high.max() for m in at_earth)
    measured = (rigidity >= lowest) & (rigidity <= highest)
    return int(near_a_cutoff(flux, rigidity)[:, measured].any(axis=1).sum()), len(theta)


def _near(config, transport, label, whole, theta):
    """Whether each draw is within the factor of the points at Earth, and of all, (n,) bool each."""
    problem = build_problem(with_sections(config, transport=transport))
    mine = theta[:, [whole.names.index(name) for name in problem.names]]
    if label in (NO_NUISANCES, AS_SIMPLEST, SIMPLEST_COLD):
        for name, value in (("log10_A_boron", 0.0), ("s_boron", 0.0)):
            mine[:, problem.names.index(name)] = value
    with ExitStack() as changes:
        if label == CONVERGED:
            changes.enter_context(converged_march())
        if label in (HYDROGEN, AS_SIMPLEST, SIMPLEST_COLD):
            changes.enter_context(hydrogen_alone())
        if label in (FLAT, AS_SIMPLEST, SIMPLEST_COLD):
            changes.enter_context(low_energy_production(0.4, None))
        distance = np.abs(log_ratios(problem, mine))
    inside = distance <= np.log(FACTOR)
    return inside[:, _at_earth(problem)].all(axis=1), inside.all(axis=1)


def _at_earth(problem: Problem):
    """(n_points,) bool of the points of a problem's data sets, in their order."""
    return np.concatenate(
        [np.full(m.n_bins, m.is_modulated) for m in problem.likelihood.datasets.values()]
    )


def _share(earth, everywhere, full):
    bits = [_bits(inside) for inside in (earth, everywhere)]
    gained, lost = np.sum(earth & ~full), np.sum(full & ~earth)
    change, error = np.nan, np.nan
    if min(earth.sum(), full.sum()) >= 10:
        change = np.log2(full.sum() / earth.sum())
        error = np.sqrt(gained + lost) / np.sqrt(earth.sum() * full.sum()) / LN2
    return Share(*bits, (float(change), float(error)))


def _bits(inside):
    bits, error = plain_bits(np.where(inside, 0.0, 1.0), np.array([0.5]))
    return float(bits[0]), float(error[0])
