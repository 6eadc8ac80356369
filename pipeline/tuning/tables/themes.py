"""What stands in which table of a study: the columns that the measures declare, by theme."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.tuning.measures.columns import Column, Theme
from pipeline.tuning.measures.measure import Measured, measures


@dataclass(frozen=True)
class Table:
    """A theme with its columns.

    Attributes
    ----------
    parts : for a column of one part (see `Column`), by header: the measures of all parts
    """

    theme: Theme
    columns: tuple[Column, ...]
    parts: dict[str, frozenset[str]]


def tables(measured: Iterable[Measured]) -> list[Table]:
    """All tables; columns of parts are those of the parts that were `measured`."""
    found = {(m.measure, m.part) for m in measured if m.part}
    columns: dict[Theme, list[Column]] = {}
    parts = {}
    for measure in measures().values():
        for column in measure.columns:
            own = columns.setdefault(column.theme, [])
            if not column.per_part:
                own.append(column)
                continue
            each = _each_part(column, found)
            own += each
            parts |= dict.fromkeys((c.header for c in each), frozenset(c.measures[0] for c in each))
    return [
        Table(theme, tuple(columns[theme]), parts)
        for theme in sorted(columns, key=lambda theme: theme.rank)
    ]


def _each_part(column: Column, found: set[tuple[str, str]]) -> list[Column]:
    """The column of each part that has the first of its measures."""
    template = column.measures[0]
    parts = sorted(part for name, part in found if name == template.format(part=part))
    return [
        replace(
            column,
            header=column.header.format(part=part),
            measures=tuple(name.format(part=part) for name in column.measures),
        )
        for part in parts
    ]
