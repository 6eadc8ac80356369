"""The rows of a study, as numbers that know their error, limits and doubts."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.tuning.measures.columns import LOWER_BOUND
from pipeline.tuning.measures.information import NATS_PER_BIT
from pipeline.tuning.tables.entries import BETWEEN_NOTES, NOT_CONVERGED, UNKNOWN
from pipeline.tuning.tables.report import usual_priors
from transport.errors import CrtuneError
from transport.full.effects import PAPER

PLAUSIBLE = "plausible"
_PLACE = ("range", "selection", "priors", "transport", "variant")
_DOUBTS = ("did not forget", "ended higher", "differ by", "ln Z differ", UNKNOWN)
"""Parts of the notes of numbers that the tables doubt."""


class Missing(Exception):
    """A number that is not in the rows: what needs it is left out."""


@dataclass(frozen=True)
class Number:
    """A value of the study.

    Attributes
    ----------
    value, error : the error is NaN where there is none
    note : what belongs to it
    unit : of the value
    """

    value: float
    error: float = math.nan
    note: str = ""
    unit: str = ""

    @property
    def is_none(self) -> bool:
        """Nothing in the prior does what is asked: infinitely many bits."""
        return math.isinf(self.value) or self.note.startswith("none")

    @property
    def is_bound(self) -> bool:
        """A lower bound."""
        return self.note.startswith(LOWER_BOUND)

    @property
    def is_known(self) -> bool:
        """An ordinary number."""
        return math.isfinite(self.value) and not (self.is_none or self.is_bound)

    @property
    def is_doubted(self) -> bool:
        """Whether the tables warn of it, other than of chains that did not converge."""
        return any(doubt in self.note for doubt in _DOUBTS)

    @property
    def is_unconverged(self) -> bool:
        """Whether it rests on a posterior that did not converge."""
        return NOT_CONVERGED in self.note

    @property
    def in_bits(self) -> Number:
        """In bits, of a number in nats; any other one as it is."""
        if self.unit != "nats":
            return self
        value, error = self.value / NATS_PER_BIT, self.error / NATS_PER_BIT
        return replace(self, value=value, error=error, unit="bits")

    def __sub__(self, other: Number) -> Number:
        """Difference of two ordinary numbers, errors in quadrature.

        Raises
        ------
        Missing: one of them is no ordinary number
        """
        if not (self.is_known and other.is_known):
            raise Missing("a difference of what is no number")
        errors = [e for e in (self.error, other.error) if math.isfinite(e)]
        error = math.hypot(*errors) if errors else math.nan
        note = BETWEEN_NOTES.join(n for n in (self.note, other.note) if n)
        return Number(self.value - other.value, error, note, self.unit)

    def __neg__(self) -> Number:
        return replace(self, value=-self.value)


class Rows:
    """The rows of one or several studies.

    Parameters
    ----------
    records : as of `pipeline.tuning.tables.report.record`, or read from tuning.json; of rows of
        the same name the last counts
    """

    def __init__(self, records: Iterable[Mapping]):
        records = list(records)
        self._found: dict[tuple, Number] = {}
        self._runs: dict[str, tuple[str, str]] = {}
        for row in records:
            key = (row["run"], row["measure"], *_place_of(row))
            self._found[key] = _number(row)
            self._runs.setdefault(row["run"], (row["scenario"], row["options"]))
        self._keys = list(self._found)
        self._priors = usual_priors(records, PLAUSIBLE)

    @property
    def runs(self) -> dict[str, tuple[str, str]]:
        """Scenario and options by run."""
        return dict(self._runs)

    @property
    def own_priors(self) -> dict[str, str]:
        """Prior set by run, of those that have none of `PLAUSIBLE`."""
        return {run: priors for run, priors in self._priors.items() if priors != PLAUSIBLE}

    def number(self, run: str, measure: str, place: str = "earth", **where: str) -> Number:
        """One of them.

        Parameters
        ----------
        run, measure, place : which, the place being the range of the data
        where : selection, priors, transport, variant; of the plain case by default, its priors
            being those of `own_priors` where the run has no `PLAUSIBLE`

        Raises
        ------
        Missing: it is not there, or has no value
        """
        found = self.find(run, measure, place, **where)
        if found is None:
            raise Missing(f"{run} {place} {measure} {where}")
        return found

    def find(self, run: str, measure: str, place: str = "earth", **where: str) -> Number | None:
        """As `number`; None where it is not there."""
        found = self._found.get(self._key(run, measure, place, where))
        return None if found is None or math.isnan(found.value) else found

    def note(self, run: str, measure: str, place: str = "earth", **where: str) -> str:
        """The note of one of them, which may be without a value; "" where it is not there."""
        found = self._found.get(self._key(run, measure, place, where))
        return "" if found is None else found.note

    def having(self, measure: str, **where: str) -> list[str]:
        """Runs that have a measure, in any place that is not excluded by `where`."""
        runs = [
            key[0]
            for key in self._keys
            if key[1] == measure
            and all(key[2 + _PLACE.index(name)] == value for name, value in where.items())
        ]
        return list(dict.fromkeys(runs))

    def values_of(self, name: str) -> list[str]:
        """What ``transport``, ``variant``, ... of the rows there are, in their order."""
        return list(dict.fromkeys(key[2 + _PLACE.index(name)] for key in self._keys))

    def measures(self, run: str, start: str, place: str = "earth", **where: str):
        """(name, number) of the measures of a case that begin with `start`, in their order."""
        names = [key[1] for key in self._keys if key[0] == run and key[1].startswith(start)]
        for name in dict.fromkeys(names):
            if (found := self.find(run, name, place, **where)) is not None:
                yield name, found

    def _key(self, run, measure, place, where):
        priors = self._priors.get(run, PLAUSIBLE)
        cell = {"selection": "both", "priors": priors, "transport": PAPER, "variant": ""} | where
        return (run, measure, place, *(cell[name] for name in _PLACE[1:]))


def read_rows(paths: Sequence[Path]) -> list[dict]:
    """Records of tuning.json files.

    Raises
    ------
    CrtuneError: no such file, or not one of the study
    """
    records = []
    for path in paths:
        try:
            found = json.loads(Path(path).read_text(encoding="utf-8"))["entries"]
            for row in found:
                _check(row)
            records += found
        except OSError as error:
            raise CrtuneError(f"{path}: {error.strerror}; give a tuning.json") from None
        except (ValueError, KeyError, TypeError):
            raise CrtuneError(
                f"{path}: has no rows of the study; give a tuning.json that scripts/compare.py made"
            ) from None
    return records


def _check(row) -> None:
    """Refuse what is no row of a study."""
    texts = ("run", "scenario", "options", "range", "selection", "priors", "measure", "note")
    numbers = (row["value"], row["error"])
    if not all(isinstance(row[name], str) for name in texts):
        raise TypeError
    if not all(x is None or (type(x) in (int, float) and math.isfinite(x)) for x in numbers):
        raise ValueError
    if not (row["unit"] is None or isinstance(row["unit"], str)):
        raise TypeError


def _place_of(row):
    plain = {"transport": PAPER, "variant": ""}
    return (row.get(name, plain.get(name)) for name in _PLACE)


def _number(row):
    """JSON has null where a number is infinite, bits of nothing, or not there."""
    note = row["note"]
    missing = math.inf if note.startswith("none") else math.nan
    value, error = (math.nan if x is None else float(x) for x in (row["value"], row["error"]))
    value = missing if math.isnan(value) else value
    return Number(value, error, note, row["unit"] or "")
