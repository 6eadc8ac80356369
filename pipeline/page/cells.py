"""Cells of the page's tables, and tables of cells, as Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from pipeline.figures.tuning.looks import label, ordered
from pipeline.page.rows import Number
from pipeline.page.words import with_error
from pipeline.tuning.measures.columns import BASELINE
from transport.full.effects import FULL, PAPER

NOTHING = "-"
EARTH, VOYAGER = "earth", "voyager"
PLACES = {EARTH: "Earth", VOYAGER: "with Voyager"}
TRANSPORTS = {PAPER: "paper", FULL: "full"}
"""In headers of columns."""


def table(first: str, columns: dict[str, dict[str, str]], rows: Sequence[str] | None = None) -> str:
    """Markdown of cells by column and row; empty where there is not one cell.

    Parameters
    ----------
    first : header of the names of the rows
    columns : header to the cells, by name of the row
    rows : names in their order; runs by default
    """
    columns = {head: cells for head, cells in columns.items() if cells}
    names = rows or ordered(name for cells in columns.values() for name in cells)
    names = [n for n in names if any(n in cells for cells in columns.values())]
    if not names:
        return ""
    shown = [label(n) if rows is None else n for n in names]
    lines = [_line([first, *columns]), _line(["---"] * (1 + len(columns)))]
    for name, text in zip(names, shown, strict=True):
        lines.append(_line([text, *(cells.get(name, NOTHING) for cells in columns.values())]))
    return "\n".join(lines)


def cell(number: Number, write: Callable[[Number], str] = with_error) -> str:
    """A number in a table: a star where the tables doubt it."""
    if number.note == BASELINE:
        return BASELINE
    if number.is_none:
        text = "none"
    elif number.is_bound:
        text = f"over {math.floor(number.value)}"
    else:
        text = write(number)
    return f"{text} *" if number.is_doubted else text


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in cells) + " |"
