"""Tables of what fits have shown, as Markdown. What nobody has measured has no column and row."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from pipeline.page.cells import EARTH, PLACES, TRANSPORTS, VOYAGER, cell, label, ordered, table
from pipeline.page.findings import SINGLE, THEORIES
from pipeline.page.rows import Missing, Number, Rows
from pipeline.page.words import percent, probability, rounded, with_error
from pipeline.tuning.measures.holdouts import SHOWN as HOLDOUTS
from pipeline.tuning.tables.entries import NOT_CONVERGED

_EVIDENCE = {"log_z": "evidence", "fit": "fit", "cost": "cost"}
"""Differences to a baseline, shown in bits."""
_JOIN, _FORMULA = "\x00", 100  # stands for a space that no line ends at; width of formulae


def _as_bits(number: Number) -> str:
    return with_error(number.in_bits)


def _two_digits(number: Number) -> str:
    return with_error(number, 2)


def _broken(formula: str) -> str:
    """A long formula as lines of code, broken between its factors or terms and before its value."""
    if len(formula) <= _FORMULA:
        return f"    {formula}"
    factors, equals, value = formula.partition(" = ")
    whole = re.sub(r"\([^()]*(\([^()]*\)[^()]*)*\)", lambda m: m[0].replace(" ", _JOIN), factors)
    whole = re.sub(r" ([-+]) ([\d.]+) ", rf" \1{_JOIN}\2{_JOIN}", whole)
    lines = textwrap.wrap(
        whole, _FORMULA, initial_indent="    ", subsequent_indent=8 * " ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return "\n".join([*lines, f"        {equals.strip()} {value}"]).replace(_JOIN, " ")


class FitTables:
    """Tables of evidence, conspiracy, stiff directions, other galaxies and predictions.

    Parameters
    ----------
    rows : of the study
    main : the transport of the sections below the front
    """

    def __init__(self, rows: Rows, main: str):
        self._rows, self._main = rows, main

    def _column(self, measure, place, write=with_error, runs=None, **where):
        """Cells of one measure by run."""
        where = {"transport": self._main} | where
        found = {
            run: self._rows.find(run, measure, place, **where)
            for run in (self._rows.runs if runs is None else runs)
        }
        return {run: cell(number, write) for run, number in found.items() if number is not None}

    def evidence(self) -> str:
        """Evidence, fit and cost against Kolmogorov diffusion."""
        columns = {
            f"{words}, {PLACES[place]}": self._column(f"{key}_over_kolmogorov", place, _as_bits)
            for place in PLACES
            for key, words in _EVIDENCE.items()
        }
        return table("theory", columns)

    def without_baseline(self) -> list[str]:
        """Why a run is not held against Kolmogorov diffusion, a line a run."""
        found = {}
        for place in PLACES:
            for run in self._rows.runs:
                why = self._rows.note(run, "baseline_kolmogorov", place, transport=self._main)
                if why:
                    found.setdefault(run, f"{label(run)} has no such row: {why}.")
        return [found[run] for run in ordered(found)]

    def coordination(self) -> str:
        """What is left when media are shuffled, and the bits that this is worth."""
        columns = {}
        for place in PLACES:
            key = "acceptable_shuffle_each_medium"
            columns[f"still work, {PLACES[place]}"] = self._column(f"{key}_share", place, percent)
            columns[f"coordination [bits], {PLACES[place]}"] = self._column(f"{key}_bits", place)
        return table("theory", columns)

    def stiff(self, run: str, place: str = EARTH, most: int = 3) -> str:
        """The stiffest combinations of a theory, as a list of formulae."""
        texts = [
            number.note
            for name, number in self._rows.measures(run, "stiff", place, transport=self._main)
            if name == "stiffest_tolerance" or (name.startswith("stiff_") and name[6].isdigit())
            if name.endswith("_tolerance")
        ]
        return "\n".join(_broken(text) for text in texts[:most])

    def saved(self, most: int = 3) -> str:
        """The parameters whose measurement saves most bits."""
        columns = {}
        for place in PLACES:
            cells = {}
            for run in self._rows.having("saved_most", transport=self._main):
                found = self._rows.measures(run, "saved_by_", place, transport=self._main)
                best = sorted(found, key=lambda item: -item[1].value)[:most]
                if best:
                    names = [name.removeprefix("saved_by_") for name, _ in best]
                    texts = [cell(number, _two_digits) for _, number in best]
                    cells[run] = ", ".join(
                        f"`{name}` {text}" for name, text in zip(names, texts, strict=True)
                    )
            columns[f"saves most bits, {PLACES[place]}"] = cells
        return table("theory", columns)

    def pairs(self, runs: Sequence[str], place: str) -> str:
        """What separates theories most, in pairs of one of the paper's with anything but a single
        mechanism, by how much, and the precision it takes."""
        columns = {"part most in": {}, "by [sigma]": {}, "error needed for 3 sigma": {}}
        names = []
        for i, one in enumerate(runs):
            for other in runs[i + 1 :]:
                if not {one, other} & set(THEORIES) or {one, other} & set(SINGLE):
                    continue
                sigma = self._rows.find(one, f"separation_{other}", place, transport=self._main)
                if sigma is None:
                    continue
                name = f"{label(one)} / {label(other)}"
                names.append(name)
                columns["part most in"][name] = sigma.note.split(";")[0]
                columns["by [sigma]"][name] = cell(sigma)
                needed = self._rows.find(
                    one, f"separation_{other}_precision", place, transport=self._main
                )
                columns["error needed for 3 sigma"][name] = (
                    "none would do"
                    if needed is None
                    else f"{needed.value:.2f} in the slope"
                    if needed.unit == "in the slope"
                    else f"{100 * needed.value:.0f}%"
                )
        if set(columns["error needed for 3 sigma"].values()) == {"none would do"}:
            del columns["error needed for 3 sigma"]
        return table("theories", columns, names)

    def galaxies(self) -> str:
        """Slopes of B/C in other galaxies; of single mechanisms the figure tells."""
        columns = {}
        for place in PLACES:
            slopes = self._intervals("universality_prior_delta", place)
            columns[f"slope of B/C, {PLACES[place]}"] = slopes
            columns[f"0.3 to 0.6, {PLACES[place]}"] = self._column(
                "universality_prior_score", place, percent
            )
        kept = {h: {r: c[r] for r in c if r not in SINGLE} for h, c in columns.items()}
        return table("theory", kept)

    def holdouts(self) -> str:
        """p-values of data that were not fitted, of fits to all data."""
        columns = {}
        for name, words in HOLDOUTS.items():
            cells = columns[words] = {}
            for run in self._rows.runs:
                if (found := self._holdout(run, name)) is not None:
                    flag = f" **{NOT_CONVERGED}**" if found.is_unconverged else ""
                    cells[run] = f"{probability(found.value)}{flag}"
        return table("theory", columns)

    def _holdout(self, run, name):
        found = self._rows.find(run, f"holdout_{name}_p", VOYAGER, transport=self._main)
        return None if found is None or found.note.startswith("no hold-out") else found

    def slopes(self) -> str:
        """The slope of diffusion that the data want, and the share below Kolmogorov's."""
        columns = {}
        for place in PLACES:
            for name, words in TRANSPORTS.items():
                columns[f"delta, {PLACES[place]}, {words}"] = self._intervals(
                    "diffusion_slope", place, transport=name
                )
        return table("theory", columns)

    def _intervals(self, key, place, **where):
        where = {"transport": self._main} | where
        cells = {}
        for run in self._rows.runs:
            try:
                low, middle, high = (
                    self._rows.number(run, f"{key}_{q}", place, **where) for q in ("16", "50", "84")
                )
            except Missing:
                continue
            told = [rounded(n.value, 2) for n in (middle, low, high)]
            text = f"{told[0]} ({told[1]} to {told[2]})"
            cells[run] = text + (f" **{NOT_CONVERGED}**" if middle.is_unconverged else "")
        return cells
