"""From the solver's rigidities to those that are asked for."""

import numpy as np
from scipy.interpolate import PchipInterpolator


def in_log_log(nodes, f, rigidity):
    """ln f against ln R through the nodes, monotone where f is; (n,), (n,), (m,) -> (m,)."""
    return np.exp(PchipInterpolator(np.log(nodes), np.log(f))(np.log(rigidity)))
