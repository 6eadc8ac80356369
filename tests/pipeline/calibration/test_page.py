"""The committed page is what its tables of ranks, and the remarks beside them, say."""

from pipeline.calibration.page import read_page
from transport.checkout import ROOT


def test_page_is_rendered_from_its_tables():
    folder = ROOT / "docs/calibration"
    assert list(folder.glob("*.csv"))
    page = read_page(folder)
    assert (ROOT / "docs/calibration.md").read_text(encoding="utf-8") == page
    for remark in folder.glob("*.txt"):
        assert remark.read_text(encoding="utf-8") in page
