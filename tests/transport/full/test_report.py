"""The page on full transport is what its script writes; the fit that nobody can tune."""

import re

import numpy as np
import pytest

from pipeline.accuracy.full.measure import TABLE, all_ratios, hydrogen_alone, ratios
from pipeline.accuracy.full.report import MARKER, PROTOTYPE, RATIO_AT
from pipeline.accuracy.full.slope_fit import fit_slope
from transport.checkout import ROOT

PAGE = (ROOT / "docs" / "full_transport.md").read_text()


def test_the_page_has_these_ratios():
    everything = all_ratios(TABLE)
    written = PAGE.split(MARKER)[1]
    full = [key for key in everything if key[1] == "full"]
    for name, transport in full:
        for row in everything[name, transport]:
            cells = " | ".join(f"{v:.3f}" if v < 10 else f"{v:.1f}" for v in row)
            assert f"| `{name}` | {cells} |" in written


def test_an_independent_code_agrees_where_it_has_the_same_physics():
    """Its figures have two digits; production below 10 MeV per nucleon is not in it."""
    with hydrogen_alone():
        for effect, name, options, protons, ratio in PROTOTYPE[:4]:
            got = ratios(name, effect, RATIO_AT, **options)
            np.testing.assert_allclose(got[0][[0, 1, 3][:2]], protons[:2], atol=0.035)
            np.testing.assert_allclose(got[1], ratio, atol=0.02)


@pytest.mark.parametrize(
    ("transport", "low", "high"), [("full", 0.43, 0.53), ("paper", 0.31, 0.38)]
)
def test_power_law_diffusion_lands_where_published_fits_do(transport, low, high):
    fit = fit_slope(transport)
    assert low < fit.delta < high
    assert fit.chi2 < 1.4 * fit.bins
    if transport == "full":
        assert 0.26 - fit.kappa_10_error < fit.kappa_10 < 0.36 + fit.kappa_10_error
    (told,) = re.findall(rf"\| {transport}, 10-300 GV \| ([\d.]+) \+-", PAGE)
    assert fit.delta == pytest.approx(float(told), abs=0.002)
