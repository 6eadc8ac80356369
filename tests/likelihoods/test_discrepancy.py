"""The discrepancy's eigenbasis against dense Cholesky, its groups, and its one approximation."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import block_diag
from scipy.stats import multivariate_normal

from likelihoods.covariance import CovarianceOptions, GaussianLikelihood, relative_covariance
from likelihoods.discrepancy import (
    MEAN_POTENTIAL,
    DiscrepantLikelihood,
    process_covariance,
    where_the_model_errs,
)
from likelihoods.discrepancy_groups import DEFAULT_GROUP, DiscrepancyOptions
from likelihoods.reading import DATA_DIRECTORY, read_measurement
from tests.likelihoods.toy_scenario import default_datasets
from transport.errors import CrtuneError, CrtuneWarning
from transport.modulation import interstellar_rigidity

OPTIONS = CovarianceOptions()
AMS = read_measurement("ams02_bc_2016")
VOYAGER = read_measurement("voyager1_bc", rigidity_min=0.3)
PAIR = {"ams": AMS, "voyager": VOYAGER}
AMPLITUDES = np.array([0.0, 1e-3, 0.01, 0.1, 0.5, 1.0, 3.0])


def noisy(measurement, n, seed, relative=0.05):
    rng = np.random.default_rng(seed)
    return measurement.value * np.exp(relative * rng.standard_normal((n, measurement.n_bins)))


def dense(datasets, predictions, amplitude, length=0.5):
    """Log-likelihood of one walker by definition: multivariate log-normal with C + a^2 K."""
    measurements = list(datasets.values())
    noise = block_diag(*[relative_covariance(m, OPTIONS) for m in measurements])
    sigma = noise + amplitude**2 * process_covariance(measurements, length)
    data = np.concatenate([m.value for m in measurements])
    residual = np.log(np.concatenate(predictions)) - np.log(data)
    lower = np.linalg.cholesky(sigma)
    whitened = np.linalg.solve(lower, residual)
    normalisation = 2 * np.sum(np.log(np.diag(lower))) + data.size * np.log(2 * np.pi)
    return -0.5 * (whitened @ whitened + normalisation) - np.sum(np.log(data))


def test_eigenbasis_equals_dense_cholesky():
    n = AMPLITUDES.size
    likelihood = DiscrepantLikelihood("bc", PAIR, OPTIONS, 0.5)
    predictions = {"ams": noisy(AMS, n, 1), "voyager": noisy(VOYAGER, n, 2)}
    terms = likelihood.log_likelihood(predictions, {"discrepancy_bc": AMPLITUDES})
    for i, amplitude in enumerate(AMPLITUDES):
        rows = [predictions["ams"][i], predictions["voyager"][i]]
        both = dense(PAIR, rows, amplitude)
        first = dense({"ams": AMS}, rows[:1], amplitude)
        assert terms[i].sum() == pytest.approx(both, rel=1e-8, abs=1e-6)
        assert terms[i, 0] == pytest.approx(first, rel=1e-8, abs=1e-6)


def test_against_scipys_multivariate_normal():
    """Same thing from scipy, for a short cut of the data that it can handle."""
    short = AMS.cut(2.0, 10.0)
    likelihood = DiscrepantLikelihood("bc", {"ams": short}, OPTIONS, 0.5)
    predicted = noisy(short, 1, 5)
    sigma = relative_covariance(short, OPTIONS) + 0.2**2 * process_covariance([short], 0.5)
    truth = multivariate_normal(cov=sigma).logpdf(np.log(predicted[0] / short.value))
    result = likelihood.log_likelihood({"ams": predicted}, {"discrepancy_bc": np.array([0.2])})
    assert result[0, 0] == pytest.approx(truth - np.log(short.value).sum(), rel=1e-9)


def test_conditional_term_is_the_gaussian_conditional():
    """ln L(voyager | ams) from the textbook conditional of a joint normal."""
    amplitude = 0.15
    predictions = {"ams": noisy(AMS, 1, 3), "voyager": noisy(VOYAGER, 1, 4)}
    noise = block_diag(relative_covariance(AMS, OPTIONS), relative_covariance(VOYAGER, OPTIONS))
    sigma = noise + amplitude**2 * process_covariance([AMS, VOYAGER], 0.5)
    k = AMS.n_bins
    r1 = np.log(predictions["ams"][0] / AMS.value)
    r2 = np.log(predictions["voyager"][0] / VOYAGER.value)
    gain = np.linalg.solve(sigma[:k, :k], sigma[:k, k:]).T
    mean, cov = gain @ r1, sigma[k:, k:] - gain @ sigma[:k, k:]
    truth = multivariate_normal(mean, cov).logpdf(r2) - np.log(VOYAGER.value).sum()
    likelihood = DiscrepantLikelihood("bc", PAIR, OPTIONS, 0.5)
    terms = likelihood.log_likelihood(predictions, {"discrepancy_bc": np.array([amplitude])})
    assert terms[0, 1] == pytest.approx(truth, rel=1e-7)


def test_voyager_learns_from_the_shared_process():
    """A common offset of both is likelier together than apart."""
    predictions = {"ams": AMS.value[None] * 1.3, "voyager": VOYAGER.value[None] * 1.3}
    values = {"discrepancy_bc": np.array([0.3])}
    together = DiscrepantLikelihood("bc", PAIR, OPTIONS, 0.5).log_likelihood(predictions, values)
    alone = DiscrepantLikelihood("bc", {"voyager": VOYAGER}, OPTIONS, 0.5)
    assert together[0, 1] > alone.log_likelihood(predictions, values)[0, 0]


@pytest.mark.parametrize(("name", "low"), [("ams02_proton_2015", 10.0), ("ams02_bc_2016", None)])
def test_log_residuals_cost_little(name, low):
    """Without discrepancy, ln L and a fitted scale and tilt against the exact Gaussian's."""
    measurement = read_measurement(name, rigidity_min=low)
    plain = GaussianLikelihood("d", measurement, OPTIONS)
    logarithmic = DiscrepantLikelihood("d", {"d": measurement}, OPTIONS, 0.5)
    rng = np.random.default_rng(8)
    noise = plain.factor.lower @ rng.standard_normal((measurement.n_bins, 300))
    noise = noise[:, noise.min(axis=0) > -0.9].T
    predictions = {"d": measurement.value * (1 + noise)}
    silent = {"discrepancy_d": np.zeros(len(noise))}
    difference = logarithmic.log_likelihood(predictions, silent) - plain.log_likelihood(
        predictions, {}
    )
    assert np.median(np.abs(difference)) < 0.8

    x = np.log10(measurement.rigidity_centre)
    templates = plain.factor.whiten(np.stack([np.ones_like(x), x - x.mean()]))
    errors = np.sqrt(np.diag(np.linalg.inv(templates @ templates.T)))

    def fitted(residuals):
        return np.linalg.lstsq(templates.T, plain.factor.whiten(residuals).T, rcond=None)[0].T

    shift = (fitted(np.log1p(noise)) - fitted(noise)) / errors
    assert np.all(np.abs(shift.mean(axis=0)) < 0.1)
    assert np.all(shift.std(axis=0) < 0.1)


