"""Where the time of a log-probability goes."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from pipeline.accuracy.kernel.cost import kernel_parts, least_time
from pipeline.problem import Problem
from pipeline.sampling.target import Target
from transport.fast_modes.nested_quad import kappa_nested_quad

_WARM = ("B_warm", "n_warm", "T_warm", "Ma", "L")
QUADRATURE_RIGIDITIES = (0.3, 3.5, 41.0, 420.0, 5000.0)
"""GV: all regimes of damping."""


def log_probability_parts(problem: Problem, batch: int, repeat: int) -> dict[str, float]:
    """Seconds per walker of the log-probability and its steps, for draws from the prior.

    Beside them what the sampler does instead (`pipeline.sampling.target.Target.at`), and the steps
    of the fast-mode kernel where the scenario has a warm layer with fast modes.

    Parameters
    ----------
    batch : walkers in a call
    repeat : calls, of which the fastest counts
    """
    rng = np.random.default_rng(1)
    theta, target = problem.sample_prior(batch, rng), Target(problem)
    z = target.to_normal(theta)
    values = problem.values(theta)
    likelihood = problem.likelihood
    spectra = likelihood.spectra(values)
    predictions = likelihood.predictor.predict(spectra, values)
    calls: dict[str, Callable[[], object]] = {
        "log-probability": lambda: problem.log_prob(theta),
        "prior": lambda: problem.log_prior(theta),
        "spectra of the scenario": lambda: likelihood.spectra(values),
        "modulation and bins": lambda: likelihood.predictor.predict(spectra, values),
        "covariance": lambda: likelihood.log_likelihood_of(predictions, values),
        "a proposal, amplitudes drawn": lambda: target.at(z, rng),
    }
    parts = {name: least_time(call, repeat) / batch for name, call in calls.items()}
    names = {p.name: p for p in problem.parameters}
    if set(_WARM) <= names.keys():
        states = [names[name].to_cgs(values[name]) for name in _WARM]
        kernel = kernel_parts(likelihood.rigidity, states, repeat)
        parts["fast-mode kernel"] = kernel.pop("whole")
        parts |= {f"kernel: {name}": seconds for name, seconds in kernel.items()}
    return parts


def quadrature_time(problem: Problem) -> float | None:
    """Seconds per rigidity of nested `scipy.integrate.quad` at 1e-3, at the fiducials.

    None for scenarios without a warm layer with fast modes.
    """
    fiducial = {p.name: float(p.to_cgs(p.fiducial)) for p in problem.parameters}
    if not set(_WARM) <= fiducial.keys():
        return None
    start = time.thread_time()
    for rigidity in QUADRATURE_RIGIDITIES:
        kappa_nested_quad(rigidity, *(fiducial[name] for name in _WARM), tolerance=1e-3)
    return (time.thread_time() - start) / len(QUADRATURE_RIGIDITIES)
