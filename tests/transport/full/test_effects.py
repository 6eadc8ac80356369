"""Which effects a text or list names, and what scenarios make of it."""

import numpy as np
import pytest

from priors.sets import load_prior_set
from transport.errors import CrtuneError
from transport.full import solve
from transport.full.effects import EFFECTS, effects_of, label_of
from transport.scenario import get_scenario, scenario_names

R = np.array([0.3, 1.0, 10.0, 100.0, 1000.0])


@pytest.mark.parametrize(
    ("given", "effects", "label"),
    [
        ("paper", (), "paper"),
        ("full", tuple(EFFECTS), "full"),
        (list(EFFECTS), tuple(EFFECTS), "full"),
        ("destruction, ionisation", ("ionisation", "destruction"), "ionisation,destruction"),
        (["adiabatic"], ("adiabatic",), "adiabatic"),
    ],
)
def test_names(given, effects, label):
    assert effects_of(given) == effects
    assert label_of(effects) == label
    assert effects_of(label) == effects


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("fulll", "did you mean 'full'"),
        (["ionization"], "did you mean 'ionisation'"),
        ([], "empty"),
        ("", "empty"),
        (["ionisation", "ionisation"], "twice"),
        ("full,ionisation", "'full' stands alone"),
        ([3], "unknown effect 3"),
        ([["adiabatic"]], r"unknown effect \['adiabatic'\]"),
        (3, "3 should be 'paper', 'full' or a list of effects"),
        ({"ionisation": False}, "should be 'paper', 'full' or a list of effects"),
        (b"full", "should be 'paper', 'full' or a list of effects"),
    ],
)
def test_mistakes(given, words):
    with pytest.raises(CrtuneError, match=words):
        effects_of(given)


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_has_full_transport_alone_at_one_rigidity_as_on_a_grid(name):
    scenario = get_scenario(name, transport="full")
    dense = scenario.spectra(scenario.fiducial(), R)
    for flux in (dense.proton, dense.carbon, dense.boron):
        assert np.all(np.isfinite(flux) & (flux > 0))
    alone = scenario.spectra(scenario.fiducial(), R[2:3])
    np.testing.assert_array_equal(alone.proton, dense.proton[:, 2:3])
    np.testing.assert_array_equal(alone.boron, dense.boron[:, 2:3])
    if dense.terms:
        total = sum(proton for proton, _ in dense.terms.values())
        np.testing.assert_allclose(total, dense.proton, rtol=2e-3)


@pytest.mark.parametrize(
    ("name", "options"),
    [("two_phase", {"halo_damping": "nonlinear_and_linear"}), ("two_phase_stratified", {})],
)
def test_spectra_do_not_depend_on_which_walkers_are_asked_for_with_them(name, options):
    scenario = get_scenario(name, transport="full", **options)
    prior = load_prior_set("plausible").prior(scenario)
    values = prior.values(prior.sample(30, np.random.default_rng(3)))
    together = scenario.spectra(values, R)
    for i in (0, 7, 19):
        alone = scenario.spectra({k: v[i : i + 1] for k, v in values.items()}, R)
        for name in ("proton", "carbon", "boron"):
            np.testing.assert_allclose(
                getattr(alone, name)[0], getattr(together, name)[i], rtol=1e-12
            )


def test_an_effect_that_a_scenario_cannot_have():
    with pytest.raises(CrtuneError, match=r"kolmogorov.*leave out 'adiabatic'"):
        get_scenario("kolmogorov", transport="adiabatic,ionisation")
    windy = get_scenario("kolmogorov", low_energy="advection", transport="adiabatic")
    assert windy.transport_label == "adiabatic"


def test_rigidities_far_above_all_data():
    """There losses are nothing, and boron is that of production."""
    values = get_scenario("kolmogorov").fiducial()
    paper, full = (
        get_scenario("kolmogorov", transport=t).spectra(values, np.array([1e8]))
        for t in ("paper", "ionisation,destruction")
    )
    np.testing.assert_allclose(full.proton, paper.proton, rtol=3e-3)
    np.testing.assert_allclose(full.boron_to_carbon, paper.boron_to_carbon, rtol=0.01)


