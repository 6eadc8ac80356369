"""Prior files that say only what differs, values that are fixed, potentials of data periods."""

import numpy as np
import pytest

from pipeline.config.load import config_from_toml
from pipeline.from_config import build_problem
from pipeline.sampling.start import starting_points
from priors.potentials import modulation_potentials
from priors.sets import load_prior_set
from transport.errors import CrtuneError, CrtuneWarning
from transport.parameters import Parameter
from transport.scenario import Scenario, get_scenario

TWO_PHASE = get_scenario("two_phase")


def phi(period):
    return Parameter(f"phi_{period}", "GV", r"\phi", "modulation potential", 0.65)


@pytest.fixture
def written(tmp_path):
    def write(text, name="mine.toml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_what_is_not_given_is_as_in_the_extended_set(written):
    path = written(
        'extends = "plausible"\n[parameters]\n'
        'Ma = { distribution = "uniform", low = 0.3, high = 0.4 }\n'
        "[constraints.two_phase]\nz_W = { below = 800.0 }\n"
    )
    plain = load_prior_set("plausible").prior(TWO_PHASE).describe()
    mine = load_prior_set(path).prior(TWO_PHASE).describe()
    assert mine.pop("Ma") == "uniform(low=0.3, high=0.4)"
    assert mine.pop("constraints") == "beta_warm < 1, z_W < 800"
    assert {**mine, "Ma": plain["Ma"], "constraints": "beta_warm < 1"} == plain


def test_the_nearest_file_decides_and_in_a_file_the_scenario(written):
    written(
        'extends = "plausible"\n[scenario.two_phase]\nMa = { fixed = 0.5 }\nr = { fixed = 9.0 }\n',
        "between.toml",
    )
    path = written(
        'extends = "between.toml"\n[parameters]\n'
        'Ma = { distribution = "uniform", low = 0.3, high = 0.4 }\n'
    )
    described = load_prior_set(path).prior(TWO_PHASE).describe()
    assert described["Ma"] == "uniform(low=0.3, high=0.4)"
    assert described["r"] == "fixed(9.0)"


def test_a_constraint_can_be_taken_away(written):
    text = 'extends = "plausible"\n[constraints.two_phase]\nbeta_warm = "none"\n'
    prior = load_prior_set(written(text)).prior(TWO_PHASE)
    assert prior.constraints == ()
    assert prior.kept_share.share == 1.0
    with pytest.raises(CrtuneError, match=r"mine.toml: constraints.two_phase.beta_wrm.*beta_warm"):
        load_prior_set(written(text.replace("beta_warm", "beta_wrm")))


def test_a_file_that_extends_itself_is_refused(written):
    written('extends = "mine.toml"\n', "other.toml")
    with pytest.raises(CrtuneError, match=r"mine.toml: extends: it is extended by itself"):
        load_prior_set(written('extends = "other.toml"\n'))
    for value, words in (("3", "should be the name"), ('"plausibel"', "did you mean 'plausible'")):
        with pytest.raises(CrtuneError, match=words):
            load_prior_set(written(f"extends = {value}\n"))


def test_all_missing_priors_are_named_at_once(written):
    path = written('[parameters]\nMa = { distribution = "uniform", low = 0.3, high = 0.4 }\n')
    with pytest.raises(CrtuneError, match="priors are missing") as caught:
        load_prior_set(path).prior(TWO_PHASE, (phi("x"),))
    missing = {p.name for p in TWO_PHASE.parameters} - {"Ma"} | {"phi_x"}
    assert all(f"parameter {name}" in str(caught.value) for name in missing)
    assert 'extends = "plausible"' in str(caught.value)


def test_potentials_come_from_the_table(written):
    """The means of both series, to the digits printed in data/modulation_potentials.ecsv."""
    assert modulation_potentials()["pamela_2006_2008"] == pytest.approx((0.581 + 0.468) / 2)
    described = load_prior_set("plausible").prior(TWO_PHASE, (phi("ams02_2011_2018"),)).describe()
    assert described["phi_ams02_2011_2018"].startswith(
        "truncated_normal(mean=0.6345, sd=0.1, low=0"
    )
    with pytest.warns(CrtuneWarning, match=r"no potential of the period mine_2030.*0.65 GV"):
        load_prior_set("plausible").prior(TWO_PHASE, (phi("mine_2030"),))
    text = (
        'extends = "plausible"\n[nuisance]\nphi = { distribution = "modulation_potential", %s }\n'
    )
    with pytest.raises(CrtuneError, match=r"mine_2030; give phi_mine_2030 under \[nuisance\]"):
        load_prior_set(written(text % "sd = 0.1")).prior(TWO_PHASE, (phi("mine_2030"),))
    # a family of one's own is nearer than a single entry of the extended set
    mine = load_prior_set(written(text % "sd = 0.05")).prior(TWO_PHASE, (phi("ams02_2011_2013"),))
    assert "mean=0.6585, sd=0.05" in mine.describe()["phi_ams02_2011_2013"]
    for wrong, words in (("sdd = 0.1", "did you mean 'sd'"), ("sd = -1.0", "sd above 0")):
        with pytest.raises(CrtuneError, match=words):
            load_prior_set(written(text % wrong))


RUN = """
scenario = "power_law_diffusion"
priors = "{priors}"
[data.ams02_bc_2016]
rigidity_min = 30.0
[sampling]
walkers = {walkers}
"""
FIXED = """
extends = "plausible"
[parameters]
delta = { fixed = 0.333 }
H = { fixed = 5.0 }
[nuisance]
discrepancy = { fixed = 0.05 }
"""


@pytest.fixture
def fixed(written):
    """The problem with three fixed values, and the one where they are sampled."""
    written(FIXED)
    texts = [RUN.format(priors=p, walkers=40) for p in ("mine.toml", "plausible")]
    return [build_problem(config_from_toml(t, written(t, "run.toml"))) for t in texts]


def test_a_fixed_value_is_no_coordinate_and_the_model_is_the_same(fixed):
    problem, free = fixed
    names = [p.name for p in problem.parameters]
    gone = {"delta", "H", "discrepancy_boron_to_carbon"}
    assert set(names) == {p.name for p in free.parameters} - gone
    assert problem.ndim == free.ndim - 3
    rng = np.random.default_rng(1)
    theta = problem.sample_prior(20, rng)
    values = problem.values(theta)
    assert set(values) == {p.name for p in free.parameters}
    assert np.all(values["delta"] == 0.333)
    whole = np.column_stack([p.to_coordinate(values[p.name]) for p in free.parameters])
    np.testing.assert_allclose(problem.log_likelihood(theta), free.log_likelihood(whole))
    difference = free.log_prior(whole) - problem.log_prior(theta)
    np.testing.assert_allclose(difference, difference[0])  # the densities of what is fixed
    assert problem.fingerprint()["prior.delta"] == "fixed(0.333)"
    assert "delta" not in problem.fingerprint()["parameters"].split()


def test_walkers_count_only_what_is_sampled(written):
    written(FIXED)
    ndim = build_problem(config_from_toml(RUN.format(priors="plausible", walkers=99))).ndim - 3
    text = RUN.format(priors="mine.toml", walkers=2 * ndim)
    assert build_problem(config_from_toml(text, written(text, "run.toml"))).ndim == ndim


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("kappa_0 = { fixed = 0.0 }", "kappa_0.*above 0"),
        ("kappa_0 = { fixed = nan }", "kappa_0.*number"),
        ("kappa_0 = { fixed = inf }", "kappa_0.*finite"),
        ("kappa_0 = { fixed = 1.0, sd = 2.0 }", "kappa_0.*alone"),
        ("kappa_0 = 1.0", "kappa_0.*fixed = 0.5"),
    ],
)
def test_a_fixed_value_that_cannot_be(written, entry, words):
    path = written(f'extends = "plausible"\n[parameters]\n{entry}\n')
    with pytest.raises(CrtuneError, match=words):
        load_prior_set(path).prior(get_scenario("power_law_diffusion"))


