#!/usr/bin/env python
"""Moves at length: the variance that they return, and effective draws per evaluation.

    python tests/moves_benchmark.py --steps 20000

Variance: sampled over true, on a Gaussian with rho = 0.9 and on a banana, in 2, 5, 10 and 15
dimensions. Efficiency: effective draws of the slowest parameter per evaluation of the model, where
a proposal outside the prior counts for nothing, also on a posterior like the project's: curved
constraints of sampled width in a box, 18 parameters.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import emcee
import numpy as np
from emcee.moves import DEMove, StretchMove

from pipeline.posterior.convergence import integrated_time
from pipeline.sampling.moves import default_moves
from tests.pipeline.sampling.test_moves import variance_ratios
from tests.toy_problems import BananaProblem, GaussianProblem


def half_length(problem):
    """The default with half as long steps."""
    return [(DEMove(gamma0=1.19 / np.sqrt(2 * problem.ndim)), 0.9), (DEMove(gamma0=1.0), 0.1)]


MIXES = {
    "default": lambda problem: default_moves(),
    "half length": half_length,
    "stretch": lambda problem: StretchMove(),
}


class Funnels:
    """15 parameters in the unit box, 7 curved combinations of them known to an accuracy that is
    itself sampled, in 3 groups: what model discrepancy makes of a posterior."""

    ndim = 18

    def __init__(self):
        rng = np.random.default_rng(3)
        self.lower, self.upper = (
            np.r_[np.zeros(15), -2 * np.ones(3)],
            np.r_[np.ones(15), np.zeros(3)],
        )
        self.centre = rng.uniform(0.3, 0.7, size=15)
        self.groups = []
        for count in (3, 3, 1):
            linear = 0.7 * rng.normal(size=(count, 15))
            square = 0.15 * rng.normal(size=(count, 15))
            data = linear @ self.centre + square @ self.centre**2 + 0.1 * rng.normal(size=count)
            self.groups.append((linear, square, data))

    def prior_transform(self, u):
        return self.lower + u * (self.upper - self.lower)

    def log_prob(self, theta):
        x, total = theta[:, :15], np.zeros(len(theta))
        for group, (linear, square, data) in enumerate(self.groups):
            variance = 10.0 ** (2 * theta[:, 15 + group]) + 0.06**2
            residual = x @ linear.T + x**2 @ square.T - data
            total -= 0.5 * np.sum(residual**2, axis=1) / variance
            total -= 0.5 * len(data) * np.log(variance)
        inside = np.all((theta >= self.lower) & (theta <= self.upper), axis=1)
        return np.where(inside, total, -np.inf)[:, None]

    def sample_posterior(self, n, rng):
        spread = np.r_[np.full(15, 0.05), np.full(3, 0.2)]
        return np.r_[self.centre, -np.ones(3)] + spread * rng.normal(size=(n, 18))


def longest_time(problem, moves, walkers: int, steps: int) -> tuple[float, float]:
    """tau of the slowest parameter in steps, and the share of proposals inside the prior."""
    inside = []

    def log_prob(x):
        values = problem.log_prob(x)[:, 0]
        inside.append(np.isfinite(values).mean())
        return values

    start = problem.sample_posterior(walkers, np.random.default_rng(1))
    sampler = emcee.EnsembleSampler(walkers, problem.ndim, log_prob, moves=moves, vectorize=True)
    state = emcee.State(start, random_state=np.random.RandomState(1).get_state())
    sampler.run_mcmc(state, steps + steps // 5)
    chain = sampler.get_chain(discard=steps // 5)
    tau = max(integrated_time(chain[..., i]) for i in range(problem.ndim))
    return tau, float(np.mean(inside))


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--steps", type=int, default=20_000)
    steps = arguments.parse_args().steps
    print("variance, sampled / true")
    for name in ("default", "half length"):
        for kind in (GaussianProblem, BananaProblem):
            for ndim in (2, 5, 10, 15):
                problem = kind(ndim=ndim, rho=0.9 if kind is GaussianProblem else 0.0)
                moves = MIXES[name](problem)
                ratios, error = variance_ratios(problem, moves, max(16, 4 * ndim), steps, ndim)
                print(
                    f"  {name:12s} {kind.__name__:16s} {ndim:2d}-D "
                    f"{ratios.mean():.4f} +- {error:.4f}",
                    flush=True,
                )
    print("slowest tau in steps; share of proposals inside the prior; effective draws per 1000")
    problems = {
        "Gaussian 15-D": GaussianProblem(ndim=15, rho=0.9),
        "banana 18-D": BananaProblem(ndim=18, bend=0.5),
        "funnels 18-D": Funnels(),
    }
    for title, problem in problems.items():
        for name, mix in MIXES.items():
            tau, inside = longest_time(problem, mix(problem), 40, steps)
            efficiency = 1000 / (tau * inside)
            print(
                f"  {title:14s} {name:12s} {tau:6.0f} {inside:5.2f} {efficiency:6.2f}", flush=True
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
