"""Spectra next to the rigidity at which self-confinement ends, wherever it lies between nodes."""

import numpy as np
import pytest

from transport.constants import LIGHT_SPEED
from transport.full.cutoff import NONE, find_cutoff
from transport.kinematics import beta
from transport.scenario import get_scenario

V_A = 4e6


@pytest.mark.parametrize("place", [20.0, 20.1, 20.37, 20.6, 20.99])
def test_a_cutoff_is_found_between_nodes(place):
    node = np.arange(40.0)
    ratio = np.exp(0.09 * (node - place))  # S / Q of eq. 5
    rho = np.maximum((1.0 - ratio) / V_A, 1.0 / LIGHT_SPEED)[None]
    found = find_cutoff(rho, 2.0, 0.128)
    assert found.place[0] == pytest.approx(place, abs=1e-2)
    assert place - 2.0 < found.last[0] < place
    assert not found.beyond[0, : found.last[0] + 1].any()
    assert found.beyond[0, found.last[0] + 1 :].all()


@pytest.mark.parametrize(
    "rho",
    [
        np.full(40, 1.0 / V_A),  # held everywhere
        np.full(40, 1.0 / LIGHT_SPEED),  # nowhere
        np.maximum(0.8 ** np.arange(40.0) / V_A, 1.0 / LIGHT_SPEED),  # less and less
    ],
)
def test_no_cutoff(rho):
    found = find_cutoff(rho[None], 2.0, 0.128)
    assert found.last[0] == NONE
    assert not found.beyond.any()
    assert not found.log_shape.any()


@pytest.mark.parametrize("field", np.geomspace(1.0, 1.1, 6))
def test_protons_of_the_stratified_halo_in_closed_form_up_to_the_cutoff(field):
    """3 times the integral of eq. 19 over dlnp' upwards, for cutoffs all over a step."""
    scenario = get_scenario("stratified_halo", transport="adiabatic")
    values = scenario.fiducial(B_base=field)
    cutoff = scenario.diagnostics(values)["R_cutoff"][0]
    below = cutoff * np.exp(-np.array([1.0, 0.5, 0.35, 0.25, 0.15]))
    dense = np.geomspace(1.0, 1e4, 40000)
    paper = get_scenario("stratified_halo")
    held = paper.spectra(paper.fiducial(B_base=field), dense).proton[0] / beta(dense) / dense**2
    upwards = 3.0 * np.cumsum((held * np.log(dense[1] / dense[0]))[::-1])[::-1]
    expected = np.interp(np.log(below), np.log(dense), upwards * beta(dense) * dense**2)
    got = scenario.spectra(values, below).proton[0]
    np.testing.assert_allclose(got[:2], expected[:2], rtol=5e-3)
    np.testing.assert_allclose(got[2:], expected[2:], rtol=5e-2)
