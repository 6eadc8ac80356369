"""Derivatives of predictions with respect to parameters, by central differences with a check.

The convention, used by every local measure of tuning: with respect to ln(theta) for quantities,
and with respect to theta itself for *exponents* (slopes of spectra, profiles and laws). An exponent
is a logarithmic derivative already, and theta d/dtheta of one depends on a choice of variable: the
same injection has slope 4.3 in p and 2.3 in E. Which they are is declared with each parameter.

Steps are a share of the standard deviation of the prior, and every derivative is made at two of
them: their difference, three times the truncation error of the finer one where the prediction is
smooth, shows up wherever it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from transport.parameters import Parameter

STEP = 0.01
"""Coarse step in prior standard deviations; the fine one is half of it. Truncation is below 1e-4
of a derivative for curvatures of order 1, and the fast-mode kernel is as smooth as that. Longer
steps cross more of the corners that scenarios with a cutoff have."""

_ROWS = 4000
_QUANTILES = (np.arange(2000) + 0.5) / 2000


def prior_sd(problem) -> np.ndarray:
    """(ndim,) standard deviation of each coordinate under the prior without its constraints."""
    cube = np.repeat(_QUANTILES[:, None], problem.ndim, axis=1)
    return problem.prior_transform(cube).std(axis=0)


def per_logarithm(parameters: Sequence[Parameter], theta: np.ndarray) -> np.ndarray:
    """(n, ndim) d coordinate / d ln(value), or d coordinate / d value of exponents.

    What turns derivatives by coordinates theta (n, ndim) into those of the convention.
    """
    theta = np.atleast_2d(theta)
    columns = [
        np.full(len(theta), 1.0 / np.log(10.0)) if p.scale == "log10"
        else np.ones(len(theta)) if p.is_exponent
        else column
        for p, column in zip(parameters, theta.T, strict=True)
    ]  # fmt: skip
    return np.stack(columns, axis=1)


def central_differences(
    function: Callable[[dict[str, np.ndarray]], np.ndarray],
    problem,
    theta: np.ndarray,
    columns: Sequence[int],
    step: float = STEP,
) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives by coordinates, of half a step and of a whole one.

    Parameters
    ----------
    function : values by name, each (rows,), to what is differentiated, (rows, n_out)
    problem : gives `values`, `prior_transform`, `ndim`
    theta : (n, ndim)
    columns : the coordinates to differentiate by, n_columns of them
    step : in prior standard deviations. Nearer to an end of the prior's support than that, the
        derivative is taken a step away from it

    Returns
    -------
    fine, coarse : (n, n_columns, n_out); NaN where the function is
    """
    theta = np.atleast_2d(theta)
    width = step * prior_sd(problem)
    ends = problem.prior_transform(np.repeat([[0.0], [1.0]], problem.ndim, axis=1))
    centre = np.clip(theta, ends[0] + width, ends[1] - width)
    shifts = np.array([0.5, -0.5, 1.0, -1.0])
    # only the coordinate that is stepped is moved away from an end
    points = np.tile(theta[:, None, None, :], (1, len(columns), len(shifts), 1))
    for k, i in enumerate(columns):
        points[:, k, :, i] = centre[:, i, None] + shifts * width[i]
    rows = points.reshape(-1, theta.shape[1])
    pieces = [
        function(problem.values(rows[start : start + _ROWS]))
        for start in range(0, len(rows), _ROWS)
    ]
    out = np.concatenate(pieces).reshape(*points.shape[:3], -1)
    by = width[list(columns)][:, None]
    return (out[:, :, 0] - out[:, :, 1]) / by, (out[:, :, 2] - out[:, :, 3]) / (2.0 * by)
