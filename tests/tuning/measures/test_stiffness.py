"""Fisher spectra and power laws against a linear-Gaussian model in closed form."""

import numpy as np
import pytest

from pipeline.tuning.estimators.derivatives import central_differences, prior_sd
from pipeline.tuning.estimators.power_laws import exponents_of, spell
from pipeline.tuning.measures.stiffness import Stiffness, effective_dimensions, stiffness
from pipeline.tuning.study import store
from tests.tuning.linear_toy import (
    LinearScenario,
    covariance,
    jacobian,
    linear_problem,
    prior_sds,
)
from transport.errors import CrtuneError
from transport.scenario import Spectra, get_scenario

BEST = np.array([0.1, -0.05, 0.2, 0.38])
DRAWS = BEST + 0.01 * np.random.default_rng(3).standard_normal((30, 4))


def closed_form(amplitude=0.0):
    """Eigenvalues, descending; sds of the prior are sums over quantiles, good to 1e-3 at worst."""
    j = jacobian() * prior_sd(linear_problem())
    return np.linalg.eigvalsh(j.T @ np.linalg.solve(covariance(amplitude), j))[::-1]


def test_prior_sds():
    """2000 quantiles: exact to 1e-6 for flat priors, 1e-3 for a Gaussian's tails."""
    np.testing.assert_allclose(prior_sd(linear_problem()), prior_sds(), rtol=1e-3)


def test_eigenvalues_of_a_linear_gaussian_model():
    result = stiffness(linear_problem(), BEST, DRAWS)
    expected = closed_form()
    np.testing.assert_allclose(result.eigenvalues, expected, rtol=1e-8, atol=1e-6)
    assert result.d_eff == pytest.approx(effective_dimensions(np.maximum(expected, 0)), abs=1e-6)
    assert np.all(result.eigenvalue_change < 1e-6 * expected[0])
    # linear: the same everywhere
    np.testing.assert_allclose(result.draw_eigenvalues, expected[None].repeat(30, 0), atol=1e-5)
    assert result.d_eff_mean == pytest.approx(result.d_eff, abs=1e-6)
    assert result.d_eff_error < 1e-6
    assert result.kinked == 0
    assert result.skipped == 0


def test_degenerate_and_idle_directions_have_eigenvalue_zero():
    """Two combinations move the data, A^2 B^-0.5 and delta: two of four eigenvalues are 0."""
    result = stiffness(linear_problem(), BEST, DRAWS)
    assert np.all(result.eigenvalues[:2] > 10)
    assert np.all(result.eigenvalues[2:] < 1e-6 * result.eigenvalues[0])
    assert len(result.texts) == len(result.tolerance) == len(result.exponents) == 2


def test_the_discrepancy_is_that_of_each_point_and_no_parameter():
    problem = linear_problem(discrepancy=True)
    amplitudes = np.array([0.05, 0.3, 0.01])
    theta = np.column_stack([np.tile(BEST, (3, 1)), np.log10(amplitudes)])
    result = stiffness(problem, theta[0], theta[1:])
    assert result.names == ("log10_A", "log10_B", "log10_idle", "delta")
    assert result.discrepancy == 1
    np.testing.assert_allclose(result.eigenvalues, closed_form(0.05), rtol=1e-8, atol=1e-6)
    for row, amplitude in zip(result.draw_eigenvalues, amplitudes[1:], strict=True):
        np.testing.assert_allclose(row, closed_form(amplitude), rtol=1e-8, atol=1e-5)
    without = stiffness(problem, theta[0], theta[1:], discrepancy=False)
    np.testing.assert_allclose(without.eigenvalues, closed_form(), rtol=1e-8, atol=1e-6)
    assert without.discrepancy == 0
    matched = stiffness(problem, theta[0], theta[1:], amplitude=0.05)
    np.testing.assert_allclose(matched.draw_eigenvalues, [closed_form(0.05)] * 2, atol=1e-5)
    assert matched.bits == pytest.approx(0.5 * np.log2(1 + np.maximum(closed_form(0.05), 0)).sum())
    assert theta[0, -1] == np.log10(0.05)


