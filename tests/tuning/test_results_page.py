"""The page of results says what the committed tables say.

Its tables are compared cell by cell. Its sentences stand in ``page_sentences.txt`` with their
numbers left out, each as the name of a row of tuning.csv and a format,
``{wide proton/two_phase earth cost .1±}``: prior set other than `plausible`, part of the data and
"/" other than both, run, range, measure, format. A minus in front turns the sign, one with blanks
around it stands between the two terms of a difference.
"""

import csv
import functools
import math
import re
from pathlib import Path

import pytest

from pipeline.figures.tuning.looks import LOOKS
from pipeline.tuning.measures.acceptable_at import percent
from transport.checkout import ROOT

DOCS = ROOT / "docs"
PLAUSIBLE, WIDE = DOCS / "tuning", DOCS / "tuning" / "wide"
COLUMNS = {
    "factor 2, Earth": (PLAUSIBLE, "acceptable_max_1", "earth"),
    "factor 2, with Voyager": (PLAUSIBLE, "acceptable_max_1", "voyager"),
    "50%, Earth": (PLAUSIBLE, "acceptable_max_0.5", "earth"),
    "floor, Earth": (PLAUSIBLE, "acceptable_max_floor", "earth"),
    "floor, with Voyager": (PLAUSIBLE, "acceptable_max_floor", "voyager"),
    "Earth": (WIDE, "acceptable_max_1", "earth"),
    "with Voyager": (WIDE, "acceptable_max_1", "voyager"),
    "ln Z, Earth": (WIDE, "log_z_over_kolmogorov", "earth"),
    "ln Z, with Voyager": (WIDE, "log_z_over_kolmogorov", "voyager"),
    "D_KL, Earth": (WIDE, "cost_over_kolmogorov", "earth"),
    "D_KL, with Voyager": (WIDE, "cost_over_kolmogorov", "voyager"),
}
RUN_OF = {look.label: run for run, look in LOOKS.items()}
SENTENCES = Path(__file__).with_name("page_sentences.txt").read_text().strip().split("\n\n")


@functools.cache
def page():
    return (DOCS / "fine_tuning.md").read_text()


@functools.cache
def committed(folder=PLAUSIBLE, selection="both"):
    """Rows of tuning.csv on some of the data, by run, measure and range."""
    with (folder / "tuning.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["selection"] == selection]
    return {(row["run"], row["measure"], row["range"]): row for row in rows}


def page_tables():
    """Cells of all tables of the page, by run and column."""
    cells, header = {}, None
    for line in page().splitlines():
        first, *others = (cell.strip() for cell in line.strip("|").split("|"))
        if not line.startswith("|"):
            header = None
        elif header is None:
            header = others
        elif not first.startswith("-"):
            cells |= {
                (RUN_OF[first], name): text for name, text in zip(header, others, strict=True)
            }
    return cells


def expected(row):
    """A cell: the number, and a star where the tables doubt it."""
    value, error, note = float(row["value"]), float(row["error"]), row["note"]
    if row["measure"].endswith("floor"):
        text = percent(value)
    elif math.isinf(value):
        text = "none"
    elif note.startswith("lower bound"):
        text = f"over {math.floor(value)}"
    else:
        text = f"{value:.1f} ± {max(error, 0.1):.1f}"
    doubts = ("did not forget", "ended higher", "differ by", "NOT CONVERGED")
    return f"{text} *" if any(doubt in note for doubt in doubts) else text


@pytest.mark.parametrize("column", COLUMNS)
def test_the_tables_of_the_page_are_those_of_the_study(column):
    folder, *measure = COLUMNS[column]
    told = {run: text for (run, name), text in page_tables().items() if name == column}
    everything = {run for run, *_ in committed()}
    assert set(told) == everything - ({"kolmogorov"} if "over" in measure[0] else set())
    assert told == {run: expected(committed(folder)[(run, *measure)]) for run in told}


def looked_up(name):
    """Value and error of a number of a sentence."""
    sign = -1.0 if name.startswith("-") else 1.0
    *wide, run, extent, measure = name.removeprefix("-").split()
    selection, run = run.split("/") if "/" in run else ("both", run)
    row = committed(PLAUSIBLE.joinpath(*wide), selection)[run, measure, extent]
    return sign * float(row["value"]), float(row["error"])


def written(placeholder):
    """A number in the format of its place.

    ``odds`` is one in 2^bits; ``.1`` digits, ``.1±`` with the error, no less than the last digit;
    ``%``, ``.1%`` and ``±%`` the same of a share in percent, ``%|`` without the sign.
    """
    name, form = placeholder.group(1).rsplit(maxsplit=1)
    values, errors = zip(*map(looked_up, name.split(" - ")), strict=True)
    value, error = values[0] - sum(values[1:]), math.hypot(*errors)
    if form == "odds":
        return f"{2.0**value:.0f}"
    if "%" in form:
        value, error = 100.0 * value, 100.0 * error
    digits = int(re.sub(r"\D", "", form) or 0)
    text = f"{value:.{digits}f}"
    if "±" in form:
        text += f" ± {max(error, 10.0**-digits):.{digits}f}"
    return text + ("%" if form.endswith("%") else "")


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda s: " ".join(s.split()[:5]))
def test_the_numbers_of_the_page_are_those_of_the_study(sentence):
    should_say = re.sub(r"\{(.*?)\}", written, " ".join(sentence.split()))
    says = should_say in " ".join(page().split())
    assert says, f"docs/fine_tuning.md should say: {should_say}"
