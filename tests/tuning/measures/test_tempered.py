"""Cost against the precision of the data."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.tuning.measures.information import weighted_information
from pipeline.tuning.measures.tempered import LEAST_POINTS, tempered_curve
from priors.distributions import normal, uniform
from tests.tuning.toys import gaussian_log_likelihood, nested_points, toy_problem


def within_errors(curve, name, exact):
    """4 of its own errors at each of some 20 correlated points."""
    off = getattr(curve, name) - exact
    assert np.all(np.abs(off) < 4 * getattr(curve, f"{name}_error") + 1e-9), name


def slope(curve):
    """d D_KL / d ln beta by second differences."""
    return np.gradient(curve.cost, np.log(curve.beta), edge_order=2)


@pytest.mark.parametrize("ndim", [2, 5, 10])
def test_gaussian_in_a_box_while_it_fits(ndim):
    """exp(-beta chi2 / 2) within +- 200 sd: sd / sqrt(beta) stays 6 times within the box."""
    problem = toy_problem(
        gaussian_log_likelihood(np.zeros(ndim), np.eye(ndim)), [uniform(-200.0, 200.0)] * ndim
    )
    rng = np.random.default_rng(ndim)
    scales = tuple(np.geomspace(1.15, 40.0, 10))
    run = nested_points(problem, np.zeros(ndim), np.eye(ndim), rng, 44_000, scales)
    curve = tempered_curve(run)
    log_z = 0.5 * ndim * np.log(2 * np.pi / curve.beta) - ndim * np.log(400.0)
    assert curve.effective_points.min() > LEAST_POINTS
    assert np.max(curve.cost_error) < 0.2
    within_errors(curve, "log_z", log_z)
    within_errors(curve, "cost", -0.5 * ndim - log_z)
    within_errors(curve, "dimensionality", np.full(len(curve.beta), ndim))
    assert weighted_information(run).cost == pytest.approx(curve.cost[-1], abs=1e-9)


def test_gaussian_prior_from_knowing_nothing_to_knowing_all():
    """Prior N(0, s^2) in three dimensions: posterior of beta is N(w m, v), 1/v = 1/s^2 + beta."""
    s, m, ndim = 6.0, np.array([1.0, -4.0, 2.0]), 3
    problem = toy_problem(gaussian_log_likelihood(m, np.eye(ndim)), [normal(0.0, s)] * ndim)
    rng = np.random.default_rng(1)
    run = nested_points(problem, m, np.eye(ndim), rng, 40_000, scales=(1.2, 2.5, 5.0))
    curve = tempered_curve(run)
    b = curve.beta
    v = 1.0 / (s**-2 + b)
    off = (m @ m) * (b * v - 1.0) ** 2
    log_z = -0.5 * ndim * np.log1p(b * s**2) - 0.5 * b * (m @ m) / (1 + b * s**2)
    within_errors(curve, "log_z", log_z)
    within_errors(curve, "cost", -0.5 * b * (ndim * v + off) - log_z)
    within_errors(curve, "dimensionality", 2 * b**2 * (0.5 * ndim * v**2 + v * off))


def test_cost_grows_at_half_the_dimensionality():
    """dD_KL / dln beta = d / 2 holds for the weighted points themselves, whatever they sample:
    what is left is the step of the differences, 0.15 in ln beta."""
    problem = toy_problem(
        lambda theta: -np.abs(theta[:, 0] ** 2 - theta[:, 1]) - 0.5 * theta[:, 1] ** 4,
        [uniform(-6.0, 6.0)] * 2,
    )
    run = nested_points(problem, np.zeros(2), np.eye(2), np.random.default_rng(2), 5000)
    curve = tempered_curve(run)
    np.testing.assert_allclose(slope(curve), 0.5 * curve.dimensionality, atol=0.005)
    assert np.ptp(curve.dimensionality) > 0.5


def test_too_few_points_give_no_number():
    problem = toy_problem(
        gaussian_log_likelihood(np.zeros(3), 1e-3 * np.eye(3)), [uniform(-8.0, 8.0)] * 3
    )
    run = nested_points(problem, np.zeros(3), np.eye(3), np.random.default_rng(3), 4000)
    curve = tempered_curve(run)
    few = curve.effective_points < LEAST_POINTS
    assert few[-1]
    assert not few[0]
    for name in ("log_z", "log_z_error", "cost", "cost_error", "dimensionality"):
        np.testing.assert_array_equal(np.isnan(getattr(curve, name)), few)


def test_impossible_points_are_prior_mass_without_evidence():
    """Half of the prior impossible: ln Z(beta -> 0) = ln(1/2)."""
    problem = toy_problem(lambda theta: np.zeros(len(theta)), [uniform(-1.0, 1.0)] * 2)
    run = nested_points(problem, np.zeros(2), np.eye(2), np.random.default_rng(4))
    impossible = np.where(run.theta[:, 0] < 0, -np.inf, run.log_likelihood)
    curve = tempered_curve(replace(run, log_likelihood=impossible), np.array([1e-3, 1.0]))
    np.testing.assert_allclose(curve.log_z, np.log(0.5), atol=4 * curve.log_z_error.max())