@pytest.mark.parametrize("strategy", ["prior", "optimum"])
def test_walkers_that_find_no_start_are_told_what_is_fixed(written, strategy):
    path = written(FIXED.replace("5.0", "-5.0"))
    config = config_from_toml(RUN.format(priors=path.name, walkers=40), path.with_name("run.toml"))
    with pytest.raises(CrtuneError, match=r"mine\.toml fixes .*H = -5"):
        starting_points(build_problem(config), 2, strategy, np.random.default_rng(1))


def test_a_fixed_potential_is_not_below_0(written):
    text = FIXED + "phi = { fixed = -0.5 }\n"
    config = config_from_toml(RUN.format(priors=written(text), walkers=40))
    with pytest.raises(CrtuneError, match=r"mine\.toml: phi_ams02_2011_2016 = -0.5: a potential"):
        build_problem(config)


def test_something_must_be_sampled(written):
    scenario = get_scenario("power_law_diffusion")
    entries = "\n".join(f"{p.name} = {{ fixed = {p.fiducial} }}" for p in scenario.parameters)
    with pytest.raises(CrtuneError, match="nothing is left to sample"):
        load_prior_set(written(f"[parameters]\n{entries}\n")).prior(scenario)


def test_a_constraint_on_what_is_fixed_decides_once(written):
    text = (
        'extends = "plausible"\n[parameters]\nMa = { fixed = 0.5 }\n'
        "[constraints.two_phase]\nMa = { below = 0.4 }\n"
    )
    with pytest.raises(CrtuneError, match=r"Ma < 0.4.*loosen"):
        assert load_prior_set(written(text)).prior(TWO_PHASE).kept_share


