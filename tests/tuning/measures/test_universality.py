"""Scatter of the medium against slopes whose distribution is known."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import kstest, uniform

from pipeline.problem import Problem
from pipeline.tuning.measures.universality import DEX, Universality, environment, universality
from pipeline.tuning.study import store
from priors.constraints import Constraint
from priors.distributions import log_uniform
from priors.distributions import uniform as flat
from priors.prior import Prior
from priors.sets import load_prior_set
from transport.errors import CrtuneError
from transport.parameters import Parameter
from transport.scenario import Scenario, Spectra, get_scenario

N = 2000


class Medium(Scenario):
    """delta = 0.45 + 0.5 log10(n), proton slope -(g + h): n and h are medium, g is injection."""

    name = "medium_toy"
    title = "test"
    parameters = (
        Parameter("n", "", "n", "test", 1.0, scale="log10", medium="halo"),
        Parameter("h", "", "h", "test", 1.0, medium="warm layer"),
        Parameter("g", "", "g", "test", 2.0, medium="injection"),
    )

    def spectra(self, values, rigidity):
        v = {k: np.asarray(a, dtype=float)[:, None] for k, a in values.items()}
        proton = rigidity ** -(v["g"] + v["h"])
        return Spectra(
            rigidity, proton, proton, proton * rigidity ** -(0.45 + 0.5 * np.log10(v["n"]))
        )


def problem(constraints=()):
    scenario = Medium()
    distributions = [log_uniform(0.1, 10.0), flat(0.2, 1.8), flat(1.0, 3.0)]
    prior = Prior(scenario.parameters, distributions, constraints, scenario.derived)
    return Problem(scenario, SimpleNamespace(dataset_names=()), prior)


BEST = np.array([0.1, 1.0, 2.2])


def test_prior_scatter_moves_the_medium_alone():
    """delta is flat in 0.45 +- 0.5, the slope in -2.2 - (0.2 to 1.8); KS at 1e-3."""
    result = universality(problem(), BEST, BEST, np.random.default_rng(1), "prior", N)
    assert result.varied == ("n", "h")
    assert kstest(result.delta, uniform(-0.05, 1.0).cdf).pvalue > 1e-3
    assert kstest(-result.proton_slope, uniform(2.4, 1.6).cdf).pvalue > 1e-3
    assert result.delta_best == pytest.approx(0.5)
    assert result.proton_slope_best == pytest.approx(-3.2)
    assert abs(result.score - 0.3) < 4 * result.score_error
    assert result.score_error == pytest.approx(np.sqrt(0.3 * 0.7 / N), rel=0.1)  # one theory
    assert result.inside == 1.0
    assert result.failed == 0


def test_factor_scatter_is_about_the_best_fit():
    """delta in 0.5 +- 0.15, of which 5/6 lie within 0.35-0.6; h = 10^(+-0.3)."""
    result = universality(problem(), BEST, BEST, np.random.default_rng(2), "factor", N)
    assert kstest(result.delta, uniform(0.5 - 0.5 * DEX, DEX).cdf).pvalue > 1e-3
    log_h = np.log10(-result.proton_slope - 2.2)
    assert kstest(log_h, uniform(-DEX, 2 * DEX).cdf).pvalue > 1e-3
    assert abs(result.score - 0.25 / 0.3) < 4 * result.score_error
    assert result.delta_interval[1] == pytest.approx(0.5, abs=0.02)


def test_constraints_are_kept_and_counted():
    """n > 1 keeps half of the prior, and delta above 0.45."""
    walled = problem([Constraint("n", low=1.0)])
    result = universality(walled, BEST, BEST, np.random.default_rng(3), "prior", N)
    assert result.inside == pytest.approx(0.5, abs=0.05)
    assert len(result.delta) == N
    assert result.delta.min() >= 0.45 - 1e-9


def test_a_theory_without_a_galaxy_inside_the_constraints_is_left_out():
    walled = problem([Constraint("g", low=1.5)])
    theories = np.tile(BEST, (4, 1))
    theories[0, 2] = 1.2
    result = universality(walled, BEST, theories, np.random.default_rng(3), "prior", 400)
    assert result.failed == 100
    assert len(result.delta) == 300


def test_an_impossible_scatter_and_an_unknown_one_are_refused():
    walled = problem([Constraint("g", low=2.5)])
    with pytest.raises(CrtuneError, match=r"0% are inside the prior's constraints \(.*g.*\)"):
        universality(walled, BEST, BEST, np.random.default_rng(3), "prior", 50)
    with pytest.raises(ValueError, match="neither"):
        universality(problem(), BEST, BEST, np.random.default_rng(3), "narrow", 50)


def test_the_error_of_a_score_of_one_is_not_zero():
    tight = BEST.copy()
    tight[0] = 0.0
    result = universality(problem(), tight, tight, np.random.default_rng(4), "factor", 200)
    assert result.score == 1.0
    assert 0 < result.score_error < 0.01


def test_the_error_of_a_score_is_how_theories_differ():
    """g leaves delta alone, n(best) moves its window: half of the theories have no galaxy in it."""
    theories = np.tile(BEST, (40, 1))
    theories[::2, 0] = 1.0  # delta 0.95 +- 0.15
    result = universality(problem(), BEST, theories, np.random.default_rng(5), "factor", N)
    share = 0.25 / 0.3
    assert result.theories == 40
    assert result.score == pytest.approx(0.5 * share, abs=0.03)
    # sd of 0 and 5/6, and that of the mean over 40
    assert result.score_error == pytest.approx(0.5 * share * np.sqrt(1 + 1 / 40), rel=0.03)
    assert result.delta_best == pytest.approx(0.5)


def test_few_galaxies_of_each_theory_are_no_difference_between_theories():
    """All theories are one: what their shares scatter by, sqrt(p (1 - p) / 5), is the draw of
    galaxies alone, and the error is little more than that of the mean."""
    theories = np.tile(BEST, (400, 1))
    result = universality(problem(), BEST, theories, np.random.default_rng(6), "factor", N)
    noise = np.sqrt(result.score * (1.0 - result.score) / 5)
    assert noise > 0.1
    assert result.score_error < 0.4 * noise
    assert result.score_error > 0.9 * noise / np.sqrt(400)


class Choosy(Medium):
    """Refuses a whole batch for one medium, as scenarios do outside the range of their theory."""

    def spectra(self, values, rigidity):
        if np.any(values["h"] < 0.6):
            raise ValueError("h must be at least 0.6")
        return super().spectra(values, rigidity)


def test_media_that_the_scenario_refuses_are_left_out():
    """h = 10^(+-0.3), of which log10(0.6 / 0.501) / 0.6 are below 0.6."""
    made = problem()
    choosy = Problem(Choosy(), SimpleNamespace(dataset_names=()), made.prior)
    result = universality(choosy, BEST, BEST, np.random.default_rng(2), "factor", N)
    assert result.failed / N == pytest.approx((np.log10(0.6) + DEX) / (2 * DEX), abs=0.03)
    assert len(result.delta) == N - result.failed
    assert result.proton_slope.max() < -2.2 - 0.6
    far = BEST.copy()
    far[1] = 0.4
    with pytest.raises(CrtuneError, match=r"refused some: h must be at least 0\.6"):
        universality(choosy, BEST, far, np.random.default_rng(2), "factor", N)


def test_what_is_environment():
    def of(name, **options):
        parameters = get_scenario(name, **options).parameters
        return {p.name for p, e in zip(parameters, environment(parameters), strict=True) if e}

    assert of("two_phase", amplitudes=True) == {
        "r", "n_hot", "T_hot", "B_hot", "n_warm", "T_warm", "B_warm", "Ma", "L", "z_W", "column",
    }  # fmt: skip
    assert of("power_law_diffusion") == {"r", "kappa_0", "H", "column"}
    assert {"lambda1", "lambda2"} <= of("stratified_halo")
    free = of("power_law_diffusion", low_energy="break")
    assert free.isdisjoint({"delta", "delta_low", "eta", "R_low"})
    assert "a_damp" not in of("self_confinement_linear", damping="power_law")
    assert of("pressure_anisotropy").isdisjoint({"A_nl"})


def test_a_law_is_what_declares_itself_one():
    """Whatever its name; and a name that looks like one is none."""
    parameters = Medium.parameters
    lawful = [replace(p, is_law=p.name == "h") for p in parameters]
    np.testing.assert_array_equal(environment(parameters), [True, True, False])
    np.testing.assert_array_equal(environment(lawful), [True, False, False])
    np.testing.assert_array_equal(environment([replace(parameters[0], name="A_n")]), [True])


def test_a_universal_law_is_universal(tmp_path):
    """Kolmogorov diffusion: other galaxies have other fluxes but the same delta."""
    scenario = get_scenario("kolmogorov")
    prior = load_prior_set("plausible").prior(scenario)
    kolmogorov = Problem(scenario, SimpleNamespace(dataset_names=()), prior)
    best = np.array([p.to_coordinate(p.fiducial) for p in kolmogorov.parameters])
    result = universality(kolmogorov, best, best, np.random.default_rng(6), "prior", 300)
    np.testing.assert_allclose(result.delta, 1 / 3, atol=1e-6)
    assert result.score == 1.0
    store.save(tmp_path / "u.hdf5", result, "key")
    again = store.load(tmp_path / "u.hdf5", Universality, "key")
    np.testing.assert_array_equal(again.delta, result.delta)