def test_power_laws_and_tolerances_are_those_of_the_data():
    """A^2 B^-0.5 is what is measured: sd(ln A) at fixed B is half the error of the flux, delta
    being at its own optimum: here the two combinations are nearly orthogonal."""
    result = stiffness(linear_problem(), BEST, DRAWS)
    row = [text.startswith("A (B/0.89)^-0.25 exp(") for text in result.texts].index(True)
    # whatever the widths of the priors
    assert result.exponents[row][0] == 1.0
    assert result.exponents[row][1] == pytest.approx(-0.25, abs=1e-6)
    # both fitted together; the eigenvectors mix the two by less than the tolerance of this check
    fisher = jacobian()[:, [0, 3]].T @ np.linalg.solve(covariance(), jacobian()[:, [0, 3]])
    ln_a = np.log(10.0) * np.sqrt(np.linalg.inv(fisher)[0, 0])
    assert result.tolerance[row] == pytest.approx(ln_a, rel=0.05)


def test_derivatives_at_the_end_of_a_prior_stay_inside():
    problem = linear_problem()
    end = np.array([[0.5, 0.25, 0.35, 0.4]])
    seen = []

    def flux(values):
        seen.append(values["A"].max())
        return np.log(values["A"])[:, None]

    fine, coarse = central_differences(flux, problem, end, [0, 1])
    assert max(seen) <= 10.0**0.5 * (1 + 1e-12)
    np.testing.assert_allclose(fine[0, :, 0], [np.log(10.0), 0.0], atol=1e-9)
    np.testing.assert_allclose(coarse, fine, atol=1e-9)


def test_a_corner_shows_in_the_change_with_the_step():
    problem = linear_problem()

    def corner(values):
        x = np.log10(values["A"])
        return np.maximum(x - 0.001, 0.0)[:, None]

    fine, coarse = central_differences(corner, problem, np.zeros((1, 4)), [0])
    assert abs(fine - coarse)[0, 0, 0] > 0.05


def test_exponents_are_normalised_to_the_leading_parameter():
    direction, rate = np.array([0.6, -0.8, 0.0]), np.array([2.0, 4.0, 1.0])
    exponents, unit = exponents_of(direction, rate)
    np.testing.assert_allclose(exponents, [-0.375, 1.0, 0.0])
    assert unit == pytest.approx(1 / 3.2)


BEST_VALUES = (2.04, 0.513, 1.0, 0.4123)


@pytest.mark.parametrize(
    ("direction", "exponents", "tolerance", "text"),
    [
        # 2.04 (0.513 / 0.51)^-1.1, 2.04 exp(-3.1 (0.4123 - 0.412)), 0.4123 - 0.32 ln(2.04 / 2)
        ((0.8, 0.6, 0, 0), (1, -1.1, 0, 0), 0.07, "A (B/0.51)^-1.1 = 2.03 ± 7%, fiducial 0.477"),
        ((0.8, 0, 0, -0.6), (1, 0, 0, -3.1), 0.7,
         "A exp(-3.1 (delta - 0.412)) = 2 to a factor of 2.01, fiducial 1"),
        ((0.6, 0, 0, 0.8), (-0.32, 0, 0, 1), 0.012,
         "delta - 0.32 ln(A/2) = 0.406 ± 0.012, fiducial 0.622"),
        # 0.1 over the prior matters beside a tolerance of 7%, and not beside a factor of 1.35
        ((np.sqrt(0.99), 0.1, 0, 0), (1, 0.234, 0, 0), 0.07,
         "A (B/0.51)^0.23 = 2.04 ± 7%, fiducial 1.17"),
        ((np.sqrt(0.99), 0.1, 0, 0), (1, 0.234, 0, 0), 0.3,
         "A = 2 to a factor of 1.35, fiducial 1"),
    ],
)  # fmt: skip
def test_texts(direction, exponents, tolerance, text):
    parameters = linear_problem().parameters
    direction, exponents = np.array(direction, float), np.array(exponents, float)
    assert spell(parameters, direction, exponents, 1.0, tolerance, BEST_VALUES) == text


