"""Columns of the tables for people: how measured numbers become text."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.tuning.measures.rounding import interval, plain, rounded

LOWER_BOUND = "lower bound"
"""Note of a number that is one."""
BASELINES = ("kolmogorov", "power_law_diffusion")
"""Runs that others are held against, where none are named."""
BASELINE = "baseline"
"""Note of a difference of a baseline to itself."""


@dataclass(frozen=True)
class Theme:
    """One table.

    Attributes
    ----------
    title : above it
    caption : a line on how to read it
    rank : tables stand in its order
    """

    title: str
    caption: str
    rank: int = 90


@dataclass(frozen=True)
class Column:
    """A quantity, drawn once for each range.

    Attributes
    ----------
    theme : the table it stands in
    header : with the unit
    measures : names of what it is made from
    write : these measures to text
    per_part : header and measures hold ``{part}``, and there is one such column for each part that
        was measured; where a case has others of them only, it does not apply
    """

    theme: Theme
    header: str
    measures: tuple[str, ...]
    write: Callable[..., str]
    per_part: bool = False


def number(theme: Theme, header: str, measure: str, digits: int = 3) -> Column:
    """A value to the digits that its error leaves."""
    return Column(theme, header, (measure,), lambda m: _number(m, digits))


def bits(theme: Theme, header: str, measure: str) -> Column:
    """A number of bits, which may be a lower bound, or of nothing at all."""

    def write(m):
        if m.note.startswith("none"):
            return m.note
        return f">= {plain(m.value)}" if m.note == LOWER_BOUND else _number(m)

    return Column(theme, header, (measure,), write)


def percent(theme: Theme, header: str, measure: str) -> Column:
    """A share."""

    def write(m):
        if m.note.startswith("none"):
            return m.note
        if m.value in (0.0, 1.0):
            return f"{100 * m.value:g}%"
        return f"{rounded(100 * m.value, 100 * m.error)}%"

    return Column(theme, header, (measure,), write)


def with_note(theme: Theme, header: str, measure: str) -> Column:
    """A value and its note."""
    return Column(theme, header, (measure,), lambda m: f"{_number(m)} {m.note}")


def note(theme: Theme, header: str, measure: str) -> Column:
    """The note alone."""
    return Column(theme, header, (measure,), lambda m: m.note)


def interval_of(
    theme: Theme, header: str, key: str, middle: str = "_50", per_part: bool = False
) -> Column:
    """The median with the central 68%, of the measures `key` with `middle`, ``_16`` and ``_84``."""

    def write(mid, low, high):
        return interval(mid.value, low.value, high.value)

    measures = (f"{key}{middle}", f"{key}_16", f"{key}_84")
    return Column(theme, header, measures, write, per_part)


def over_baselines(theme: Theme, what: str, unit: str, measure: str) -> Column:
    """Differences to each baseline that there is, a column each."""

    def write(m):
        return f"0 ({BASELINE})" if m.note == BASELINE else _number(m)

    names = (f"{measure}_over_{{part}}",)
    return Column(theme, f"{what} over {{part}} [{unit}]", names, write, per_part=True)


def yes_no(theme: Theme, header: str, measure: str) -> Column:
    """Yes for 1, no for 0."""
    return Column(theme, header, (measure,), lambda m: "yes" if m.value else "no")


def _number(measured, digits: int = 3) -> str:
    if math.isnan(measured.value):
        return "undefined"
    return rounded(measured.value, measured.error, digits)
