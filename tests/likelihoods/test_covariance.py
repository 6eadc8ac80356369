"""Covariances against their definition, and the plain Gaussian against scipy's."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import Covariance, halfnorm, kstest, multivariate_normal

from likelihoods.covariance import (
    CovarianceOptions,
    GaussianLikelihood,
    Sides,
    factorise,
    relative_covariance,
)
from likelihoods.discrepancy import DiscrepantLikelihood
from likelihoods.measurement import ErrorComponent
from likelihoods.reading import measurement_names, read_measurement
from transport.errors import CrtuneError

PROTONS = read_measurement("ams02_proton_2015", rigidity_min=10.0)


def absolute(measurement, **options):
    relative = relative_covariance(measurement, CovarianceOptions(**options))
    return relative * np.outer(measurement.value, measurement.value)


def test_full_covariance_by_elements():
    covariance = absolute(PROTONS, correlation_length=0.2)
    parts = {c.name: c.plus for c in PROTONS.components}
    i, j = 3, 11
    distance = abs(np.log10(PROTONS.rigidity_centre[i] / PROTONS.rigidity_centre[j]))
    rho = np.exp(-distance / 0.2)
    correlated = sum(parts[n][i] * parts[n][j] for n in ("trigger", "acceptance", "unfolding"))
    expected = rho * correlated + parts["scale"][i] * parts["scale"][j]
    assert covariance[i, j] == pytest.approx(expected, rel=1e-12)
    assert covariance[i, i] == pytest.approx(PROTONS.error_plus[i] ** 2, rel=1e-12)


def test_modes():
    full = absolute(PROTONS)
    diagonal = absolute(PROTONS, mode="diagonal")
    np.testing.assert_allclose(diagonal, np.diag(np.diag(full)))
    stat = next(c for c in PROTONS.components if c.name == "stat").plus
    np.testing.assert_allclose(absolute(PROTONS, mode="statistical"), np.diag(stat**2))


def test_total_only_errors_are_independent_in_every_mode():
    voyager = read_measurement("voyager1_bc")
    for mode in ("full", "diagonal", "statistical"):
        np.testing.assert_allclose(absolute(voyager, mode=mode), np.diag(voyager.error_plus**2))


def test_one_length_per_component():
    lengths = {"trigger": 2.0, "acceptance": 0.1, "default": 0.3}
    covariance = absolute(PROTONS, correlation_length=lengths)
    alone = {
        c.name: absolute(replace(PROTONS, components=(c,)), correlation_length=lengths)
        for c in PROTONS.components
    }
    np.testing.assert_allclose(covariance, sum(alone.values()), rtol=1e-12)
    i, j = 0, 20
    decay = {
        n: alone[n][i, j] / np.sqrt(alone[n][i, i] * alone[n][j, j])
        for n in ("trigger", "acceptance", "unfolding", "scale")
    }
    distance = np.log10(PROTONS.rigidity_centre[j] / PROTONS.rigidity_centre[i])
    assert decay["trigger"] == pytest.approx(np.exp(-distance / 2.0))
    assert decay["acceptance"] == pytest.approx(np.exp(-distance / 0.1))
    assert decay["unfolding"] == pytest.approx(np.exp(-distance / 0.3))
    assert decay["scale"] == pytest.approx(1.0)


@pytest.mark.parametrize("kernel", ["exponential", "squared_exponential"])
@pytest.mark.parametrize("length", [0.01, 0.3, 3.0])
def test_positive_definite_for_every_table(kernel, length):
    for name in measurement_names():
        options = CovarianceOptions(correlation_length=length, kernel=kernel)
        covariance = relative_covariance(read_measurement(name), options)
        factor = factorise(covariance, name)
        np.testing.assert_allclose(
            factor.lower @ factor.lower.T, covariance, atol=1e-12 * covariance.max()
        )
        assert factor.log_determinant == pytest.approx(np.linalg.slogdet(covariance)[1], rel=1e-8)


def test_neighbouring_bins_may_differ_by_part_of_their_systematic():
    """The reason for the exponential: 0.44 sigma between neighbours against 0.10."""
    distance, length = 0.03, 0.3
    spread = {
        "exponential": np.sqrt(2 * (1 - np.exp(-distance / length))),
        "squared_exponential": np.sqrt(2 * (1 - np.exp(-0.5 * (distance / length) ** 2))),
    }
    assert spread["exponential"] == pytest.approx(0.44, abs=0.01)
    assert spread["squared_exponential"] == pytest.approx(0.10, abs=0.01)


def test_plain_gaussian_is_scipys():
    likelihood = GaussianLikelihood("p", PROTONS, CovarianceOptions())
    rng = np.random.default_rng(1)
    predicted = PROTONS.value * (1 + 0.02 * rng.standard_normal((6, PROTONS.n_bins)))
    covariance = Covariance.from_cholesky(np.linalg.cholesky(absolute(PROTONS)))
    truth = multivariate_normal(cov=covariance).logpdf(PROTONS.value - predicted)
    result = likelihood.log_likelihood({"p": predicted}, {})
    np.testing.assert_allclose(result[:, 0], truth, rtol=1e-9)


def test_impossible_predictions_are_minus_infinity_for_their_walker():
    likelihood = GaussianLikelihood("p", PROTONS, CovarianceOptions())
    predicted = np.tile(PROTONS.value, (5, 1))
    predicted[1, 4], predicted[2, 0], predicted[3, 2], predicted[4, 9] = np.nan, -1, 0, np.inf
    result = likelihood.log_likelihood({"p": predicted}, {})[:, 0]
    assert np.isfinite(result[0])
    assert np.all(np.isneginf(result[1:]))


def one_point(minus, plus, value=10.0):
    component = ErrorComponent("stat", "statistical", np.array([minus]), np.array([plus]))
    at = PROTONS._select(np.arange(PROTONS.n_bins) == 0)
    return replace(at, value=np.array([value]), components=(component,))


def test_asymmetric_errors_are_a_normalised_split_normal():
    minus, plus = 0.5, 1.5
    measurement = one_point(minus, plus)
    likelihood = GaussianLikelihood("p", measurement, CovarianceOptions())

    def density(model):
        return np.exp(likelihood.log_likelihood({"p": np.array([[model]])}, {})[0, 0])

    peak = 2 / (np.sqrt(2 * np.pi) * (minus + plus))
    assert density(10.0) == pytest.approx(peak)
    # One sigma of its own side away, the density falls by exp(-1/2) on both sides.
    assert density(10.0 + plus) == pytest.approx(peak * np.exp(-0.5))
    assert density(10.0 - minus) == pytest.approx(peak * np.exp(-0.5))
    area = quad(density, 5, 10)[0] + quad(density, 10, 20)[0]
    assert area == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("discrepancy", [False, True])
def test_asymmetric_data_are_drawn_from_the_density_of_the_likelihood(discrepancy):
    """Shares of the two sides are those of their widths, and each is half a normal."""
    measurement = read_measurement("calet_bc_2022")
    options = CovarianceOptions(mode="diagonal")
    sides = Sides.of(measurement, options)
    assert not sides.symmetric
    assert Sides.of(PROTONS, options).symmetric
    n = 20_000
    predicted = {"p": np.tile(measurement.value, (n, 1))}
    rng = np.random.default_rng(2)
    if discrepancy:
        term = DiscrepantLikelihood("g", {"p": measurement}, options, 0.5)
        data = term.replicate(predicted, {"discrepancy_g": np.full(n, 0.2)}, rng)["p"]
        residuals, extra = -np.log(data / measurement.value), 0.04
    else:
        term = GaussianLikelihood("p", measurement, options)
        residuals = 1.0 - term.replicate(predicted, {}, rng)["p"] / measurement.value
        extra = 0.0
    sd = np.sqrt(np.diag(relative_covariance(measurement, options)) + extra)
    up, down = sd / sides.above, sd / sides.below
    np.testing.assert_allclose(np.mean(residuals > 0, axis=0), up / (up + down), atol=0.015)
    z = sides.scale(residuals) / sd
    for side in (z[:, 12] > 0, z[:, 12] < 0):
        assert kstest(np.abs(z[side, 12]), halfnorm.cdf).pvalue > 0.001


def test_drawn_noise_has_the_covariance():
    likelihood = GaussianLikelihood("p", PROTONS, CovarianceOptions())
    rng = np.random.default_rng(4)
    predicted = {"p": PROTONS.value[None] * 1.3}
    draws = np.array([likelihood.draw(predicted, {}, rng)["p"].value for _ in range(4000)])
    relative = draws / predicted["p"] - 1
    whitened = likelihood.factor.whiten(relative)
    np.testing.assert_allclose(np.cov(whitened.T), np.eye(PROTONS.n_bins), atol=0.09)
    np.testing.assert_allclose(whitened.mean(axis=0), 0, atol=0.07)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mode": "ful"}, "mode"),
        ({"kernel": "gaussian"}, "kernel"),
        ({"correlation_length": 0.0}, "positive"),
        ({"correlation_length": -1}, "positive"),
        ({"correlation_length": np.inf}, "positive"),
        ({"correlation_length": {"unfolding": 0}}, "correlation_length.unfolding"),
    ],
)
def test_bad_options(options, words):
    with pytest.raises(CrtuneError, match=words):
        CovarianceOptions(**options)


def test_lengths_for_unknown_or_missing_components():
    options = CovarianceOptions(correlation_length={"acceptence": 0.1, "default": 1.0})
    with pytest.raises(CrtuneError, match="did you mean 'acceptance'"):
        options.check_components({"p": PROTONS})
    with pytest.raises(CrtuneError, match="no entry for the component 'trigger'"):
        relative_covariance(PROTONS, CovarianceOptions(correlation_length={"acceptance": 0.1}))


def test_a_covariance_that_cannot_be_factorised_is_named():
    with pytest.raises(CrtuneError, match="data set p: its covariance"):
        factorise(np.array([[1.0, 2.0], [2.0, 1.0]]), "p")
