"""Problems whose ln(model / data) is a chosen function of coordinates, under a real prior."""

from types import SimpleNamespace

import numpy as np

from pipeline.problem import Problem
from priors.distributions import uniform
from priors.prior import Prior
from transport.parameters import Parameter


def ratio_problem(log_ratios, ndim, widths=None, constraints=(), derived=None, distributions=None):
    """Uniform in [-1, 1]^ndim unless `distributions` say otherwise.

    Parameters
    ----------
    log_ratios : coordinates (n, ndim) -> (n, n_points)
    widths : (n_points,) in ln R, default all alike
    """
    parameters = [Parameter(f"x{i}", "", f"x_{{{i}}}", "toy", 0.0) for i in range(ndim)]
    prior = Prior(parameters, distributions or [uniform(-1, 1)] * ndim, constraints, derived)
    n_points = log_ratios(np.zeros((1, ndim))).shape[1]
    likelihood = SimpleNamespace(
        dataset_names=("toy",),
        log_ratios=lambda values: log_ratios(np.stack(list(values.values()), axis=1)),
        log_rigidity_widths=np.ones(n_points) if widths is None else np.asarray(widths, float),
    )
    return Problem(SimpleNamespace(name="toy", extension=""), likelihood, prior)
