"""The measurement of exact over approximate spectra."""

import numpy as np
import pytest

from pipeline.accuracy.exact.cases import CURVE
from pipeline.accuracy.exact.measure import ratios
from pipeline.accuracy.exact.report import MARKER, percentile_rows, slope_change
from transport.checkout import ROOT
from transport.scenario import get_scenario

PAGE = ROOT / "docs" / "exact_transport.md"


def test_ratios_end_at_the_cutoff_of_the_stratified_halo():
    values = get_scenario("stratified_halo").fiducial()
    proton, bc = ratios(("stratified_halo", "v_A as z^lambda1", values, False))
    plateau = (CURVE > 15) & (CURVE < 200)
    np.testing.assert_allclose(proton[plateau], 3.0 / 4.7, rtol=2e-3)
    beyond = CURVE > 2000
    assert np.all(np.isnan(proton[beyond]) & np.isnan(bc[beyond]))
    assert np.all(np.isfinite(proton[CURVE < 1000]))


def test_percentiles_leave_out_draws_beyond_their_cutoff():
    drawn = np.repeat(np.arange(1.0, 5.0)[:, None], len(CURVE), axis=1)
    drawn[3] = np.nan
    rows = dict(percentile_rows(drawn))
    np.testing.assert_allclose(rows["50%"], 2.0)
    np.testing.assert_allclose(rows["share confined"], 0.75)


def test_slope_change():
    assert slope_change(CURVE**0.2, 10, 100) == pytest.approx(0.2)


def test_the_page_s_claims_match_its_tables():
    """The prose above the tables quotes them; a new run must not leave it behind."""
    told, measured = PAGE.read_text(encoding="utf-8").split(MARKER)
    row = next(x for x in measured.splitlines() if x.startswith("| constant v_A"))
    at_10_gv, at_100_gv = (float(row.split("|")[i]) for i in (5, 7))
    assert f"{at_10_gv:.2f} at 10 GV to {at_100_gv:.2f} at 100 GV" in told
