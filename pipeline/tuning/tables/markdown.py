"""The tables of a study as Markdown: one per theme, the ranges side by side."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.tuning.measures.columns import Column
from pipeline.tuning.study.choices import RANGES, SELECTIONS
from pipeline.tuning.tables.entries import NO_BASELINE, NOT_CONVERGED, UNKNOWN, Entry
from pipeline.tuning.tables.themes import Table, tables

MISSING = "-"
NOT_ASKED = "n/a"
_HEADERS = {"earth": "Earth", "voyager": "with Voyager"}


def markdown(entries: Sequence[Entry]) -> str:
    """All tables, by prior set, transport, variant, selection of data and theme.

    A row is a run, a column one quantity of one range. What a run did not converge to is marked in
    its cell; other warnings are numbered below their table. A table of which there is nothing is
    left out; a quantity that no case of a table has, too.
    """
    parts, missing, cells = ["# How finely the scenarios must be tuned\n"], 0, 0
    kinds = dict.fromkeys((e.priors, e.transport, e.variant) for e in entries)
    for priors, transport, variant in kinds:
        for selection in SELECTIONS:
            wanted = (priors, transport, variant, selection)
            chosen = [
                e for e in entries if (e.priors, e.transport, e.variant, e.selection) == wanted
            ]
            if not chosen:
                continue
            how = f", transport {transport}"
            how += f", variant {variant}" if variant else ""
            parts.append(f"## Priors {priors}{how}, {SELECTIONS[selection]}\n")
            for table in tables(e.measured for e in chosen):
                text, absent, all_of_it = _table(table, chosen)
                parts.append(text)
                missing, cells = missing + absent, cells + all_of_it
            parts.append(_without_baseline(chosen))
    parts.append(f"{missing} of {cells} values of these tables are missing ({MISSING}).\n")
    return "\n".join(part for part in parts if part)


def _table(table: Table, entries: Sequence[Entry]) -> tuple[str, int, int]:
    """The table, how many of its cells are missing, and how many it has."""
    found = {(e.run, e.range, e.measured.measure): e.measured for e in entries}
    runs = list(dict.fromkeys(e.run for e in entries))
    remarks: list[str] = []
    kept, columns = [], []
    for column in table.columns:
        pair = [
            [_cell(column, [found.get((run, place, m)) for m in column.measures], remarks)
             for run in runs]
            for place in RANGES
        ]  # fmt: skip
        if any(text != MISSING for cells in pair for text in cells):
            if column.per_part:
                every = table.parts[column.header]
                asked = {(run, place) for run, place, measure in found if measure in every}
                pair = [
                    [
                        _not_asked(text, (run, place) in asked)
                        for run, text in zip(runs, cells, strict=True)
                    ]
                    for place, cells in zip(RANGES, pair, strict=True)
                ]
            kept += [f"{column.header}, {_HEADERS[place]}" for place in RANGES]
            columns += pair
    if not columns:
        return "", 0, 0
    names = {e.run: _name(e) for e in entries}
    rows = [
        [names[run], *cells] for run, cells in zip(runs, zip(*columns, strict=True), strict=True)
    ]
    lines = [
        f"### {table.theme.title}\n",
        f"{table.theme.caption}\n",
        _line(["run", *kept]),
        _line(["---"] * (1 + len(kept))),
        *(_line(row) for row in rows),
        "",
        *(f"({number}) {remark}  " for number, remark in enumerate(remarks, 1)),
    ]
    every = [text for cells in columns for text in cells]
    return "\n".join(lines) + "\n", every.count(MISSING), len(every)


def _without_baseline(entries: Sequence[Entry]) -> str:
    """Which runs are held against no baseline, and why."""
    lines = [
        f"{e.run}, {_HEADERS[e.range]}: not held against "
        f"{e.measured.measure.removeprefix(NO_BASELINE)}: {e.measured.note}.  "
        for e in entries
        if e.measured.measure.startswith(NO_BASELINE)
    ]
    return "\n".join(lines) + "\n" if lines else ""


def _cell(column: Column, measured, remarks: list[str]) -> str:
    if any(m is None for m in measured):
        return MISSING
    text = column.write(*measured)
    for flag in dict.fromkeys(flag for m in measured for flag in m.flags):
        if flag in (NOT_CONVERGED, UNKNOWN):
            text += f" **{flag}**"
            continue
        if flag not in remarks:
            remarks.append(flag)
        text += f" ({remarks.index(flag) + 1})"
    return text


def _not_asked(text: str, others_are_there: bool) -> str:
    """An amplitude that is missing while the case has others belongs to data it does not have."""
    return NOT_ASKED if text == MISSING and others_are_there else text


def _name(entry: Entry) -> str:
    """The run, with scenario and options where it is not called like its scenario."""
    if entry.run == entry.scenario:
        return entry.run
    extra = "; ".join(text for text in (entry.scenario, entry.options) if text)
    return f"{entry.run} ({extra})"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in cells) + " |"
