"""Prior files: the two that come with the project, and every way to get one wrong."""

import math

import numpy as np
import pytest

from priors.distributions import Fixed
from priors.potentials import PotentialOfPeriod
from priors.sets import load_prior_set, prior_set_names
from transport.errors import CrtuneError
from transport.parameters import Parameter
from transport.scenario import Scenario, get_scenario
from transport.scenario_sources import shipped_scenarios

PHI = Parameter("phi_ams02_2011_2013", "GV", r"\phi", "modulation potential", 0.65)
AMPLITUDE = Parameter("discrepancy_bc", "", "a", "discrepancy", 0.1, scale="log10")


class Toy(Scenario):
    name = "toy_for_priors"
    title = "toy"
    parameters = (
        Parameter("toy_slope", "", "s", "slope", 1.0),
        Parameter("toy_scale", "pc", "l", "length", 10.0, scale="log10"),
    )

    def spectra(self, values, rigidity):
        raise NotImplementedError

    def derived(self, values):
        return {"product": values["toy_slope"] * values["toy_scale"]}


GOOD = """
[parameters]
toy_slope = { distribution = "uniform", low = 0.0, high = 2.0 }
toy_scale = { distribution = "log_uniform", low = 1.0, high = 100.0 }
[constraints.toy_for_priors]
product = { below = 100.0 }
[nuisance]
phi = { distribution = "normal", mean = 0.65, sd = 0.1 }
discrepancy = { distribution = "log_uniform", low = 0.01, high = 1.0 }
"""


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setitem(shipped_scenarios()[0], Toy.name, Toy)


@pytest.fixture
def prior_of(tmp_path):
    def make(text, nuisances=(PHI, AMPLITUDE)):
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return load_prior_set(path).prior(Toy(), nuisances)

    return make


def test_a_file_of_ones_own(prior_of):
    prior = prior_of(GOOD)
    assert [p.name for p in prior.parameters] == [
        "toy_slope",
        "toy_scale",
        PHI.name,
        AMPLITUDE.name,
    ]
    theta = prior.sample(500, np.random.default_rng(1))
    assert np.all(theta[:, 0] * 10 ** theta[:, 1] < 100.0)
    assert "product < 100" in str(prior.kept_share)


def test_a_scenario_and_a_nuisance_parameter_may_have_their_own(prior_of):
    text = GOOD + (
        f'{PHI.name} = {{ distribution = "uniform", low = 0.4, high = 0.5 }}\n'
        "[scenario.toy_for_priors]\n"
        'toy_slope = { distribution = "uniform", low = 5.0, high = 6.0 }\n'
    )
    described = prior_of(text).describe()
    assert described["toy_slope"] == "uniform(low=5.0, high=6.0)"
    assert described[PHI.name] == "uniform(low=0.4, high=0.5)"
    assert described[AMPLITUDE.name] == "log_uniform(low=0.01, high=1.0)"


def test_an_unused_nuisance_entry_is_mentioned(prior_of):
    text = GOOD + 'phi_pamela = { distribution = "uniform", low = 0.4, high = 0.5 }\n'
    with pytest.warns(UserWarning, match="phi_pamela is not used"):
        prior_of(text)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("toy_slope =", "toy_slop =", ["no scenario has", "did you mean 'toy_slope'"]),
        ("toy_scale =", "# toy_scale =", ["no prior for parameter toy_scale", "[parameters]"]),
        ("high = 2.0", "high = 0.0", ["parameters.toy_slope", "zero width"]),
        ("high = 2.0", "high = -1.0", ["parameters.toy_slope", "inverted"]),
        ("sd = 0.1", "sd = -0.1", ["nuisance.phi", "sd", "-0.1"]),
        ("low = 1.0", "low = 0.0", ["parameters.toy_scale", "above 0"]),
        ('"log_uniform", low = 1.0', '"uniform", low = 0.0', ["toy_scale", "log10"]),
        ("product =", "prodct =", ["prodct", "did you mean 'product'"]),
        ("below = 100.0", "beneath = 100.0", ["constraints.toy_for_priors.product", "beneath"]),
        ("constraints.toy_for_priors", "constraints.toy_for_prior", ["unknown scenario"]),
        ("constraints.toy_for_priors", "scenario.toy_for_priors", ["product", "no prior"]),
        ("[nuisance]", "[nuisances]", ["[nuisances]", "did you mean 'nuisance'"]),
        ("phi =", "phy =", ["nuisance.phy", "did you mean 'phi'"]),
        ("phi =", "# phi =", [PHI.name, "add phi under [nuisance]"]),
        ("[parameters]", "[parameters", ["not valid TOML"]),
        ("[parameters]", "parameters = 3", ["parameters = 3", "section"]),
    ],
)
def test_each_mistake_names_file_key_and_remedy(prior_of, old, new, words):
    assert old in GOOD
    text = GOOD.replace(old, new)
    if new == "parameters = 3":
        text = new
    with pytest.raises(CrtuneError) as caught:
        prior_of(text)
    for word in ["mine.toml", *words]:
        assert word in str(caught.value)