def test_leading_error_of_log_residuals():
    """s t^3 / 2 for one bin: 0.15 at an error of 30% and one sigma."""
    last = AMS.cut(1300.0, None)
    plain = GaussianLikelihood("r", last, OPTIONS)
    logarithmic = DiscrepantLikelihood("r", {"r": last}, OPTIONS, 0.5)
    relative = float(plain.factor.lower[0, 0])
    assert relative == pytest.approx(0.303, abs=0.002)
    for t in (-0.5, 0.5, 1.0):
        at = {"r": last.value[None] * (1 + t * relative)}
        found = (
            logarithmic.log_likelihood(at, {"discrepancy_r": np.zeros(1)})
            - plain.log_likelihood(at, {})
        )[0, 0]
        leading = relative * t**3 / 2
        assert abs(found - leading) < relative**2 * t**4


def test_default_groups():
    groups = DiscrepancyOptions().resolve(default_datasets())
    assert groups == {
        "proton_earth": ["ams02_proton_2015"],
        "boron_to_carbon": ["ams02_bc_2016", "voyager1_bc"],
        "proton_interstellar": ["voyager1_proton"],
    }
    assert DiscrepancyOptions(enabled=False).resolve(default_datasets()) == {}


def test_groups_of_the_config_take_precedence():
    options = DiscrepancyOptions(groups={"protons": ["voyager1_proton", "ams02_proton_2015"]})
    groups = options.resolve(default_datasets())
    # Data sets keep the order of the config within a group.
    assert groups["protons"] == ["ams02_proton_2015", "voyager1_proton"]
    assert groups["boron_to_carbon"] == ["ams02_bc_2016", "voyager1_bc"]


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ({"a": ["ams02_bc_2061"]}, "did you mean 'ams02_bc_2016'"),
        ({"a": ["ams02_bc_2016"], "b": ["ams02_bc_2016"]}, "keep one"),
        ({"a b": ["ams02_bc_2016"]}, "no identifier"),
    ],
)
def test_bad_groups(groups, words):
    with pytest.raises(CrtuneError, match=words):
        DiscrepancyOptions(groups=groups).resolve(default_datasets())


