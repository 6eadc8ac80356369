"""A problem whose predictions are exact power laws of its parameters, with a known covariance.

Real likelihood, real prior; only the scenario and the data are toys. Interstellar data at single
rigidities, so that nothing is interpolated, averaged or modulated: ln J is linear in the
coordinates, and the Fisher matrix has a closed form.
"""

from pathlib import Path

import numpy as np

from likelihoods.discrepancy_groups import DiscrepancyOptions
from likelihoods.joint import JointLikelihood
from likelihoods.measurement import ErrorComponent, Measurement
from pipeline.problem import Problem
from priors.distributions import log_uniform, normal
from priors.prior import Prior
from transport.parameters import Parameter
from transport.scenario import Scenario, Spectra

RIGIDITY = np.geomspace(1.0, 1000.0, 16)
STAT, SCALE = 0.03, 0.02
"""Relative errors: independent, and common to all points."""
WIDTHS = {"A": 1.0, "B": 0.5, "idle": 0.7}
"""Decades."""
SLOPE_SD = 0.1


class LinearScenario(Scenario):
    """J = A^2 B^-0.5 (R / 10 GV)^-delta, B/C = A (R / 10 GV)^-delta; `idle` does nothing."""

    name = "linear_toy"
    title = "test"
    parameters = (
        Parameter("A", "", "A", "test", 1.0, scale="log10", medium="halo"),
        Parameter("B", "", "B", "test", 1.0, scale="log10", medium="warm layer"),
        Parameter("idle", "", "C", "test", 1.0, scale="log10", medium="gas disk"),
        Parameter("delta", "", r"\delta", "test", 0.4, is_exponent=True),
    )

    def spectra(self, values, rigidity):
        v = {k: np.asarray(a, dtype=float)[:, None] for k, a in values.items()}
        power = (rigidity / 10.0) ** -v["delta"]
        proton = v["A"] ** 2 * v["B"] ** -0.5 * power
        return Spectra(rigidity, proton, proton, proton * v["A"] * power)


def measurement():
    value = (RIGIDITY / 10.0) ** -0.4
    components = tuple(
        ErrorComponent(name, role, error * value, error * value)
        for name, role, error in (("stat", "statistical", STAT), ("scale", "scale", SCALE))
    )
    return Measurement(
        "toy", "proton", "rigidity", "interstellar", None, None, RIGIDITY, value, components,
        "", "", "", Path("toy"), "toy",
    )  # fmt: skip


def linear_problem(discrepancy=False, scenario=None):
    """The problem; with `discrepancy` it has an amplitude as its last coordinate."""
    scenario = scenario or LinearScenario()
    likelihood = JointLikelihood(
        scenario, {"toy": measurement()}, discrepancy=DiscrepancyOptions(enabled=discrepancy)
    )
    distributions = [log_uniform(10.0 ** (-w / 2), 10.0 ** (w / 2)) for w in WIDTHS.values()]
    distributions += [normal(0.4, SLOPE_SD)]
    distributions += [log_uniform(1e-3, 1.0)] * len(likelihood.nuisances)
    return Problem(scenario, likelihood, Prior(likelihood.parameters, distributions))


def prior_sds():
    """Of the coordinates, exactly: width / sqrt(12), and the normal's own."""
    return np.array([w / np.sqrt(12.0) for w in WIDTHS.values()] + [SLOPE_SD])


def jacobian():
    """(n_data, 4) d ln J / d coordinate."""
    ln10, one = np.log(10.0), np.ones_like(RIGIDITY)
    return np.stack(
        [2.0 * ln10 * one, -0.5 * ln10 * one, 0.0 * one, -np.log(RIGIDITY / 10.0)], axis=1
    )


def covariance(amplitude=0.0, length=0.5):
    """(n_data, n_data) relative, with a discrepancy."""
    distance = np.subtract.outer(np.log10(RIGIDITY), np.log10(RIGIDITY)) / length
    noise = STAT**2 * np.eye(RIGIDITY.size) + SCALE**2
    return noise + amplitude**2 * np.exp(-0.5 * distance**2)
