"""Replicated data have the likelihood's own covariance, and features what they are named for."""

import numpy as np
import pytest
from scipy import stats

from likelihoods.covariance import relative_covariance
from likelihoods.reading import read_measurement
from pipeline.checks.features import features, slope
from pipeline.checks.replicated import check_fitted
from pipeline.config.load import config_from_toml
from pipeline.from_config import build_problem
from tests.tuning.linear_toy import RIGIDITY, covariance, linear_problem

CONFIG = """
scenario = "kolmogorov"
[data.ams02_proton_2015]
rigidity_min = 30.0
[data.ams02_bc_2016]
rigidity_min = 10.0
[discrepancy]
enabled = {}
"""


@pytest.mark.parametrize("discrepancy", [True, False])
def test_replicated_data_have_the_covariance_of_noise_and_discrepancy(discrepancy):
    likelihood = linear_problem(discrepancy).likelihood
    one = likelihood.fiducial(**({"discrepancy_proton_interstellar": 0.1} if discrepancy else {}))
    n = 20_000
    values = {k: np.repeat(v, n) for k, v in one.items()}
    data = likelihood.replicate(values, np.random.default_rng(1))["toy"]
    fiducial = likelihood.datasets["toy"].value
    y = np.log(data / fiducial) if discrepancy else data / fiducial - 1.0
    expected = covariance(0.1 if discrepancy else 0.0)
    sd = np.sqrt(np.diag(expected))
    found = np.cov(y, rowvar=False) / np.outer(sd, sd)
    np.testing.assert_allclose(found, expected / np.outer(sd, sd), atol=0.05)
    chi2 = likelihood.chi2({"toy": data}, values)["toy"]
    assert stats.kstest(chi2[::20], stats.chi2(RIGIDITY.size).cdf).pvalue > 0.001


def test_slope_and_break_are_what_they_say():
    bc, proton = read_measurement("ams02_bc_2016"), read_measurement("ams02_proton_2015")
    x = bc.rigidity_centre
    names = {f.name: f for f in features(bc)}
    data = np.stack([x**-0.4, 3 * x**-0.25])
    np.testing.assert_allclose(names["delta 20-500 GV"].of(data, data), [0.4, 0.25])
    worst = names["largest residual"].of(data * 1.2, data)
    np.testing.assert_allclose(worst, np.log(1.2))
    x = proton.rigidity_centre
    broken = np.where(x < 150.0, x**-2.8, 150.0**-0.1 * x**-2.7)[None]
    (feature,) = (f for f in features(proton) if "break" in f.name)
    assert feature.of(broken, broken)[0] == pytest.approx(0.1, abs=1e-6)
    assert slope(proton, np.arange(10), x[None] ** -2.0)[0] == pytest.approx(-2.0)
    few = read_measurement("ams02_proton_2015", rigidity_max=2.0)
    assert [f.name for f in features(few)] == ["largest residual"]


def test_roughness_is_one_of_independent_errors_and_zero_of_a_parabola():
    proton, rng = read_measurement("ams02_proton_2015"), np.random.default_rng(1)
    (feature,) = (f for f in features(proton) if f.name == "roughness")
    x = np.log(proton.rigidity_centre)
    smooth = np.exp(3.0 - 2.7 * x + 0.02 * x**2)
    assert feature.of(smooth[None], smooth[None])[0] < 1e-9
    (stat,) = (c for c in proton.components if c.role == "statistical")
    noise = stat.plus / proton.value * rng.standard_normal((2000, x.size))
    found = feature.of(smooth * np.exp(noise), smooth[None])
    assert np.mean(found**2) == pytest.approx(1.0, abs=0.02)
    common = smooth * np.exp(0.05 * rng.standard_normal((5, 1)))
    assert feature.of(common, common).max() < 1e-9


@pytest.mark.parametrize("discrepancy", ["true", "false"])
def test_p_values_of_data_made_by_the_model_are_ordinary(discrepancy):
    problem = build_problem(config_from_toml(CONFIG.format(discrepancy)))
    rng = np.random.default_rng(4)
    truth = problem.likelihood.fiducial()
    found = []
    for _ in range(20):
        mock = problem.with_likelihood(problem.likelihood.simulate(truth, rng))
        theta = np.stack([p.to_coordinate(truth[p.name]) for p in problem.parameters], axis=1)
        found.append([c.p_value for c in check_fitted(mock, np.repeat(theta, 60, axis=0), rng)])
    # At the true parameters they are uniform.
    for column in np.transpose(found):
        assert stats.kstest(column, "uniform").pvalue > 0.001


def test_data_of_another_kind_stand_out():
    problem = build_problem(config_from_toml(CONFIG.format("false")))
    rng = np.random.default_rng(4)
    truth = problem.likelihood.fiducial()
    theta = np.stack([p.to_coordinate(truth[p.name]) for p in problem.parameters], axis=1)
    checks = check_fitted(problem, np.repeat(theta, 60, axis=0), rng)  # real data, no fit
    chi2 = {c.dataset: c.p_value for c in checks if c.name == "chi2"}
    assert max(chi2.values()) < 0.01
    measured = problem.likelihood.datasets["ams02_bc_2016"]
    assert np.all(np.diag(relative_covariance(measured, problem.likelihood.covariance)) > 0)