@pytest.mark.parametrize("length", [0.0, -0.5, np.inf, np.nan])
def test_bad_length(length):
    with pytest.raises(CrtuneError, match=r"discrepancy\.length"):
        DiscrepancyOptions(length=length)


def test_process_is_shared_by_one_observable_only():
    protons = read_measurement("voyager1_proton", rigidity_min=0.3)
    process = process_covariance([AMS, VOYAGER, protons], 0.5)
    k = AMS.n_bins + VOYAGER.n_bins
    assert np.all(process[:k, k:] == 0)
    outside = interstellar_rigidity(AMS.rigidity_centre[2], MEAN_POTENTIAL, AMS.species)
    distance = np.log10(outside / VOYAGER.rigidity_centre[5]) / 0.5
    assert process[2, AMS.n_bins + 5] == pytest.approx(np.exp(-0.5 * distance**2))


def test_a_model_errs_at_the_rigidity_outside_the_heliosphere():
    """One particle, seen inside and outside: the same error of the model."""
    low = read_measurement("ams02_bc_2016", rigidity_max=3.0)
    energy = np.hypot(0.5 * low.rigidity_centre[0], 0.93149) + 0.5 * MEAN_POTENTIAL
    rigidity = 2.0 * np.sqrt(energy**2 - 0.93149**2)
    assert rigidity == pytest.approx(1.40 * low.rigidity_centre[0], rel=0.01)
    np.testing.assert_allclose(where_the_model_errs(low)[0], rigidity, rtol=1e-4)
    outside = replace(VOYAGER.at_rigidities(where_the_model_errs(low)), period="interstellar")
    process = process_covariance([low, outside], 0.1)
    n = low.n_bins
    np.testing.assert_allclose(process[:n, n:], process[:n, :n])
    np.testing.assert_allclose(np.diag(process[:n, n:]), 1.0)
    far = read_measurement("ams02_bc_2016", rigidity_min=500.0)
    np.testing.assert_allclose(where_the_model_errs(far), far.rigidity_centre, rtol=2e-3)


def test_impossible_is_minus_infinity_and_never_nan():
    likelihood = DiscrepantLikelihood("bc", PAIR, OPTIONS, 0.5)
    predictions = {"ams": np.tile(AMS.value, (4, 1)), "voyager": np.tile(VOYAGER.value, (4, 1))}
    predictions["ams"][1, 3] = np.nan
    predictions["voyager"][2, 0] = -1.0
    amplitude = np.array([0.1, 0.1, 0.1, np.nan])
    total = likelihood.log_likelihood(predictions, {"discrepancy_bc": amplitude}).sum(axis=1)
    assert np.isfinite(total[0])
    assert np.all(np.isneginf(total[1:]))


def test_draws_have_the_covariance_of_noise_and_process():
    likelihood = DiscrepantLikelihood("bc", PAIR, OPTIONS, 0.5)
    predictions = {"ams": AMS.value[None] * 0.7, "voyager": VOYAGER.value[None] * 1.2}
    values = {"discrepancy_bc": np.array([0.2])}
    rng = np.random.default_rng(9)
    draws = [likelihood.draw(predictions, values, rng) for _ in range(1500)]
    residuals = np.array(
        [np.concatenate([np.log(d[n].value / predictions[n][0]) for n in PAIR]) for d in draws]
    )
    noise = block_diag(*likelihood.noise)
    sigma = noise + 0.2**2 * likelihood.process
    whitened = np.linalg.solve(np.linalg.cholesky(sigma), residuals.T)
    np.testing.assert_allclose(np.cov(whitened), np.eye(len(sigma)), atol=0.14)


def test_a_second_table_of_a_kind_is_not_left_with_an_error_of_its_own():
    """The documented names of the groups are those of the code, and a split is told."""
    page = (DATA_DIRECTORY.parent / "docs" / "config.md").read_text()
    for group in set(DEFAULT_GROUP.values()):
        assert f"`{group}`" in page
    datasets = {n: read_measurement(n) for n in ("ams02_bc_2016", "dampe_bc_2022")}
    with pytest.warns(CrtuneWarning, match=r"dampe_bc_2022 has the model error boron_to_carbon"):
        DiscrepancyOptions(groups={"bc": ("ams02_bc_2016",)}).resolve(datasets)
    same = DiscrepancyOptions(groups={"boron_to_carbon": ("ams02_bc_2016",)}).resolve(datasets)
    assert same == {"boron_to_carbon": ["ams02_bc_2016", "dampe_bc_2022"]}
