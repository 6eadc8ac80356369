"""The committed page is what its tables of ranks say."""

from pipeline.calibration.report import read_ranks, render_page
from transport.checkout import ROOT


def test_page_is_rendered_from_its_tables():
    tables = [read_ranks(path) for path in sorted((ROOT / "docs/calibration").glob("*.csv"))]
    assert tables
    assert (ROOT / "docs/calibration.md").read_text(encoding="utf-8") == render_page(tables)
