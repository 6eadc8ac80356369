"""Hold-outs of a config: outside the problem, in its checks."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.checks.heldout import (
    ENOUGH,
    check_holdouts,
    held_out,
    holdout_points,
    with_own_nuisances,
)
from pipeline.checks.report import config_with_holdouts, format_report, run_checks, save_report
from pipeline.config.load import config_from_toml
from pipeline.figures.check_plot import features_figure, holdouts_figure
from pipeline.figures.posterior_spectra import posterior_spectra
from pipeline.figures.spectra_plot import spectra_figure
from pipeline.from_config import build_problem, read_holdouts
from tests.pipeline.figures.fake_posterior import fake_posterior, texts
from transport.errors import CrtuneError

FITTED = """
scenario = "kolmogorov"
[data.ams02_proton_2015]
rigidity_min = 10.0
[data.ams02_bc_2016]
[discrepancy.groups]
bc = ["ams02_bc_2016"]
"""
HELD = """
[data.calet_bc_2022]
holdout = true
[data.ams02_proton_2021]
holdout = true
"""


@pytest.fixture(scope="module")
def config():
    return config_from_toml(FITTED + HELD)


@pytest.fixture(scope="module")
def problem(config):
    return build_problem(config)


@pytest.fixture(scope="module")
def posterior(problem):
    posterior = fake_posterior(problem)
    posterior.provenance["config"] = config_from_toml(FITTED).to_toml()
    return posterior


def test_holdouts_are_no_part_of_the_problem(problem):
    plain = build_problem(config_from_toml(FITTED))
    assert problem.names == plain.names
    assert problem.fingerprint() == plain.fingerprint()
    named = FITTED.replace('["ams02_bc_2016"]', '["ams02_bc_2016", "calet_bc_2022"]')
    assert build_problem(config_from_toml(named + HELD)).fingerprint() == plain.fingerprint()


def test_holdouts_join_the_discrepancy_of_fitted_data_of_their_kind(config, problem):
    held = held_out(config, problem)
    assert held["calet_bc_2022"].group == "bc"
    assert held["ams02_proton_2021"].group == "proton_earth"
    assert [p.name for p in held["calet_bc_2022"].nuisances] == ["phi_calet_2015_2022"]
    theta = problem.sample_prior(500, np.random.default_rng(1))
    values = with_own_nuisances(
        config, problem, held["calet_bc_2022"], theta, np.random.default_rng(2)
    )
    potential = values["phi_calet_2015_2022"]
    assert potential.mean() == pytest.approx(0.65, abs=0.02)
    assert potential.std() == pytest.approx(0.1, abs=0.015)


def test_a_potential_of_a_holdout_can_be_fixed(tmp_path, problem):
    entry = "phi_calet_2015_2022 = { fixed = 0.4 }"
    (tmp_path / "mine.toml").write_text(f'extends = "plausible"\n[nuisance]\n{entry}\n')
    config = config_from_toml(f'priors = "mine.toml"\n{FITTED}{HELD}', tmp_path / "run.toml")
    theta = problem.sample_prior(20, np.random.default_rng(1))
    held = held_out(config, problem)["calet_bc_2022"]
    values = with_own_nuisances(config, problem, held, theta, np.random.default_rng(2))
    np.testing.assert_array_equal(values["phi_calet_2015_2022"], np.full(20, 0.4))
    found = check_holdouts(config, problem, theta, np.random.default_rng(2))["calet_bc_2022"]
    assert found.integrated == ()
    assert np.isfinite(found.score.log_density)
    measured, _ = holdout_points(config, problem, theta[0])["calet_bc_2022"]
    assert measured.name == "calet_bc_2022"


def test_a_potential_can_be_shared(problem):
    shared = FITTED + HELD + '[modulation.groups]\nsun = ["ams02_bc_2016", "calet_bc_2022"]\n'
    config = config_from_toml(shared)
    both = build_problem(config)
    assert [n for n in both.names if n.startswith("phi")] == ["phi_ams02_2011_2013", "phi_sun"]
    assert both.fingerprint()["modulation"] == '{"sun": ["ams02_bc_2016"]}'
    assert not held_out(config, both)["calet_bc_2022"].nuisances
    # The same numbers as with a potential of its own.
    theta = problem.sample_prior(3, np.random.default_rng(1))
    np.testing.assert_array_equal(both.log_likelihood(theta), problem.log_likelihood(theta))
    one = FITTED + '[modulation.groups]\nams = ["ams02_bc_2016", "ams02_proton_2015"]\n'
    assert [n for n in build_problem(config_from_toml(one)).names if "phi" in n] == ["phi_ams"]


def test_overlapping_periods_are_told(config, problem):
    theta = problem.sample_prior(60, np.random.default_rng(1))
    found = check_holdouts(config, problem, theta, np.random.default_rng(2))
    assert not found["calet_bc_2022"].shares
    assert "shares events with ams02_proton_2015" in found["ams02_proton_2021"].shares


def test_what_is_fitted_cannot_be_held_out():
    twin = FITTED + '[data.twin]\ntable = "ams02_bc_2016_ekn"\nholdout = true\n'
    with pytest.raises(CrtuneError, match="also fitted, as ams02_bc_2016: both tables are from"):
        read_holdouts(config_from_toml(twin))
    apart = FITTED.replace("[data.ams02_bc_2016]", "[data.ams02_bc_2016]\nrigidity_max = 101.0")
    rest = '[data.rest]\ntable = "ams02_bc_2016"\nrigidity_min = 100.0\nholdout = true\n'
    assert read_holdouts(config_from_toml(apart + rest))["rest"].n_bins == 20


def test_holdouts_are_those_of_today_and_the_rest_is_what_was_sampled(posterior, tmp_path):
    path = tmp_path / "run.toml"
    named = FITTED.replace('["ams02_bc_2016"]', '["ams02_bc_2016", "calet_bc_2022"]')
    path.write_text(named + HELD + "[covariance]\nmode = 'diagonal'\n")
    config = config_with_holdouts(posterior, tmp_path / "run")
    assert config.holdouts == ["calet_bc_2022", "ams02_proton_2021"]
    assert config.covariance.mode == "full"
    assert config.discrepancy.groups == {"bc": ["ams02_bc_2016", "calet_bc_2022"]}
    path.unlink()
    assert config_with_holdouts(posterior, tmp_path / "run").holdouts == []
    override = ("data.dampe_bc_2022.holdout=true",)
    assert config_with_holdouts(posterior, tmp_path / "run", override).holdouts == ["dampe_bc_2022"]


def test_more_draws_predict_where_few_carry_the_density(config, problem):
    theta = problem.sample_prior(700, np.random.default_rng(1))
    few, more = (
        check_holdouts(config, problem, theta, np.random.default_rng(2), 50, most)["calet_bc_2022"]
        for most in (50, 400)
    )
    assert few.draws == 50
    assert few.score.effective_draws < ENOUGH
    assert more.draws in (100, 200, 400)
    assert more.draws == 400 or more.score.effective_draws >= ENOUGH
    assert check_holdouts(config, problem, theta, np.random.default_rng(2), 700, 50)[
        "calet_bc_2022"
    ].draws == len(theta)


def test_report_figures_and_identity(config, problem, posterior, tmp_path):
    report = run_checks(posterior, problem, config, draws=80)
    again = run_checks(posterior, problem, config, draws=80)
    assert report.identity == again.identity
    assert format_report(report) == format_report(again)
    fewer = config_from_toml(FITTED + "[data.calet_bc_2022]\nholdout = true\n")
    assert run_checks(posterior, problem, fewer, draws=80).identity != report.identity
    assert run_checks(posterior, problem, config, draws=79).identity != report.identity
    text = format_report(report)
    assert "ams02_proton_2021 IS NO HOLD-OUT" in text
    assert "integrated over their prior: phi_calet_2015_2022" in text
    assert "delta 20-500 GV" in text
    saved = save_report(report, SimpleNamespace(label="converged"), tmp_path)
    assert report.identity in saved.read_text()
    figure = holdouts_figure(report, config, posterior.verdict)
    assert any("NO HOLD-OUT" in t for t in texts(figure))
    assert "real data" in texts(features_figure(report.fitted, posterior.verdict))


def test_spectra_show_holdouts_as_not_fitted(config, problem, posterior):
    points = holdout_points(config, problem, posterior.best())
    spectra = posterior_spectra(posterior, problem, 20, points)
    figure = spectra_figure(spectra, problem.likelihood, posterior.verdict)
    assert {"CALET B/C 2022: not fitted", "AMS-02 p 2021: not fitted"} <= set(texts(figure))