def test_rigidities_below_what_losses_are_good_for():
    scenario = get_scenario("kolmogorov", transport="full")
    with pytest.raises(CrtuneError, match=r"rigidity 0\.01 GV.*0\.05 GV"):
        scenario.spectra(scenario.fiducial(), np.array([0.01, 1.0]))


def test_nuisances_come_and_go_with_production():
    scenario = get_scenario("two_phase")
    names = [p.name for p in scenario.parameters]
    full = scenario.with_transport("full")
    assert [p.name for p in full.parameters] == [*names, "A_boron", "s_boron", "q_boron"]
    assert [p.name for p in full.with_transport("paper").parameters] == names
    assert {"A_boron", "s_boron"} <= {p.name for p in scenario.optional_parameters}
    twice = (
        full.spectra(full.fiducial(A_boron=2.0), R).boron / full.spectra(full.fiducial(), R).boron
    )
    np.testing.assert_allclose(twice, 2.0, rtol=1e-12)
    tilted = (
        full.spectra(full.fiducial(s_boron=0.3), R).boron / full.spectra(full.fiducial(), R).boron
    )
    assert tilted[0, -1] == pytest.approx(1.0)
    assert np.all(np.diff(tilted[0, :3]) > 0)


def test_boron_at_the_sources_is_a_part_of_carbon_that_the_prior_sets_leave_out():
    """It stays as long as carbon: without losses it adds q to B/C at equal rigidity."""
    scenario = get_scenario("kolmogorov", transport="boron_production")
    with_it, without = (
        scenario.spectra(scenario.fiducial(q_boron=q), R).boron_to_carbon for q in (0.02, 0.0)
    )
    np.testing.assert_allclose(with_it - without, 0.02, rtol=1e-4)
    for name in ("plausible", "wide"):
        prior = load_prior_set(name).prior(scenario)
        assert prior.fixed == {"q_boron": 0.0}


def test_a_walker_that_is_not_settled_has_no_spectra(monkeypatch):
    monkeypatch.setattr(solve, "MAX_MARCHES", 1)
    scenario = get_scenario("two_phase", transport="full")
    spectra = scenario.spectra(scenario.fiducial(), R)
    assert np.isnan(spectra.proton).all()
    assert np.isnan(spectra.boron).all()


def test_numbers_beyond_all_measure_are_no_spectra_and_stop_nobody_else():
    """A walker whose arithmetic overflows costs itself, not the batch."""
    scenario = get_scenario("two_phase", transport="full")
    values = {n: np.full(2, value) for n, value in scenario.fiducial().items()}
    values["s_boron"][1] = 400.0
    spectra = scenario.spectra(values, R)
    assert np.isfinite(spectra.boron[0]).all()
    assert not np.isfinite(spectra.boron[1]).all()


def test_a_layer_that_holds_nothing_back_adds_nothing():
    """A warm layer higher than the halo, as other galaxies can have it, leaves no halo."""
    scenario = get_scenario("fast_modes")
    values = {name: np.atleast_1d(value) for name, value in scenario.fiducial().items()}
    values |= {"z_W": np.array([1500.0]), "H": np.array([1.0])}
    halo = [protons for protons, _ in scenario.spectra(values, R).terms.values()][-1]
    assert np.all(halo == 0.0)
    scenario = get_scenario("fast_modes", transport="full")
    values |= {
        p.name: np.atleast_1d(p.fiducial) for p in scenario.parameters if p.name not in values
    }
    full = scenario.spectra(values, R)
    assert np.isfinite(full.boron / full.carbon).all()
    warm, halo = (protons for protons, _ in full.terms.values())
    assert np.all(warm > 0.0)
    assert np.all(halo < 1e-3 * warm)  # they leave at the speed of light
