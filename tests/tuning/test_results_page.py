"""The page of results says what the committed tables say."""

import csv
import math

import pytest

from pipeline.cli import repo_root
from pipeline.config import RUNS
from pipeline.tuning.tables.acceptable_at import percent

DOCS = repo_root() / "docs"
COLUMNS = {
    "factor 2, Earth": ("acceptable_max_1", "earth"),
    "factor 2, with Voyager": ("acceptable_max_1", "voyager"),
    "50%, Earth": ("acceptable_max_0.5", "earth"),
    "floor, Earth": ("acceptable_max_floor", "earth"),
    "floor, with Voyager": ("acceptable_max_floor", "voyager"),
}


def committed():
    """Rows of tuning.csv on all data, by run, measure and range."""
    with (DOCS / "tuning" / "tuning.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["selection"] == "both"]
    return {(row["run"], row["measure"], row["range"]): row for row in rows}


def page_table():
    """Cells of the first table of the page, by run and column."""
    lines = (DOCS / "fine_tuning.md").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| | factor 2"))
    header = [cell.strip() for cell in lines[start].strip("|").split("|")]
    cells = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        run, *values = (cell.strip() for cell in line.strip("|").split("|"))
        cells |= {(run, name): text for name, text in zip(header[1:], values, strict=True)}
    return cells


def expected(row):
    value, error, note = float(row["value"]), float(row["error"]), row["note"]
    if row["measure"].endswith("floor"):
        text = percent(value)
    elif math.isinf(value):
        text = "none"
    elif note.startswith("lower bound"):
        text = f"over {math.floor(value)}"
    else:
        text = f"{value:.1f} ± {max(error, 0.1):.1f}"
    doubted = "did not forget" in note or "ended higher" in note
    return f"{text} *" if doubted else text


@pytest.mark.parametrize("column", COLUMNS)
def test_the_table_of_the_page_is_that_of_the_study(column):
    rows, cells = committed(), page_table()
    runs = {run for run, _ in cells}
    assert runs == {path.stem for path in RUNS.glob("*.toml")}
    told = {run: cells[run, column] for run in runs}
    assert told == {run: expected(rows[(run, *COLUMNS[column])]) for run in runs}
