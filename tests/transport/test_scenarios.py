"""What every scenario promises, whatever its physics: declarations, options, finite fluxes."""

import itertools
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from likelihoods.prediction import NUCLEI_NORMALISATION, potential_parameter
from pipeline.config.load import load_config, with_overrides
from pipeline.from_config import build_problem
from pipeline.problem import Problem
from priors.sets import load_prior_set
from transport.options import ScenarioWithOptions
from transport.parameters import Parameter
from transport.scenario import get_scenario, scenario_names

RUNS = Path(__file__).resolve().parents[2] / "runs"
NAMES = [name for name in scenario_names() if type(get_scenario(name)).__module__.startswith(
    "transport.scenarios.")]  # fmt: skip
RIGIDITY = np.geomspace(0.05, 1e5, 61)


def variants():
    for name in NAMES:
        options = type(get_scenario(name)).options
        for values in itertools.product(*(o.choices for o in options.values())):
            yield name, dict(zip(options, values, strict=True))


VARIANTS = list(variants())
IDS = [" ".join([n, *(str(v) for v in o.values())]) for n, o in VARIANTS]


def test_the_paper_is_complete():
    assert {
        "two_phase", "stratified_halo", "self_confinement_linear", "self_confinement_nonlinear",
        "fast_modes", "weak_shocks", "kolmogorov", "power_law_diffusion", "pressure_anisotropy",
        "undamped_cascade", "two_phase_stratified",
    } <= set(NAMES)  # fmt: skip


@pytest.mark.parametrize(("name", "options"), VARIANTS, ids=IDS)
def test_fluxes_are_finite_and_positive_for_any_prior_draw(name, options):
    scenario = get_scenario(name, **options)
    rng = np.random.default_rng(7)
    for prior_set in ("plausible", "wide"):
        prior = load_prior_set(prior_set).prior(scenario)
        values = prior.values(prior.sample(48, rng))
        spectra = scenario.spectra(values, RIGIDITY)
        for flux in (spectra.proton, spectra.carbon, spectra.boron):
            assert flux.shape == (48, len(RIGIDITY))
            assert np.all(np.isfinite(flux) & (flux > 0))