def test_an_unknown_set_names_the_nearest_and_a_missing_file_is_named(tmp_path):
    with pytest.raises(CrtuneError, match="did you mean 'plausible'"):
        load_prior_set("plausibel")
    with pytest.raises(CrtuneError, match=r"mine\.toml does not exist"):
        load_prior_set(tmp_path / "mine.toml")


def test_the_named_sets():
    assert prior_set_names() == [
        "plausible",
        "plausible_fixed_production",
        "plausible_isotropy",
        "plausible_no_cutoff",
        "wide",
    ]


@pytest.mark.parametrize("name", ["plausible", "wide"])
def test_the_named_sets_hold_every_fiducial_of_two_phase(name):
    scenario = get_scenario("two_phase")
    prior = load_prior_set(name).prior(scenario, (PHI, AMPLITUDE))
    fiducial = [p.to_coordinate(p.fiducial) for p in prior.parameters]
    assert np.isfinite(prior.log_density(np.array([fiducial], dtype=float)))
    assert 0.5 < prior.kept_share.share < 1.0


def test_plausible_is_what_was_decided():
    described = load_prior_set("plausible").prior(get_scenario("two_phase"), (PHI,))
    by_name = dict(
        zip([p.name for p in described.parameters], described.distributions, strict=True)
    )
    in_log = {
        "n_hot": (-3, -2),
        "T_hot": (6, 6.7),
        "n_warm": (-1.3, -0.3),
        "T_warm": (3.8, 4.3),
        "B_hot": (math.log10(0.5), math.log10(3.2)),
        "B_warm": (math.log10(3), 1),
        "L": (1, math.log10(200)),
    }
    for name, bounds in in_log.items():
        d = by_name[name]
        assert d.log
        assert math.isinf(d.sd)
        assert (d.low, d.high) == pytest.approx(bounds)
    for name, bounds in {"Ma": (0.2, 1), "z_W": (200, 1000), "r": (5, 15)}.items():
        assert str(by_name[name]) == f"uniform(low={bounds[0]:.1f}, high={bounds[1]:.1f})"
    gaussians = {"E_CR": (0, 0.3), "column": (math.log10(250), 0.1), "gamma_inj": (4.2, 0.1)}
    for name, (centre, sd) in gaussians.items():
        assert (by_name[name].centre, by_name[name].sd) == pytest.approx((centre, sd))
    assert (by_name[PHI.name].centre, by_name[PHI.name].sd) == (0.65, 0.1)


def test_wide_has_the_centres_of_plausible_and_twice_its_widths():
    plausible, wide = (load_prior_set(name) for name in ("plausible", "wide"))
    walls = {"Ma", "z_W", "r", "gamma_inj", "phi", "discrepancy"}  # one side is set by physics
    walls |= {"Ma_halo", "L_halo", "H", "lambda1", "lambda2", "gamma_free"}
    narrow = {**plausible.parameters, **plausible.nuisance}
    for name, broad in {**wide.parameters, **wide.nuisance}.items():
        d = narrow[name]
        if isinstance(broad, Fixed):
            assert broad == d
        elif isinstance(broad, PotentialOfPeriod):
            assert (broad.mean, broad.sd) == (d.mean, 2 * d.sd)
        elif name in walls or name.startswith("phi"):
            assert broad.high > d.high or broad.sd == 2 * d.sd
            assert broad.low <= d.low
        elif math.isinf(d.sd):
            assert (broad.high - broad.low) / (d.high - d.low) == pytest.approx(2.0, rel=0.02)
            assert broad.high + broad.low == pytest.approx(d.high + d.low, abs=0.02)
        else:
            assert (broad.centre, broad.sd) == pytest.approx((d.centre, 2 * d.sd))
