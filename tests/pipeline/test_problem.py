"""The assembled problem, on a scenario of power laws and the real tables."""

import pickle

import numpy as np
import pytest

from likelihoods.reading import read_measurement
from pipeline.config.load import config_from_toml, load_config, with_overrides
from pipeline.from_config import build_problem
from pipeline.problem import Problem
from tests.pipeline.toy_scenario import CONFIG, PRIORS, BrokenLikelihood, ToyPowerLaw, write_run
from transport.errors import CrtuneError
from transport.scenario_sources import shipped_scenarios


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setitem(shipped_scenarios()[0], ToyPowerLaw.name, ToyPowerLaw)


@pytest.fixture
def config(tmp_path):
    return load_config(write_run(tmp_path))


@pytest.fixture
def problem(config):
    return build_problem(config)


@pytest.fixture
def theta(problem):
    return problem.sample_prior(64, np.random.default_rng(1))


def test_names_labels_and_blobs(problem):
    assert problem.names == (
        "log10_norm",
        "slope",
        "delta",
        "phi_ams02_2011_2013",
        "phi_ams02_2011_2016",
        "log10_discrepancy_proton_earth",
        "log10_discrepancy_boron_to_carbon",
        "log10_discrepancy_proton_interstellar",
    )
    assert problem.ndim == len(problem.parameters) == len(problem.labels) == 8
    assert all(label.startswith("$") and label.endswith("$") for label in problem.labels)
    assert problem.blob_names == (
        "log_prior",
        "log_likelihood_ams02_proton_2015",
        "log_likelihood_ams02_bc_2016",
        "log_likelihood_voyager1_proton",
    )


def test_columns_are_posterior_prior_and_likelihoods(problem, theta):
    columns = problem.log_prob(theta)
    assert columns.shape == (64, 1 + len(problem.blob_names))
    assert np.isfinite(columns).all()
    np.testing.assert_array_equal(columns[:, 1], problem.log_prior(theta))
    np.testing.assert_allclose(columns[:, 2:], problem.log_likelihood(theta), rtol=1e-12)
    np.testing.assert_allclose(columns[:, 0], columns[:, 1:].sum(axis=1), rtol=1e-12)


def test_a_point_does_not_depend_on_the_batch_it_is_in(problem, theta):
    together = problem.log_prob(theta)
    alone = np.concatenate([problem.log_prob(t) for t in theta[:5]])
    np.testing.assert_allclose(alone, together[:5], rtol=1e-11)


def test_the_model_is_never_asked_outside_the_prior(problem, theta):
    broken = BrokenLikelihood(problem.likelihood, 0.0)
    watched = problem.with_likelihood(broken)
    theta[0, 1] = 5.0  # beyond a bound
    theta[1, 1], theta[1, 2] = 3.4, 0.9  # inside the bounds, beyond the constraint
    theta[2, 0] = np.nan
    columns = watched.log_prob(theta)
    assert broken.points == 61
    assert np.isneginf(columns[:3]).all()
    assert np.isfinite(columns[3:]).all()
    assert np.isneginf(problem.log_prob(theta[:3])[:, 0]).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_likelihood_that_fails_is_counted_and_reported(problem, theta, value):
    broken = problem.with_likelihood(BrokenLikelihood(problem.likelihood, value))
    failing = theta[:, 1] > 3.0
    assert 0 < failing.sum() < 64
    columns = broken.log_prob(theta)
    assert np.isneginf(columns[failing, 0]).all()
    assert np.isfinite(columns[~failing]).all()
    assert not np.isnan(columns).any()
    assert broken.nan_count == failing.sum()
    assert broken.nan_example["slope"] > 3.0
    assert any(f"at {failing.sum()} points" in line for line in broken.notes())
    broken.log_prob(theta)
    assert broken.nan_count == 2 * failing.sum()
    assert problem.nan_count == 0
    assert len(problem.notes()) == 1


def test_prior_transform_and_draws(problem):
    u = np.random.default_rng(2).random((400, problem.ndim))
    theta = problem.prior_transform(u)
    np.testing.assert_array_equal(problem.prior_transform(u[3]), theta[3])
    share = np.isfinite(problem.log_prior(theta)).mean()
    kept = problem.kept_share
    assert share == pytest.approx(kept.share, abs=4 * np.sqrt(kept.share * (1 - kept.share) / 400))
    draws = problem.sample_prior(300, np.random.default_rng(3))
    assert np.isfinite(problem.log_prior(draws)).all()


def test_values_are_physical(problem, theta):
    values = problem.values(theta)
    np.testing.assert_allclose(values["norm"], 10 ** theta[:, 0])
    np.testing.assert_array_equal(values["slope"], theta[:, 1])
    assert set(values) == {p.name for p in problem.parameters}


def test_a_wrong_number_of_coordinates_is_refused(problem):
    with pytest.raises(ValueError, match=r"\(2, 3\), expected \(n, 8\)"):
        problem.log_prob(np.zeros((2, 3)))


def test_it_can_be_sent_to_a_worker(problem, theta, monkeypatch):
    again = pickle.loads(pickle.dumps(problem))
    np.testing.assert_array_equal(again.log_prob(theta), problem.log_prob(theta))
    assert again.fingerprint() == problem.fingerprint()


