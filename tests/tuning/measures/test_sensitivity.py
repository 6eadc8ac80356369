"""Barbieri-Giudice: O = theta^p has sensitivity p, whatever the step and the point."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.problem import Problem
from pipeline.tuning.measures.sensitivity import Sensitivity, sensitivity
from pipeline.tuning.study import store
from priors.sets import load_prior_set
from tests.tuning.linear_toy import linear_problem
from transport.observables import DELTA, PROTON_SLOPE, Observed
from transport.scenario import get_scenario

DRAWS = linear_problem().sample_prior(40, np.random.default_rng(5))


def powers(scenario, values):
    """theta^p for p = 3 and -0.5, a product, a slope linear in ln(theta), and one undefined."""
    a, b, delta = values["A"], values["B"], values["delta"]
    columns = [a**3, b**-0.5, a * b**2 * np.exp(-5.0 * delta), 0.7 * np.log(a) + 2.0 * delta]
    columns.append(np.where(a > 1.0, a**2, np.inf))
    names = ("cube", "root", "product", "slope", "sometimes")
    is_slope = np.array([False, False, False, True, False])
    return Observed(names, names, is_slope, np.stack(columns, axis=1))


@pytest.mark.parametrize("step", [0.3, 0.01, 1e-4])
def test_powers_are_exact_at_any_step(step):
    result = sensitivity(linear_problem(), DRAWS, powers, step)
    assert result.parameters == ("A", "B", "idle", "delta")
    expected = [[3, 0, 0, 0], [0, 0.5, 0, 0], [1, 2, 0, 5], [0.7, 0, 0, 2]]
    for quantile in (result.low, result.median, result.high):
        np.testing.assert_allclose(quantile[:4], expected, atol=1e-8)
    assert np.all(result.step_change[:4] < 1e-8)
    assert np.all(result.median_error[:4] < 1e-8)
    np.testing.assert_array_equal(result.is_exponent, [False, False, False, True])


def test_totals_of_a_draw():
    result = sensitivity(linear_problem(), DRAWS, powers)
    np.testing.assert_allclose(result.total("product"), [5.0] * 3, atol=1e-8)
    np.testing.assert_allclose(
        result.total("product", "quadrature"), [np.sqrt(30.0)] * 3, atol=1e-8
    )


def test_observables_that_are_not_always_defined():
    result = sensitivity(linear_problem(), DRAWS, powers)
    defined = 10.0 ** DRAWS[:, 0] > 1.0
    # a step at the threshold may lose a draw
    assert result.share[-1] == pytest.approx(defined.mean(), abs=0.03)
    assert 0 < result.share[-1] < 1
    assert result.median[-1, 0] == pytest.approx(2.0)
    assert np.isnan(result.largest[~defined, -1]).all()
    np.testing.assert_array_equal(result.share[:-1], 1.0)


def test_curvature_is_reported_as_change_with_the_step():
    """ln O = x^2 / 2 in x = ln A: |dlnO/dlnA| = |x| exactly; with x^4, truncation is seen."""

    def quartic(scenario, values):
        x = np.log(values["A"])
        return Observed(("o",), ("o",), np.array([True]), (x**4)[:, None])

    result = sensitivity(linear_problem(), DRAWS, quartic, step=0.1)
    x = np.log(10.0) * DRAWS[:, 0]
    sd = np.log(10.0) / np.sqrt(12.0)
    # (D(h) - D(h/2)) = 4 x (h^2 - h^2 / 4) for x^4; points near the end move by up to a step
    expected = np.median(np.abs(4.0 * x * 0.75 * (0.1 * sd) ** 2))
    assert result.step_change[0, 0] == pytest.approx(expected, rel=0.1)
    assert result.median[0, 0] == pytest.approx(np.median(np.abs(4 * x**3)), rel=0.1)


def test_the_named_observables_of_a_power_law():
    result = sensitivity(linear_problem(), DRAWS)
    at = result.observables.index
    np.testing.assert_allclose(result.median[at(PROTON_SLOPE)], [0, 0, 0, 1], atol=1e-9)
    np.testing.assert_allclose(result.median[at(DELTA)], [0, 0, 0, 1], atol=1e-9)
    np.testing.assert_allclose(result.median[at("bc_100GV")], [1, 0, 0, np.log(10.0)], atol=1e-9)


def test_the_stratified_halo_has_the_sensitivities_of_its_closed_form():
    """Eq. 22: f ~ Q z_sc^-lambda1, z_sc ~ (S/Q)^(1/lambda2) and S ~ R^-7/2, Q ~ R^-gamma, so that
    the slope is -(gamma + lambda1 lambda3), lambda3 = (gamma - 3.5) / lambda2, from 8 to 500 GV."""
    scenario = get_scenario("stratified_halo")
    prior = load_prior_set("plausible").prior(scenario)
    problem = Problem(scenario, SimpleNamespace(dataset_names=()), prior)
    at = np.array([[p.to_coordinate(p.fiducial) for p in problem.parameters]])
    result = sensitivity(problem, at)
    row = result.median[result.observables.index("proton_slope_10_100")]
    expected = {"gamma_inj": 1.0 + 0.5 / 1.0, "lambda1": 0.8, "lambda2": 0.5 * 0.8}
    for name, value in zip(result.parameters, row, strict=True):
        # what is left is the low-energy end of the source's normalisation and v/c: below 1%
        assert value == pytest.approx(expected.get(name, 0.0), abs=0.01), name


def test_results_survive_the_disk(tmp_path):
    result = sensitivity(linear_problem(), DRAWS, powers)
    store.save(tmp_path / "s.hdf5", result, "key")
    again = store.load(tmp_path / "s.hdf5", Sensitivity, "key")
    assert again.observables == result.observables
    np.testing.assert_array_equal(again.largest, result.largest)