class Counting(Scenario):
    """Counts how often what is costly is asked for."""

    name, title = "power_law_diffusion", "test"
    parameters = (Parameter("kappa_0", "", "k", "test", 1.0, scale="log10"),)

    def __init__(self):
        self.calls = 0

    def spectra(self, values, rigidity):
        raise NotImplementedError

    def derived(self, values):
        return {"double": 2.0 * values["kappa_0"]}

    def diagnostics(self, values, names=None):
        assert names is None or names == {"triple"}
        self.calls += 1
        return self.derived(values) | {"triple": 3.0 * values["kappa_0"]}


@pytest.mark.parametrize(("quantity", "costly"), [("double", False), ("triple", True)])
def test_constraints_on_all_that_is_derived_at_the_cost_of_what_is_constrained(
    written, quantity, costly
):
    path = written(
        'extends = "plausible"\n[constraints.power_law_diffusion]\n'
        f"{quantity} = {{ below = 6.0 }}\n"
    )
    scenario = Counting()
    prior = load_prior_set(path).prior(scenario)
    theta = prior.sample(5000, np.random.default_rng(1))
    limit = 6.0 / {"double": 2.0, "triple": 3.0}[quantity]
    assert 0.95 * limit < (10**theta).max() < limit
    expected = (np.log10(limit) - np.log10(0.3)) / 2.0
    assert prior.kept_share.share == pytest.approx(expected, abs=4 * prior.kept_share.error)
    assert bool(scenario.calls) is costly


def test_a_real_diagnostic_constrains(written):
    path = written('extends = "plausible"\n[constraints.two_phase]\nv_esc_10GV = { below = 3e6 }\n')
    prior = load_prior_set(path).prior(TWO_PHASE)
    values = prior.values(prior.sample(30, np.random.default_rng(2)))
    assert np.all(TWO_PHASE.diagnostics(values)["v_esc_10GV"] < 3e6)
    unconstrained = load_prior_set("plausible").prior(TWO_PHASE)
    values = unconstrained.values(unconstrained.sample(30, np.random.default_rng(2)))
    assert np.any(TWO_PHASE.diagnostics(values)["v_esc_10GV"] > 3e6)
    wrong = path.read_text().replace("v_esc_10GV", "v_esc_10")
    with pytest.raises(CrtuneError, match="did you mean 'v_esc_10GV'"):
        load_prior_set(written(wrong)).prior(TWO_PHASE)
