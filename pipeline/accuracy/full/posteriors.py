"""The numerical error of the march in real posteriors: at data points, in ln L and in ln Z."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.accuracy.full.measure import converged_march
from pipeline.config.load import Config
from pipeline.tuning.estimators.criteria import log_ratios
from pipeline.tuning.study.cases import cases_of
from pipeline.tuning.study.plan import settings_of
from pipeline.tuning.study.posterior_runs import posterior_run
from transport.full.effects import FULL


@dataclass(frozen=True)
class Consequence:
    """Of a posterior's draws, the march as it is against a converged one.

    Attributes
    ----------
    range : data at Earth, or with Voyager
    at_points : relative error of predictions of the data points, 99% and all of them
    sd : standard deviation of the difference of ln L, nats
    most : 95% and all of its absolute values
    log_z : by how much ln Z of a converged march is higher, from the draws' weights
    """

    range: str
    at_points: tuple[float, float]
    sd: float
    most: tuple[float, float]
    log_z: float


def consequences(config: Config, draws: int, seed: int) -> Iterator[Consequence]:
    """For the plain posteriors of protons and B/C with full transport; the study's where stored.

    Raises
    ------
    CrtuneError: as `posterior_run`
    """
    how = settings_of(config.name).bridged
    for case in cases_of(config, selections=["both"], transports=[FULL]):
        theta = posterior_run(case, 1, how).draws(draws, np.random.default_rng(seed))
        problem = case.problem()
        log_l, points = problem.log_likelihood(theta), log_ratios(problem, theta)
        with converged_march():
            error = log_l - problem.log_likelihood(theta)
            at_points = np.abs(points - log_ratios(problem, theta))
        yield Consequence(
            range=case.range,
            at_points=tuple(map(float, np.quantile(at_points, (0.99, 1.0)))),
            sd=float(error.std()),
            most=tuple(map(float, np.quantile(np.abs(error), (0.95, 1.0)))),
            log_z=float(np.log(np.mean(np.exp(-error)))),
        )
