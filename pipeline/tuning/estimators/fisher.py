"""The Fisher matrix of the data in the parameters of a model: J^T Sigma^-1 J.

Relative throughout: J is of ln(prediction) and Sigma the covariance of the data over d d^T, plus
a^2 K for a discrepancy of amplitude a, as the likelihood has them (`likelihoods.covariance`,
`likelihoods.discrepancy`), asymmetry of the errors left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag, solve_triangular

from likelihoods.covariance import factorise, relative_covariance
from likelihoods.discrepancy import process_covariance
from likelihoods.discrepancy_groups import parameter_name


@dataclass(frozen=True)
class Block:
    """Relative errors of data sets that are independent of the others.

    Attributes
    ----------
    columns : where they stand among the stacked predictions
    noise, process : (n, n) relative covariance of the data, and of the discrepancy per amplitude^2
    amplitude : name of the discrepancy's amplitude, or "" for none
    """

    columns: np.ndarray
    noise: np.ndarray
    process: np.ndarray
    amplitude: str


def fisher_matrices(
    jacobian: np.ndarray, blocks: Sequence[Block], values: Mapping[str, np.ndarray]
) -> np.ndarray:
    """J^T Sigma^-1 J of each point, (n, d, d).

    Parameters
    ----------
    jacobian : (n, d, n_data)
    blocks : covering the data
    values : by parameter name, (n,) each; the amplitudes are looked up in it
    """
    result = np.zeros((*jacobian.shape[:2], jacobian.shape[1]))
    for block in blocks:
        for k, rows in enumerate(jacobian[:, :, block.columns]):
            a = float(values[block.amplitude][k]) if block.amplitude else 0.0
            lower = factorise(block.noise + a**2 * block.process, block.amplitude or "data").lower
            white = solve_triangular(lower, rows.T, lower=True)
            result[k] += white.T @ white
    return result


def data_blocks(likelihood, discrepancy: bool = True) -> list[Block]:
    """Blocks of a `likelihoods.joint.JointLikelihood`, one per group of data sets.

    `discrepancy` False leaves the model's discrepancy out.
    """
    groups = likelihood.groups or {name: [name] for name in likelihood.dataset_names}
    sizes = [likelihood.datasets[name].n_bins for name in likelihood.dataset_names]
    ends = np.cumsum(sizes)
    place = {
        name: np.arange(end - size, end)
        for name, size, end in zip(likelihood.dataset_names, sizes, ends, strict=True)
    }
    blocks = []
    for group, members in groups.items():
        data = [likelihood.datasets[name] for name in members]
        noise = block_diag(*(relative_covariance(m, likelihood.covariance) for m in data))
        process = process_covariance(data, likelihood.discrepancy.length)
        amplitude = parameter_name(group) if likelihood.groups and discrepancy else ""
        blocks.append(Block(np.concatenate([place[n] for n in members]), noise, process, amplitude))
    return blocks


def log_predictions(likelihood, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """ln of all bin means, (n, n_data), data sets in order; NaN where impossible."""
    predictions = likelihood.predict(values)
    with np.errstate(all="ignore"):
        stacked = np.concatenate([predictions[n] for n in likelihood.dataset_names], axis=1)
        return np.log(np.where(stacked > 0, stacked, np.nan))
