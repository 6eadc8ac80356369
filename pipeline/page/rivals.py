"""What would tell theories of equal fit apart, and what would test each."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.page.findings import THEORIES
from pipeline.page.rows import Missing, Number, Rows

RIVAL = 10.0
"""Nats of ln Z within which theories count as rivals."""


class Rivals:
    """Theories whose evidence is close, and measurements to come.

    Parameters
    ----------
    rows : of the study
    main : the transport that is meant
    """

    def __init__(self, rows: Rows, main: str):
        self._rows, self._main = rows, main

    def names(self, place: str) -> list[str]:
        """Theories whose ln Z is within `RIVAL` nats of the best one's, the best first."""
        found = {
            run: number.value
            for run in self._rows.having("outlook_bc_1TV_50", transport=self._main)
            if (number := self._rows.find(run, "log_z", place, transport=self._main)) is not None
        }
        best = max(found.values(), default=0.0)
        return sorted((r for r in found if found[r] > best - RIVAL), key=lambda r: -found[r])

    def best_saved(self, run: str, place: str) -> tuple[str, Number]:
        """The parameter whose measurement saves most bits.

        Raises
        ------
        Missing: not measured
        """
        found = self._rows.number(run, "saved_most", place, transport=self._main)
        return found.note.split(";")[0], found

    def best_pair(self, place: str, others: Sequence[str] | None = None) -> tuple[str, str, Number]:
        """The theory of the paper and the rival of it, by default any or one of `others`, that one
        observable separates most, and by how many sigma.

        Raises
        ------
        Missing: not measured
        """
        found, runs = [], self.names(place)
        for one in (run for run in runs if run in THEORIES):
            for other in (run for run in runs if run != one and run in (others or runs)):
                number = self._rows.find(one, f"separation_{other}", place, transport=self._main)
                if number is not None:
                    found.append((one, other, number))
        if not found:
            raise Missing("no separation")
        return max(found, key=lambda item: item[2].value)
