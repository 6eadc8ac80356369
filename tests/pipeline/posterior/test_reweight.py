"""Reweighting against closed forms: a Gaussian likelihood under Gaussian priors."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from pipeline.posterior.convergence import assess
from pipeline.posterior.load import Posterior
from pipeline.posterior.reweight import prior_of_set, reweight, weighted_table, write_weighted
from priors.constraints import Constraint
from priors.distributions import normal, uniform
from priors.prior import Prior
from tests.pipeline.figures.fake_posterior import fake_posterior, make_problem
from transport.errors import CrtuneError
from transport.parameters import Parameter

X = Parameter("x", "", "x", "test", 0.0)
DATUM, ERROR = 1.0, 0.5
SHAPE = (4, 500, 20)


def posterior_under(distribution_mean, distribution_sd):
    """(mean, sd) of the posterior, and ln Z."""
    precision = 1 / ERROR**2 + 1 / distribution_sd**2
    mean = (DATUM / ERROR**2 + distribution_mean / distribution_sd**2) / precision
    spread = np.hypot(ERROR, distribution_sd)
    return mean, precision**-0.5, stats.norm(distribution_mean, spread).logpdf(DATUM)


def posterior_of(prior, draws):
    chain = draws.reshape(*SHAPE, 1)
    log_prob = stats.norm(DATUM, ERROR).logpdf(draws) + prior.log_density(draws[:, None])
    log_prob = log_prob.reshape(SHAPE)
    verdict = replace(assess(chain, log_prob, ("x",), min_n_tau=10), converged=True, reasons=())
    return Posterior(
        chain, log_prob, {"log_prior": log_prob}, ("x",), ("$x$",), ("x",), ("",), verdict, {}
    )


@pytest.fixture(scope="module")
def run():
    prior = Prior([X], [normal(0.0, 1.0)], source="old.toml")
    mean, sd, _ = posterior_under(0.0, 1.0)
    draws = np.random.default_rng(1).normal(mean, sd, int(np.prod(SHAPE)))
    return posterior_of(prior, draws), SimpleNamespace(prior=prior)


@pytest.mark.parametrize(("new_mean", "new_sd"), [(0.5, 0.7), (0.0, 0.5), (0.0, 1.0)])
def test_mean_width_and_evidence_are_those_of_the_new_prior(run, new_mean, new_sd):
    posterior, problem = run
    found = reweight(posterior, problem, Prior([X], [normal(new_mean, new_sd)], source="new.toml"))
    mean, sd, log_z = posterior_under(new_mean, new_sd)
    error = sd / np.sqrt(found.size)
    x, w = posterior.flat[:, 0], found.weight
    assert w.sum() == pytest.approx(1.0)
    assert w @ x == pytest.approx(mean, abs=5 * error)
    assert np.sqrt(w @ (x - w @ x) ** 2) == pytest.approx(sd, abs=5 * error)
    change = log_z - posterior_under(0.0, 1.0)[2]
    assert found.delta_log_z == pytest.approx(change, abs=5 * found.delta_log_z_error + 1e-9)
    assert found.reasons == ()
    (row,) = weighted_table(posterior, found)
    assert row["median_after"] == pytest.approx(mean, abs=6 * error)
    assert row["value_84_after"] == pytest.approx(mean + 0.9945 * sd, abs=8 * error)
    drawn = found.draws(posterior, 20_000, np.random.default_rng(2))[:, 0]
    assert drawn.mean() == pytest.approx(mean, abs=6 * error + 0.01)


def test_independent_draws_lose_what_the_weights_take(run):
    """Gaussian weights: the share left is known, and independent draws count each."""
    posterior, problem = run
    found = reweight(posterior, problem, Prior([X], [normal(0.0, 0.5)], source="new"))
    mean, sd, _ = posterior_under(0.0, 1.0)
    x = np.linspace(-8, 8, 20_001)
    p = stats.norm(mean, sd).pdf(x)
    w = stats.norm(0, 0.5).pdf(x) / stats.norm(0, 1).pdf(x)
    share = np.trapezoid(p * w, x) ** 2 / np.trapezoid(p * w**2, x)
    assert found.kish == pytest.approx(share, rel=0.03)
    ess = min(min(posterior.verdict.ess.values()), len(posterior.flat))
    assert found.size == pytest.approx(share * ess, rel=0.03)


def test_normalisation_to_constraints_enters_the_evidence(run):
    posterior, problem = run
    cut = Prior([X], [normal(0.0, 1.0)], [Constraint("x", low=0.0)], source="cut")
    found = reweight(posterior, problem, cut)
    mean, sd, _ = posterior_under(0.0, 1.0)
    expected = np.log(stats.norm(mean, sd).sf(0.0) / 0.5)
    assert found.delta_log_z == pytest.approx(expected, abs=0.03)


def test_what_cannot_be_trusted_is_said(run):
    posterior, problem = run
    far = reweight(posterior, problem, Prior([X], [normal(4.0, 0.1)], source="far"))
    assert any("effective size" in reason for reason in far.reasons)
    assert "DO NOT TRUST" in far.banner()
    boxed = SimpleNamespace(prior=Prior([X], [uniform(-3.0, 5.0)], source="box"))
    wider = reweight(posterior, boxed, Prior([X], [uniform(-7.0, 9.0)], source="wider"))
    (reason,) = wider.reasons
    assert reason.startswith("50% of the new prior")
    unconverged = replace(posterior.verdict, converged=False, reasons=("short",))
    bad = reweight(replace(posterior, verdict=unconverged), problem, problem.prior)
    assert bad.reasons == ("the run itself is NOT CONVERGED",)
    with pytest.raises(CrtuneError, match="excludes every draw"):
        reweight(posterior, problem, Prior([X], [uniform(50.0, 51.0)], source="nowhere"))


def test_heavy_tails_are_told_by_the_pareto_shape():
    """From a narrow posterior to a wider one the largest weights rule, however many there are."""
    prior = Prior([X], [normal(0.0, 0.2)], source="narrow")
    mean, sd, _ = posterior_under(0.0, 0.2)
    draws = np.random.default_rng(3).normal(mean, sd, int(np.prod(SHAPE)))
    found = reweight(
        posterior_of(prior, draws), SimpleNamespace(prior=prior), Prior([X], [normal(0, 2)])
    )
    assert found.pareto_k > 0.7
    assert any("Pareto" in reason for reason in found.reasons)


def test_sets_that_sample_other_coordinates_are_refused(tmp_path):
    problem = make_problem("kolmogorov")
    assert prior_of_set(problem, "wide").parameters == problem.parameters
    path = tmp_path / "mine.toml"
    path.write_text('extends = "plausible"\n[parameters]\nH = { fixed = 4.0 }\n')
    with pytest.raises(CrtuneError, match=r"mine.toml: samples other coordinates.*\(H\)"):
        prior_of_set(problem, path)


def test_the_table_carries_its_verdict(tmp_path):
    problem = make_problem("kolmogorov")
    posterior = fake_posterior(problem)
    found = reweight(posterior, problem, prior_of_set(problem, "wide"))
    path = write_weighted(weighted_table(posterior, found), found, tmp_path / "table.csv")
    head, *rows = path.read_text().splitlines()
    assert head.startswith("name,unit,median_before")
    assert len(rows) == problem.ndim
    assert all(row.endswith("DO NOT TRUST") for row in rows)
