"""Widths of ln L against the curvature of the likelihood itself, and the default length's claim."""

import numpy as np
import pytest

from likelihoods.covariance import CovarianceOptions
from likelihoods.discrepancy_groups import DiscrepancyOptions
from likelihoods.joint import JointLikelihood
from likelihoods.reading import read_measurement
from likelihoods.widths import log_derivatives, parameter_widths, shapes, width
from tests.likelihoods.toy_scenario import CurvedPowerLaw

PROTONS = read_measurement("ams02_proton_2015", rigidity_min=10.0)
BC = read_measurement("ams02_bc_2016")


def test_independent_points_average():
    options = CovarianceOptions(mode="diagonal")
    relative = PROTONS.error_plus / PROTONS.value
    expected = np.sum(relative**-2.0) ** -0.5
    assert width(PROTONS, shapes(PROTONS)["scale"], options) == pytest.approx(expected)


def test_derivatives_of_a_power_law():
    likelihood = JointLikelihood(CurvedPowerLaw(), {"p": PROTONS})
    derivatives = log_derivatives(likelihood, likelihood.fiducial(phi_ams02_2011_2013=0.0))
    np.testing.assert_allclose(derivatives["norm"], np.log(10.0), rtol=1e-6)
    # d ln J / d slope = -ln(R / 10 GV), averaged over the bin.
    np.testing.assert_allclose(
        derivatives["slope"], -np.log(PROTONS.rigidity_centre / 10), atol=0.04
    )
    np.testing.assert_allclose(derivatives["delta"], 0.0, atol=1e-9)


@pytest.mark.parametrize("amplitude", [0.0, 0.1])
def test_width_is_the_curvature_of_the_likelihood(amplitude):
    """On mock data without noise, ln L falls by 1/2 one width away from the truth."""
    discrepancy = DiscrepancyOptions(enabled=amplitude > 0)
    datasets = {"p": PROTONS, "r": BC}
    likelihood = JointLikelihood(CurvedPowerLaw(), datasets, discrepancy=discrepancy)
    truth = likelihood.fiducial()
    predicted = likelihood.predict(truth)
    silent = {n: m.with_values(predicted[n][0], predicted[n][0]) for n, m in datasets.items()}
    likelihood = JointLikelihood(CurvedPowerLaw(), silent, discrepancy=discrepancy)
    widths = parameter_widths(likelihood, log_derivatives(likelihood, truth), amplitude)
    step = 0.2 * widths["slope"]
    moved = {k: np.repeat(v, 3) for k, v in truth.items()}
    moved["slope"] = truth["slope"] + step * np.array([-1, 0, 1])
    log_likelihood = likelihood.log_likelihood(moved).sum(axis=1)
    curvature = -(log_likelihood[0] - 2 * log_likelihood[1] + log_likelihood[2]) / step**2
    assert curvature**-0.5 == pytest.approx(widths["slope"], rel=0.01)


@pytest.mark.parametrize("measurement", [PROTONS, BC], ids=lambda m: m.name)
@pytest.mark.parametrize("shape", ["scale", "tilt", "bump"])
def test_default_length_claims_little(measurement, shape):
    """docs/covariance.md: at 0.3 decades ln L is within 30% of its widest over the scan."""
    pattern = shapes(measurement)[shape]
    scan = [
        width(measurement, pattern, CovarianceOptions(correlation_length=length))
        for length in (0.03, 0.1, 0.3, 1.0, 3.0)
    ]
    default = width(measurement, pattern, CovarianceOptions())
    assert default == scan[2]
    assert default > 0.7 * max(scan)
    assert default > 1.4 * width(measurement, pattern, CovarianceOptions(mode="diagonal"))