def test_units_of_a_combination():
    parameters = get_scenario("two_phase").parameters
    names = [p.name for p in parameters]
    best = [p.fiducial for p in parameters]
    direction, exponents = np.zeros(len(names)), np.zeros(len(names))
    for name, share, e in (("z_W", 0.8, 1.0), ("Ma", 0.48, 2.5), ("E_CR", 0.36, 0.58)):
        i = names.index(name)
        direction[i], exponents[i] = share, e
    text = spell(parameters, direction, exponents, 1.0, 0.081, best)
    assert text == "z_W (Ma/0.6)^2.5 (E_CR/1e50 erg)^0.58 = 500 pc ± 8.1%, fiducial 500 pc"


def test_what_is_left_out_moves_less_than_the_tolerance():
    """At any point of the prior the text's number is that of all exponents, within the rounding."""
    rng = np.random.default_rng(5)
    parameters = linear_problem().parameters
    rate, best = np.array([2.0, 3.0, 1.5, 8.0]), np.array(BEST_VALUES)
    for _ in range(20):
        direction = rng.normal(size=4) * [1.0, 0.3, 0.03, 0.01]
        direction /= np.linalg.norm(direction)
        exponents, unit = exponents_of(direction, rate)
        tolerance = unit / 10.0
        text = spell(parameters, direction, exponents, unit, tolerance, best)
        left_out = [i for i, p in enumerate(parameters) if p.name not in text.split(" = ")[0]]
        assert unit * np.linalg.norm(direction[left_out]) <= 0.5 * tolerance


def test_an_impossible_best_fit_is_refused():
    problem = linear_problem()
    with pytest.raises(CrtuneError, match="no possible prediction"):
        stiffness(problem, np.array([-400.0, 0.0, 0.0, 0.4]), DRAWS)


def test_results_survive_the_disk(tmp_path):
    result = stiffness(linear_problem(), BEST, DRAWS)
    store.save(tmp_path / "stiffness.hdf5", result, "key")
    again = store.load(tmp_path / "stiffness.hdf5", Stiffness, "key")
    assert again.texts == result.texts
    np.testing.assert_array_equal(again.eigenvectors, result.eigenvectors)


class Wavy(LinearScenario):
    """ln J moves with the sine of the coordinate of A besides, in steps that are not small."""

    wave, height = 150.0, 0.02

    def spectra(self, values, rigidity):
        plain = super().spectra(values, rigidity)
        x = np.log10(np.asarray(values["A"], dtype=float))[:, None]
        factor = np.exp(self.height * np.sin(self.wave * x))
        return Spectra(rigidity, factor * plain.proton, plain.carbon, plain.boron)


def test_the_finer_step_is_what_counts():
    """The truncation of a smooth derivative is a third of its change with the step, not four
    thirds: eigenvalues follow it to first order, on the same side."""
    problem = linear_problem(scenario=Wavy())
    best = np.array([0.0, -0.05, 0.2, 0.38])  # where the sine is steepest, and its error largest
    result = stiffness(problem, best, DRAWS)
    j = jacobian()
    j[:, 0] += Wavy.wave * Wavy.height
    j = j * prior_sd(problem)
    exact = np.linalg.eigvalsh(j.T @ np.linalg.solve(covariance(), j))[::-1]
    error = exact[0] - result.eigenvalues[0]
    assert result.eigenvalue_change[0] > 1e-3 * exact[0]  # so that there is something to see
    assert error == pytest.approx(result.eigenvalue_change[0] / 3.0, rel=0.1)
