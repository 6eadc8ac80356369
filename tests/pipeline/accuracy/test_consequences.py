"""What the numerical error of the march does to posteriors."""

import numpy as np
import pytest

from pipeline.accuracy.full import posteriors
from pipeline.accuracy.full.measure import REFINEMENT, converged_march
from pipeline.accuracy.full.shares import CONVERGED, shares
from pipeline.config.load import load_config
from pipeline.tuning.estimators.criteria import log_ratios
from transport.checkout import ROOT
from transport.full.solve import full_spectra
from transport.scenario import get_scenario


@pytest.fixture
def kolmogorov():
    return load_config(ROOT / "runs" / "kolmogorov.toml")


def test_a_converged_march_serves_spectra_and_is_gone_afterwards():
    scenario = get_scenario("kolmogorov", transport="full")
    rigidity = np.geomspace(0.3, 100.0, 20)
    values = {name: np.atleast_1d(value) for name, value in scenario.fiducial().items()}
    plain = scenario.spectra(values, rigidity).proton
    with converged_march():
        there = scenario.spectra(values, rigidity).proton
    expected = full_spectra(scenario, values, rigidity, REFINEMENT).proton
    np.testing.assert_array_equal(there, expected)
    assert 0.0 < np.abs(np.log(there / plain)).max() < 2e-3
    np.testing.assert_array_equal(scenario.spectra(values, rigidity).proton, plain)


def test_errors_of_ln_l_are_those_of_the_draws(kolmogorov, monkeypatch):
    asked = []

    class Run:
        def draws(self, n, rng):
            return asked[-1].sample_prior(n, rng)

    def run_of(case, seed, settings):
        asked.append(case.problem())
        return Run()

    monkeypatch.setattr(posteriors, "posterior_run", run_of)
    found = list(posteriors.consequences(kolmogorov, 50, 3))
    assert sorted(c.range for c in found) == ["earth", "voyager"]
    for consequence, problem in zip(found, asked, strict=True):
        theta = problem.sample_prior(50, np.random.default_rng(3))
        ours, points = problem.log_likelihood(theta), log_ratios(problem, theta)
        with converged_march():
            error = ours - problem.log_likelihood(theta)
            points = np.abs(points - log_ratios(problem, theta))
        assert consequence.at_points[1] == pytest.approx(points.max())
        assert consequence.sd == pytest.approx(np.std(error))
        assert consequence.most[1] == pytest.approx(np.abs(error).max())
        assert consequence.sd > 0.0
        assert np.exp(consequence.log_z) == pytest.approx(np.mean(np.exp(-error)))


def test_a_converged_march_is_one_of_the_transports_whose_shares_are_counted(kolmogorov):
    found = shares(kolmogorov, 2000, 1, (CONVERGED,))
    bits, error = found[CONVERGED].change_earth
    assert abs(bits) < 0.1
    assert error < 0.1
