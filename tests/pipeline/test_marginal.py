"""Amplitudes integrated out against adaptive quadrature, and drawn again against brute force."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import logsumexp
from scipy.stats import kstest

from pipeline.config.load import config_from_toml
from pipeline.from_config import build_problem
from pipeline.marginal import DRAWN_NODES, Marginal, amplitude_columns
from pipeline.problem import Problem
from pipeline.tuning.estimators.nested import NestedSettings, run_nested
from pipeline.tuning.measures.bridge import bridge_evidence
from pipeline.tuning.measures.tempered import tempered_curve
from priors.constraints import Constraint
from priors.distributions import log_normal, uniform
from priors.prior import Prior
from tests.toy_problems import GaussianProblem
from transport.errors import CrtuneError

RUN = """
scenario = "kolmogorov"
priors = "{priors}"
[data.ams02_proton_2015]
rigidity_min = 10.0
[data.ams02_bc_2016]
[data.voyager1_proton_2013]
[sampling]
walkers = 40
"""


@pytest.fixture(scope="module", params=["plausible", "wide"])
def problem(request):
    return build_problem(config_from_toml(RUN.format(priors=request.param)))


@pytest.fixture
def theta(problem):
    """Points that fit, badly and well: 40 of the prior, and around its best, (60, ndim)."""
    rng = np.random.default_rng(5)
    points = problem.sample_prior(4000, rng)
    best = points[np.argmax(problem.log_likelihood(points).sum(axis=1))]
    width = 0.01 * points.std(axis=0)
    return np.concatenate([points[:40], best + width * rng.standard_normal((20, problem.ndim))])


def with_mass(problem, theta, mass):
    """Points (m, ndim) with all amplitudes at prior masses (m,) instead."""
    columns = amplitude_columns(problem)
    u = np.full((len(mass), problem.ndim), 0.5)
    u[:, columns] = np.asarray(mass)[:, None]
    points = np.repeat(theta[None], len(mass), axis=0)
    points[:, columns] = problem.prior_transform(u)[:, columns]
    return points


def test_the_integral_is_that_of_adaptive_quadrature(problem, theta):
    marginal = Marginal(problem)
    found = marginal.log_likelihood(theta)
    names = problem.dataset_names
    for point, value in zip(theta[::6], found[::6], strict=True):
        exact = 0.0
        for i in range(len(names)):  # each data set is a group of its own here
            fine = np.linspace(0.0, 1.0, 2001)
            peak = problem.log_likelihood(with_mass(problem, point, fine))[:, i]

            top, middle = peak.max(), fine[np.argmax(peak)]

            def integrand(u, i=i, point=point, top=top):
                log_l = problem.log_likelihood(with_mass(problem, point, [u]))[0, i]
                return np.exp(log_l - top)

            area, _ = quad(integrand, 0.0, 1.0, points=[middle], epsabs=0, epsrel=1e-8, limit=200)
            exact += np.log(area) + top
        assert value == pytest.approx(exact, abs=1e-5)


@pytest.mark.parametrize(
    "amplitude",
    [log_normal(0.05, 0.3), uniform(1e-3, 30.0), uniform(0.01, 1.0)],
    ids=["log-normal", "uniform, wide", "uniform"],
)
def test_any_prior_of_an_amplitude_is_integrated(problem, theta, amplitude):
    """Nodes placed by prior mass would miss the upper tail, where interstellar protons pull."""
    columns = amplitude_columns(problem)
    prior = problem.prior
    distributions = [amplitude if i in columns else d for i, d in enumerate(prior.distributions)]
    problem = Problem(problem.scenario, problem.likelihood, Prior(prior.parameters, distributions))
    coarse, fine = Marginal(problem), Marginal(problem, 2000)
    good = theta[40:]
    np.testing.assert_allclose(
        coarse.log_likelihood(good), fine.log_likelihood(good), rtol=0, atol=1e-3
    )


def test_groups_at_their_own_amplitude_add_up_to_the_likelihood(problem, theta):
    marginal = Marginal(problem, nodes=5)
    # the amplitudes are log-uniform: nodes in the coordinate are nodes in prior mass
    for node, mass in enumerate(0.5 * (1.0 + np.polynomial.legendre.leggauss(5)[0])):
        points = np.concatenate([with_mass(problem, point, [mass]) for point in theta])
        parts = sum(group[:, node] for group in marginal.by_amplitude(theta))
        np.testing.assert_allclose(parts, problem.log_likelihood(points).sum(axis=1), rtol=1e-10)


def test_drawn_amplitudes_follow_their_conditional_posterior(problem, theta):
    marginal, rng = Marginal(problem, DRAWN_NODES), np.random.default_rng(8)
    point, n = theta[-1], 4000
    drawn = marginal.with_amplitudes(np.repeat(point[None], n, axis=0), rng)
    columns = amplitude_columns(problem)
    others = np.setdiff1d(np.arange(problem.ndim), columns)
    np.testing.assert_array_equal(drawn[:, others], np.repeat(point[None, others], n, axis=0))
    mass = np.linspace(0.0, 1.0, 4001)
    log_l = problem.log_likelihood(with_mass(problem, point, mass))
    found = problem.prior_cdf(drawn)[:, columns]
    for i, column in enumerate(found.T):
        density = np.exp(log_l[:, i] - log_l[:, i].max())
        cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
        cumulative /= cumulative[-1]
        assert kstest(column, lambda u, c=cumulative: np.interp(u, mass, c)).pvalue > 1e-3


def test_without_amplitudes_it_is_the_problem_itself():
    problem = GaussianProblem(ndim=3)
    marginal, rng = Marginal(problem), np.random.default_rng(1)
    theta = problem.prior_transform(rng.random((7, 3)))
    assert marginal.ndim == 3
    np.testing.assert_array_equal(
        marginal.log_likelihood(theta), problem.log_likelihood(theta).sum(axis=1)
    )
    np.testing.assert_array_equal(marginal.with_amplitudes(theta, rng), theta)


def test_a_fixed_amplitude_is_no_amplitude_to_integrate(tmp_path):
    """The likelihood at it, exactly; the other group is integrated as before."""
    path = tmp_path / "priors.toml"
    path.write_text(
        'extends = "plausible"\n[nuisance]\ndiscrepancy_proton_earth = { fixed = 0.07 }\n'
        "discrepancy_proton_interstellar = { fixed = 0.2 }\n"
    )
    problem = build_problem(config_from_toml(RUN.format(priors=path)))
    marginal = Marginal(problem)
    (index,) = amplitude_columns(problem)
    assert problem.names[index] == "log10_discrepancy_boron_to_carbon"
    rng = np.random.default_rng(7)
    theta = problem.sample_prior(30, rng)
    drawn = marginal.with_amplitudes(theta, rng)
    assert np.all((drawn != theta).sum(axis=1) == 1)
    # by brute force over a fine grid of the one amplitude that is sampled
    u = (np.arange(4000) + 0.5) / 4000
    cube = np.full((4000, problem.ndim), 0.5)
    cube[:, index] = u
    grid = problem.prior_transform(cube)[:, index]
    for state, found in zip(theta[:3], marginal.log_likelihood(theta[:3]), strict=True):
        states = np.tile(state, (4000, 1))
        states[:, index] = grid
        direct = logsumexp(problem.log_likelihood(states).sum(axis=1)) - np.log(4000)
        assert found == pytest.approx(direct, abs=2e-3)


def test_a_constraint_on_an_amplitude_is_refused(problem):
    prior = problem.prior
    name = problem.parameters[amplitude_columns(problem)[0]].name
    walls = Prior(prior.parameters, prior.distributions, [Constraint(name, high=0.5)])
    problem = build_problem(config_from_toml(RUN.format(priors="plausible")))
    problem.prior = walls
    with pytest.raises(CrtuneError, match=f"{name}.*narrow its prior"):
        Marginal(problem)


CHEAP = """
scenario = "kolmogorov"
[data.ams02_proton_2015]
rigidity_min = 30.0
[sampling]
walkers = 40
"""


@pytest.fixture(scope="module")
def run():
    problem = build_problem(config_from_toml(CHEAP))
    return problem, run_nested(problem, NestedSettings(n_live=300, n_eff=4000), seed=1)


def test_nested_run_has_the_evidence_of_a_bridge_from_its_own_draws(run):
    """The bridge knows nothing of the integral: it works in all coordinates."""
    problem, nested = run
    rng = np.random.default_rng(4)
    draws = nested.draws(4000, rng).reshape(4, 50, 20, problem.ndim)
    bridge = bridge_evidence(problem, draws, rng)
    assert nested.log_z == pytest.approx(bridge.log_z, abs=0.1 + 3.0 * bridge.log_z_error)
    again = problem.log_likelihood(nested.theta).sum(axis=1)
    np.testing.assert_allclose(nested.log_likelihood, again, rtol=1e-10)
    integrated = Marginal(problem).log_likelihood(nested.theta)
    weight = nested.log_volume + integrated - nested.log_z
    np.testing.assert_allclose(weight, nested.log_weight, atol=1e-6)


def test_tempered_curve_integrates_the_amplitudes_at_every_power(run):
    problem, nested = run
    curve = tempered_curve(nested, np.array([0.01, 1.0]), Marginal(problem))
    assert curve.log_z[-1] == pytest.approx(nested.log_z, abs=1e-6)
    kept = nested.log_weight > nested.log_weight.max() - 30.0
    weight = np.exp(nested.log_weight[kept])
    fit = np.average(nested.log_likelihood[kept], weights=weight)
    assert curve.cost[-1] == pytest.approx(fit - nested.log_z, abs=0.15)
    prior = problem.sample_prior(40_000, np.random.default_rng(2))
    powers = 0.01 * problem.log_likelihood(prior).sum(axis=1)
    direct = logsumexp(powers) - np.log(len(powers))
    assert curve.log_z[0] == pytest.approx(direct, abs=0.1)
    with pytest.raises(ValueError, match="marginal"):
        tempered_curve(nested)
