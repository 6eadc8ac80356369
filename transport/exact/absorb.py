"""Could a fit of the approximate model hide the difference to the exact one?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from transport.scenario import Scenario, Spectra


@dataclass(frozen=True)
class Absorption:
    """The approximate model closest to the exact spectra, with some parameters free.

    Attributes
    ----------
    factors : by parameter, its value over the value that made the exact spectra
    proton, boron_to_carbon : largest |ln(exact / approximate)| that is left of each
    """

    factors: Mapping[str, float]
    proton: float
    boron_to_carbon: float


def absorb(
    scenario: Scenario,
    values: Mapping[str, np.ndarray],
    exact: Spectra,
    free: Sequence[str],
) -> Absorption:
    """Least squares in ln(protons) and ln(B/C), equal weights, over the logs of `free`.

    Parameters
    ----------
    scenario : the approximate model
    values : at which `exact` was computed, (1,) each
    exact : (1, n_R)
    free : names of positive parameters; none of them for the plain difference
    """

    def shifted(logs):
        return {**values, **{n: values[n] * np.exp(x) for n, x in zip(free, logs, strict=True)}}

    def residuals(logs):
        near = scenario.spectra(shifted(logs), exact.rigidity)
        return np.array(
            [
                np.log(exact.proton / near.proton)[0],
                np.log(exact.boron_to_carbon / near.boron_to_carbon)[0],
            ]
        )

    logs = np.zeros(len(free))
    if free:
        logs = least_squares(lambda x: residuals(x).ravel(), logs).x
    proton, boron_to_carbon = np.abs(residuals(logs)).max(axis=1)
    factors = dict(zip(free, np.exp(logs), strict=True))
    return Absorption(factors, float(proton), float(boron_to_carbon))
