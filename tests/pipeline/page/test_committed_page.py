"""The page of the checkout is what its rows say."""

from pipeline.page.render import render_page
from pipeline.page.rows import read_rows
from transport.checkout import ROOT

DOCS = ROOT / "docs"
FILES = [DOCS / "tuning" / "tuning.json", *sorted((DOCS / "tuning").glob("*/tuning.json"))]
"""Of the study, and of other prior sets."""
AGAIN = " ".join([
    "scripts/compare.py", *(f"--rows {path.relative_to(ROOT)}" for path in FILES),
    "--page docs/fine_tuning.md",
])  # fmt: skip


def test_the_committed_page_is_that_of_the_committed_rows():
    said = (DOCS / "fine_tuning.md").read_text(encoding="utf-8")
    rows = read_rows(FILES)
    assert render_page(rows, folder=DOCS / "tuning") == said, f"make it again: {AGAIN}"
