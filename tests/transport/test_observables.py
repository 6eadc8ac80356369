"""Named observables: power laws give their own slopes, transitions are where the terms cross."""

import numpy as np
import pytest

from tests.likelihoods.toy_scenario import CurvedPowerLaw
from tests.paper.claims import ratio_slope
from tests.pipeline.toy_scenario import ToyPowerLaw
from transport.observables import DELTA, PROTON_SLOPE, observables
from transport.scenario import get_scenario


def repeat(values, n):
    return {name: np.repeat(value, n) for name, value in values.items()}


def test_a_power_law_gives_its_slopes_and_ratios():
    toy = ToyPowerLaw()
    values = repeat(toy.fiducial(), 3)
    values["slope"] = np.array([2.5, 2.7, 3.0])
    values["delta"] = np.array([0.1, 0.3, 0.6])
    seen = observables(toy, values)
    for name in ("proton_slope_10_100", "proton_slope_200_2000", PROTON_SLOPE):
        np.testing.assert_allclose(seen[name], -values["slope"], rtol=1e-12)
    for name in (DELTA, "delta_65_2600"):
        np.testing.assert_allclose(seen[name], values["delta"], rtol=1e-11)
    for r in (1.0, 10.0, 100.0, 1000.0):
        expected = 0.11 * (r / 100.0) ** -values["delta"]
        np.testing.assert_allclose(seen[f"bc_{r:g}GV"], expected, rtol=1e-12)
    assert len(seen.labels) == len(seen.names) == seen.values.shape[1]
    assert all(label.startswith("$") and label.endswith("$") for label in seen.labels)


def test_slopes_of_a_curved_spectrum_differ_by_range():
    toy = CurvedPowerLaw()
    seen = observables(toy, toy.fiducial())
    assert seen["proton_slope_10_100"][0] != pytest.approx(
        seen["proton_slope_200_2000"][0], abs=0.01
    )


def test_kolmogorov_diffusion_is_seen_as_one_third():
    """B/C ~ 1/kappa ~ R^(-1/3) once nuclei are relativistic; both have v/c, which cancels."""
    scenario = get_scenario("kolmogorov")
    seen = observables(scenario, scenario.fiducial())
    assert seen[DELTA][0] == pytest.approx(1 / 3, abs=1e-6)
    assert seen["delta_65_2600"][0] == pytest.approx(1 / 3, abs=1e-6)
    # f ~ Q / kappa, dJ/dR ~ p^2 f
    assert seen[PROTON_SLOPE][0] == pytest.approx(2.0 - 4.3 - 1 / 3, abs=1e-4)


def test_the_recipe_agrees_with_a_finer_fit():
    """12 nodes against the 200 of the paper's claims: the slope is not the nodes' doing."""
    scenario = get_scenario("two_phase")
    seen = observables(scenario, scenario.fiducial(), transitions=False)
    assert seen[DELTA][0] == pytest.approx(-ratio_slope("two_phase", 20.0, 500.0), abs=0.01)


def test_walkers_of_a_batch_do_not_see_each_other():
    scenario = get_scenario("two_phase")
    values = repeat(scenario.fiducial(), 2)
    values["n_warm"] = np.array([0.2, 0.4])
    both = observables(scenario, values)
    alone = observables(scenario, {k: v[1:] for k, v in values.items()})
    np.testing.assert_allclose(both.values[1], alone.values[0], rtol=1e-10)


def test_transitions_are_where_the_warm_layer_takes_over():
    scenario = get_scenario("two_phase")
    values = scenario.fiducial()
    seen = observables(scenario, values)
    spectra = scenario.spectra(values, seen["R_warm"])
    warm = spectra.terms["warm layer"][0]
    # interpolated between nodes 8% apart
    assert warm[0, 0] / spectra.proton[0, 0] == pytest.approx(0.5, abs=2e-3)
    assert not seen.is_slope[seen.names.index("R_warm")]


def test_a_scenario_without_transitions_has_none_and_can_be_asked_for_none():
    two_phase = get_scenario("two_phase")
    assert "R_warm" not in observables(two_phase, two_phase.fiducial(), transitions=False).names
    toy = ToyPowerLaw()
    assert not [name for name in observables(toy, toy.fiducial()).names if name.startswith("R_")]


def test_undefined_transitions_are_not_comparable():
    """Without enough damping the halo keeps confining: R_cutoff is infinite, so has no log."""
    scenario = get_scenario("self_confinement_linear", amplitudes=True)
    values = repeat(scenario.fiducial(), 2)
    values["A_S"][1] = 1e-12
    seen = observables(scenario, values)
    cutoff = seen.names.index("R_cutoff")
    assert np.isfinite(seen.values[0, cutoff])
    assert np.isposinf(seen.values[1, cutoff])
    assert seen.comparable[0, cutoff] == pytest.approx(np.log(seen["R_cutoff"][0]))
    assert np.isnan(seen.comparable[1, cutoff])
    np.testing.assert_array_equal(seen.comparable[:, seen.is_slope], seen.values[:, seen.is_slope])
