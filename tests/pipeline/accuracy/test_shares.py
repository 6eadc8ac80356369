"""Shares of a prior by transport, and which states have a cutoff next to a point."""

import numpy as np

from pipeline.accuracy.full.measure import NEAR, near_a_cutoff
from pipeline.accuracy.full.shares import SIMPLEST_COLD, WITHOUT, shares, variants
from pipeline.config.load import load_config
from transport.checkout import ROOT
from transport.scenario import get_scenario


def test_a_cutoff_is_where_the_spectrum_falls_by_far_and_nowhere_else():
    rigidity = np.geomspace(1.0, 1000.0, 109)
    smooth = rigidity**-2.7
    cut = smooth * np.where(rigidity > 101.0, 1e-4, 1.0)
    near = near_a_cutoff(np.array([smooth, cut]), rigidity)
    assert not near[0].any()
    jump = np.sqrt(rigidity[72] * rigidity[73])
    assert rigidity[72] < 101.0 < rigidity[73]
    np.testing.assert_array_equal(near[1], np.abs(np.log(rigidity / jump)) < NEAR)


def test_one_set_of_draws_serves_every_transport():
    config = load_config(ROOT / "runs" / "kolmogorov.toml")
    found = shares(config, 3000, 1, ("paper",))
    assert list(found) == ["paper", "full"]
    assert found["full"].change_earth == (0.0, 0.0)
    assert found["full"].cut[0] == 0  # nothing confines itself
    inside = 3000 * 2.0 ** -found["full"].earth[0]
    assert found["full"].cut[1] == round(inside)
    assert found["paper"].cut is None


def test_what_cannot_cool_has_nothing_to_switch_off():
    assert WITHOUT + "adiabatic" not in variants(get_scenario("kolmogorov"))
    assert {WITHOUT + "adiabatic", SIMPLEST_COLD} <= set(variants(get_scenario("stratified_halo")))
