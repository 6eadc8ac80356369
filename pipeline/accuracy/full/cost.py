"""What full transport costs a walker above the paper's."""

from __future__ import annotations

import numpy as np

from pipeline.accuracy.kernel.cost import least_time
from pipeline.config.load import Config, with_sections
from pipeline.from_config import build_problem


def transport_cost(config: Config, batch: int, repeat: int) -> dict[str, float]:
    """Seconds of processor time a walker for the spectra on the grid of a run's data, by transport.

    Parameters
    ----------
    batch : walkers in a call, drawn from the prior
    repeat : calls, of which the fastest counts
    """
    found = {}
    for transport in ("paper", "full"):
        problem = build_problem(with_sections(config, transport=transport))
        values = problem.values(problem.sample_prior(batch, np.random.default_rng(1)))
        likelihood = problem.likelihood
        likelihood.spectra(values)  # compiled now
        found[transport] = least_time(lambda: likelihood.spectra(values), repeat) / batch  # noqa: B023
    return found