@pytest.mark.parametrize(("name", "options"), VARIANTS, ids=IDS)
def test_walkers_of_a_batch_do_not_see_each_other(name, options):
    scenario = get_scenario(name, **options)
    prior = load_prior_set("plausible").prior(scenario)
    values = prior.values(prior.sample(3, np.random.default_rng(3)))
    together = scenario.spectra(values, RIGIDITY)
    alone = scenario.spectra({k: v[1:2] for k, v in values.items()}, RIGIDITY)
    np.testing.assert_allclose(together.proton[1:2], alone.proton, rtol=1e-10)
    np.testing.assert_allclose(together.boron[1:2], alone.boron, rtol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_terms_add_up(name):
    scenario = get_scenario(name)
    spectra = scenario.spectra(scenario.fiducial(), RIGIDITY)
    if spectra.terms:
        proton, ratio = (sum(t[i] for t in spectra.terms.values()) for i in range(2))
        np.testing.assert_allclose(proton, spectra.proton, rtol=1e-12)
        np.testing.assert_allclose(ratio, spectra.boron_to_carbon, rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("prior_set", ["plausible", "wide"])
def test_every_scenario_samples_from_its_config(name, prior_set):
    config = with_overrides(load_config(RUNS / f"{name}.toml"), [f"priors={prior_set}"])
    assert config.scenario == name
    problem = build_problem(config)
    log_prob = problem.log_prob(problem.sample_prior(32, np.random.default_rng(5)))
    assert np.all(np.isfinite(log_prob))
    assert problem.nan_count == 0


@pytest.mark.parametrize("name", NAMES)
def test_declarations_are_fit_to_be_shown(name):
    scenario = get_scenario(name)
    everything = (*scenario.parameters, *scenario.optional_parameters)
    assert len({p.name for p in everything}) == len(everything)
    assert all(p.description and p.latex for p in everything)
    assert scenario.title
    if name in ("stratified_halo", "two_phase_stratified", "self_confinement_linear"):
        assert scenario.extension.startswith("extension: B/C")


@pytest.mark.parametrize(("name", "options"), VARIANTS, ids=IDS)
def test_every_parameter_describes_a_medium(name, options):
    media = {p.name: p.medium for p in get_scenario(name, **options).parameters}
    assert set(media.values()) <= {"injection", "warm layer", "halo", "gas disk"}
    two_media = "T_warm" in media
    assert ("warm layer" in media.values()) == two_media
    assert media.get("l_shock", "") in ("", "warm layer" if two_media else "halo")


@pytest.mark.parametrize(("name", "options"), VARIANTS, ids=IDS)
def test_a_pure_number_sampled_as_itself_is_an_exponent_unless_listed_here(name, options):
    quantities = {"Ma", "Ma_halo"}
    for p in get_scenario(name, **options).parameters:
        if p.unit == "" and p.scale == "linear":
            assert p.is_exponent == (p.name not in quantities), p.name


def test_an_exponent_is_sampled_as_itself():
    slope = Parameter("s", "", "s", "test", 0.5, is_exponent=True)
    assert slope.is_exponent
    with pytest.raises(ValueError, match="exponent needs the linear scale"):
        replace(slope, scale="log10")


def test_nuisances_describe_a_medium_and_tags_are_no_part_of_the_identity():
    problem = build_problem(load_config(RUNS / "two_phase.toml"))
    media = {p.name: p.medium for p in problem.parameters}
    assert media["phi_ams02_2011_2013"] == "heliosphere"
    assert {m for name, m in media.items() if name.startswith("discrepancy")} == {"model error"}
    assert potential_parameter("other").medium == "heliosphere"
    assert NUCLEI_NORMALISATION.medium == "injection"
    prior = copy(problem.prior)
    prior.parameters = tuple(
        replace(p, medium="", is_exponent=False, is_law=not p.is_law) for p in prior.parameters
    )
    assert any(p.is_exponent for p in problem.prior.parameters)
    untagged = Problem(problem.scenario, problem.likelihood, prior)
    tagged = Problem(problem.scenario, problem.likelihood, problem.prior)
    assert untagged.fingerprint() == tagged.fingerprint()


def test_options_bring_and_drop_parameters():
    plain = get_scenario("two_phase")
    shocks = get_scenario("two_phase", warm_cascade="weak_shocks", amplitudes=True)
    names, base = ({p.name for p in s.parameters} for s in (shocks, plain))
    assert names - base == {"l_shock", "A_kappa", "A_X"}
    assert base - names == {"Ma", "L"}
    assert "Ma" in {p.name for p in shocks.optional_parameters}
    damped = get_scenario("two_phase", halo_damping="nonlinear_and_linear", amplitudes=True)
    assert {"A_S", "Gamma_1GV"} <= {p.name for p in damped.parameters}
    assert {p.name for p in plain.parameters} == base  # choices do not leak between instances


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"warm_cascad": "undamped"}, "did you mean 'warm_cascade'"),
        ({"warm_cascade": "undammed"}, "should be one of"),
        ({"amplitudes": 1}, "should be one of"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        get_scenario("two_phase", **options)


def test_amplitudes_of_one_change_nothing_and_others_act():
    plain = get_scenario("two_phase")
    free = get_scenario("two_phase", amplitudes=True)
    assert isinstance(free, ScenarioWithOptions)
    reference = plain.spectra(plain.fiducial(), RIGIDITY)
    same = free.spectra(free.fiducial(), RIGIDITY)
    np.testing.assert_array_equal(same.proton, reference.proton)
    doubled = free.spectra(free.fiducial(A_kappa=2.0), RIGIDITY)
    np.testing.assert_allclose(
        doubled.terms["warm layer"][0], reference.terms["warm layer"][0] / 2, rtol=1e-12
    )


def test_states_beyond_the_kernel_are_counted_and_told():
    problem = build_problem(load_config(RUNS / "two_phase.toml"))
    theta = problem.sample_prior(3, np.random.default_rng(2))
    theta[1, problem.names.index("Ma")] = 9.0
    found = problem.log_likelihood(theta)
    assert np.isneginf(found[1]).all()
    assert np.isfinite(found[[0, 2]]).all()
    assert problem.nan_count == 1
    assert any("Ma = 9" in note for note in problem.notes())
