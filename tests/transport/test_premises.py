"""Drift against isotropy in the frame of the waves, and constraints on it."""

import numpy as np
import pytest

from priors.sets import load_prior_set
from transport.premises import isotropy
from transport.scenario import Spectra, get_scenario


def test_closed_form_in_a_layer():
    """f = f_top + F (z_W - z) / kappa with f ~ p^-4.5: F/f over 1.5 v_A at both ends."""
    rigidity = np.geomspace(1.0, 100.0, 50)
    flux, kappa, height, v_a = 3.0, 2e28, 1.5e21, 4e6
    shape = rigidity**-2.5
    across, above = flux * height / kappa, 2e-7
    spectra = Spectra(
        rigidity, ((across + above) * shape)[None], shape[None], shape[None],
        np.full((1, 50), kappa),
        {
            "warm layer": ((across * shape)[None], shape[None]),
            "halo": ((above * shape)[None], shape[None]),
        },
    )  # fmt: skip
    got = isotropy(spectra, np.array([v_a]), np.array([height]))
    for place, f in (("disk", across + above), ("top", above)):
        np.testing.assert_allclose(got[place], flux / f / (1.5 * v_a), rtol=1e-6)


def test_drift_of_the_two_phase_model_at_the_fiducials():
    """F/f at the disk is 34, 51 and 127 km/s at 1, 10, 100 GV: the residence of eq. 26 inverted."""
    scenario = get_scenario("two_phase")
    found = scenario.diagnostics(scenario.fiducial())
    for rigidity, speed in ((1, 34.4), (10, 51.5), (100, 127.3)):
        assert found[f"v_esc_{rigidity}GV"][0] / 1e5 == pytest.approx(speed, rel=2e-3)
        ratio = found[f"isotropy_disk_{rigidity}GV"][0]
        assert 1.2 < speed * 1e5 / found["v_A_warm"][0] / ratio < 1.75  # alpha / 3
        assert found[f"isotropy_top_{rigidity}GV"][0] > ratio


@pytest.mark.parametrize("transport", ["paper", "full"])
@pytest.mark.parametrize("name", ["two_phase", "two_phase_stratified"])
def test_the_shipped_set_cuts_the_prior_to_the_premise(name, transport):
    scenario = get_scenario(name, transport=transport)
    plain, cut = (load_prior_set(s).prior(scenario) for s in ("plausible", "plausible_isotropy"))
    theta = plain.sample(60, np.random.default_rng(1))
    found = scenario.diagnostics(plain.values(theta))
    kept = (found["isotropy_disk_1GV"] < 1.0) & (found["isotropy_disk_10GV"] < 1.0)
    assert 0 < kept.sum() < len(kept)
    np.testing.assert_array_equal(np.isfinite(cut.log_density(theta)), kept)
    unchanged = [plain.log_density(theta)[kept], cut.log_density(theta)[kept]]
    np.testing.assert_array_equal(*unchanged)


def test_other_scenarios_are_as_without_it():
    for name in ("kolmogorov", "stratified_halo", "fast_modes"):
        plain, cut = (
            load_prior_set(s).prior(get_scenario(name)) for s in ("plausible", "plausible_isotropy")
        )
        assert cut.constraints == plain.constraints


@pytest.mark.parametrize("name", ["two_phase", "two_phase_stratified"])
def test_drift_is_told_above_the_cutoff_of_a_halo_too(name):
    scenario = get_scenario(name, transport="full")
    prior = load_prior_set("plausible").prior(scenario)
    found = scenario.diagnostics(prior.values(prior.sample(60, np.random.default_rng(1))))
    assert not [key for key, value in found.items() if np.isnan(value).any()]


@pytest.mark.parametrize("transport", ["paper", "full"])
@pytest.mark.parametrize("name", ["two_phase", "two_phase_stratified"])
def test_what_one_rigidity_decides_takes_no_whole_spectra(name, transport, monkeypatch):
    """As among all diagnostics, to what `protons_at` promises, from a few rigidities."""
    scenario = get_scenario(name, transport=transport)
    prior = load_prior_set("plausible").prior(scenario)
    values = prior.values(prior.sample(40, np.random.default_rng(2)))
    whole = scenario.diagnostics(values)
    asked = []
    turbulent = scenario.transport
    monkeypatch.setattr(
        scenario,
        "transport",
        lambda v, rigidity: (asked.append(rigidity), turbulent(v, rigidity))[1],
    )
    names = [f"{kind}_10GV" for kind in ("isotropy_disk", "isotropy_top", "v_esc", "v_D")]
    local = scenario.diagnostics(values, names)
    for key in names:
        np.testing.assert_allclose(local[key], whole[key], rtol=1e-4)
    assert "R_warm" not in local
    assert len(asked) == 1
    assert len(asked[0]) == 4 if transport == "paper" else len(asked[0]) < 45
    assert "R_warm" in scenario.diagnostics(values, [*names, "R_warm"])
