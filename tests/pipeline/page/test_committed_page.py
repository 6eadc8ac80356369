"""The page of the checkout is what its rows say."""

from pipeline.page.render import render_page
from pipeline.page.rows import read_rows
from transport.checkout import ROOT

DOCS = ROOT / "docs"
AGAIN = "scripts/compare.py --rows docs/tuning/tuning.json --page docs/fine_tuning.md"


def test_the_committed_page_is_that_of_the_committed_rows():
    said = (DOCS / "fine_tuning.md").read_text(encoding="utf-8")
    rows = read_rows([DOCS / "tuning" / "tuning.json"])
    assert render_page(rows, folder=DOCS / "tuning") == said, f"make it again: {AGAIN}"
