"""The measurement of exact over approximate, as the script makes it."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from transport.scenario import get_scenario

SCRIPT = Path(__file__).parents[2] / "scripts" / "exact_transport.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("exact_transport", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_ratios_end_at_the_cutoff_of_the_stratified_halo(script):
    values = get_scenario("stratified_halo").fiducial()
    proton, bc = script.ratios(("stratified_halo", "v_A as z^lambda1", values, False))
    plateau = (script.CURVE > 15) & (script.CURVE < 200)
    np.testing.assert_allclose(proton[plateau], 3.0 / 4.7, rtol=2e-3)
    beyond = script.CURVE > 2000
    assert np.all(np.isnan(proton[beyond]) & np.isnan(bc[beyond]))
    assert np.all(np.isfinite(proton[script.CURVE < 1000]))


def test_percentiles_leave_out_draws_beyond_their_cutoff(script):
    drawn = np.repeat(np.arange(1.0, 5.0)[:, None], len(script.CURVE), axis=1)
    drawn[3] = np.nan
    rows = dict(script.percentile_rows(drawn))
    np.testing.assert_allclose(rows["50%"], 2.0)
    np.testing.assert_allclose(rows["confined"], 0.75)


def test_slope_change(script):
    assert script.slope_change(script.CURVE**0.2, 10, 100) == pytest.approx(0.2)


def test_the_page_s_claims_match_its_tables():
    """The prose above the tables quotes them; a new run must not leave it behind."""
    page = (SCRIPT.parents[1] / "docs" / "exact_transport.md").read_text(encoding="utf-8")
    told, measured = page.split(
        "<!-- everything below is written by scripts/exact_transport.py -->"
    )
    row = next(x for x in measured.splitlines() if x.startswith("| constant v_A"))
    at_10_gv, at_100_gv = (float(row.split("|")[i]) for i in (5, 7))
    assert f"{at_10_gv:.2f} at 10 GV to {at_100_gv:.2f} at 100 GV" in told