class TestFingerprint:
    def test_is_reproducible_and_ignores_run_control(self, config, problem):
        assert build_problem(config).fingerprint() == problem.fingerprint()
        other = with_overrides(config, ["sampling.seed=7", "convergence.max_rhat=1.1"])
        assert build_problem(other).fingerprint() == problem.fingerprint()
        assert all(isinstance(v, str) for v in problem.fingerprint().values())

    @pytest.mark.parametrize(
        ("assignment", "parts"),
        [
            ("data.ams02_bc_2016.rigidity_min=5", {"data.ams02_bc_2016"}),
            ("data.ams02_bc_2016.table=ams02_bc_2021", None),
            ("covariance.correlation_length=0.2", {"covariance"}),
            ("discrepancy.length=1.0", {"discrepancy"}),
            ("scenario_options.pivot=50.0", {"scenario_options"}),
        ],
    )
    def test_names_what_changed(self, config, problem, assignment, parts):
        before = problem.fingerprint()
        after = build_problem(with_overrides(config, [assignment])).fingerprint()
        changed = {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)}
        assert changed == parts if parts else "data.ams02_bc_2016" in changed

    def test_sees_priors_constraints_and_mock_data(self, tmp_path, problem):
        before = problem.fingerprint()
        priors = PRIORS.replace("high = 3.5", "high = 3.4").replace("below = 3.5", "below = 3.6")
        after = build_problem(load_config(write_run(tmp_path, CONFIG, priors))).fingerprint()
        changed = {k for k in before if before[k] != after[k]}
        assert changed == {"prior.slope", "prior.constraints"}
        mock = problem.likelihood.simulate(problem.likelihood.fiducial(), np.random.default_rng(1))
        after = problem.with_likelihood(mock).fingerprint()
        changed = {k for k in before if before[k] != after[k]}
        assert changed == {f"data.{name}" for name in problem.dataset_names}

    def test_sees_a_changed_table(self, tmp_path, config, problem):
        table = read_measurement("ams02_bc_2016").path
        lines = table.read_text().splitlines()
        lines[-1] = lines[-1].replace("0", "1", 1)
        mine = tmp_path / "ams02_bc_2016.ecsv"
        mine.write_text("\n".join(lines) + "\n")
        assert mine.read_text() != table.read_text()
        other = build_problem(with_overrides(config, [f"data.ams02_bc_2016.table={mine}"]))
        before, after = problem.fingerprint(), other.fingerprint()
        assert {k for k in before if before[k] != after[k]} == {"data.ams02_bc_2016"}


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("sampling.walkers=15", ["toy.toml", "sampling.walkers = 15", "16"]),
        ("scenario_options.pivt=3.0", ["toy.toml", "scenario_options", "pivt"]),
        ("scenario_options.pivot=-1.0", ["scenario_options", "pivot = -1.0", "above 0"]),
        ("data.ams02_bc_2016.rigidity_min=1e9", ["ams02_bc_2016", "rigidity_min"]),
        ("covariance.correlation_length={acceptanc=0.1}", ["did you mean 'acceptance'"]),
        ("priors=plausible", ["plausible.toml", "2 priors are missing", "parameter slope"]),
    ],
)
def test_what_only_shows_when_the_parts_meet(config, assignment, words):
    with pytest.raises(CrtuneError) as caught:
        build_problem(with_overrides(config, [assignment]))
    for word in words:
        assert word in str(caught.value)


def test_a_mock_is_recovered_at_its_maximum(problem):
    """The truth of a mock is a likely point, and being far from it is not."""
    rng = np.random.default_rng(4)
    truth = problem.likelihood.fiducial(discrepancy_proton_earth=0.02)
    mock = problem.with_likelihood(problem.likelihood.simulate(truth, rng))
    at_truth = np.array([[float(p.to_coordinate(truth[p.name][0])) for p in mock.parameters]])
    far = at_truth.copy()
    far[0, 1] += 0.2
    assert mock.log_prob(at_truth)[0, 0] > mock.log_prob(far)[0, 0] + 10


def test_problem_is_what_build_problem_makes(problem):
    assert isinstance(problem, Problem)
    assert problem.scenario.name == "toy_power_law"


@pytest.mark.parametrize("priors", ["plausible", "wide"])
def test_two_phase_is_finite_all_over_both_priors(tmp_path, priors):
    text = (
        CONFIG.replace("toy_power_law", "two_phase")
        .replace("priors.toml", priors)
        .replace("32", "64")
    )
    problem = build_problem(load_config(write_run(tmp_path, text + "[data.voyager1_bc]\n")))
    theta = problem.sample_prior(400, np.random.default_rng(5))
    corners = problem.prior_transform(np.random.default_rng(6).choice([1e-6, 1 - 1e-6], (200, 18)))
    corners = corners[np.isfinite(problem.log_prior(corners))]
    assert problem.ndim == 18
    assert len(corners) > 50
    assert np.isfinite(problem.log_prob(np.concatenate([theta, corners]))).all()
    assert problem.nan_count == 0


@pytest.mark.parametrize("priors", ["plausible", "wide"])
def test_absolute_fluxes_of_nuclei_can_be_fitted(priors):
    config = config_from_toml(
        f'scenario = "two_phase"\npriors = "{priors}"\n'
        "[data.ams02_boron_2021]\n[data.ams02_carbon_2021]\n"
    )
    problem = build_problem(config)
    assert "log10_nuclei_normalisation" in problem.names
    theta = problem.sample_prior(20, np.random.default_rng(0))
    assert np.isfinite(problem.log_prob(theta)).all()
