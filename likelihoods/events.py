"""Do two measurements count the same particles? Then they are one piece of evidence, not two.

Nothing in a table lists its events, so this rests on what tables declare: the file, the DOI, the
period, and the species and rigidities measured. Particles of two species, or of rigidities that do
not overlap, are different events whatever else agrees.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from itertools import combinations

import numpy as np

from likelihoods.measurement import INTERSTELLAR, Measurement
from transport.errors import CrtuneError, CrtuneWarning

_COUNTED = {
    "proton": {"proton"},
    "carbon": {"carbon"},
    "boron": {"boron"},
    "boron_to_carbon": {"boron", "carbon"},
}
_PUBLISHED = re.compile(r"10\.\d{4,}/\S+|\d{4}[a-z&.]\S{14}")
"""A DOI or a bibcode, in small letters; what else may stand there (none, in preparation) names
nothing."""
_SAME_RIGIDITY = 0.005
"""Relative, of centres of bins."""
_FEW = 5
"""Points that two tables may have at the same rigidities by chance."""
_PERIOD = re.compile(r"(?P<instrument>\w+?)_(?P<first>\d{4})_(?P<last>\d{4})")


def same_table(a: Measurement, b: Measurement) -> str | None:
    """Why two measurements are one table, or its twin in another unit; None if they are not.

    Twins share their DOI and the species that they count; copies share most of their values,
    whatever their header says. Cuts that leave no rigidity to both make them two measurements.
    """
    if not _overlap(a, b):
        return None
    if a.sha256 == b.sha256:
        return f"both are the table {a.path.name}"
    if _PUBLISHED.fullmatch(_doi(a)) and _doi(a) == _doi(b):
        return f"both tables are from doi {a.doi}"
    if a.observable == b.observable:
        common = np.intersect1d(a.value, b.value).size
        if common > max(2, 0.5 * min(a.n_bins, b.n_bins)):
            return f"{common} values of {a.path.name} are those of {b.path.name}"
    return None


def shared_events(a: Measurement, b: Measurement) -> str | None:
    """Why two measurements count some particles twice, in words; None if nothing says so.

    As `same_table`, and tables of one instrument whose periods overlap: periods are called
    ``INSTRUMENT_FIRSTYEAR_LASTYEAR``. Outside the heliosphere tables declare no years, so those
    of one instrument, the first word of their names, count as overlapping.
    """
    if reason := same_table(a, b):
        return reason
    if not _overlap(a, b) or a.is_modulated != b.is_modulated:
        return None
    if a.period == b.period == INTERSTELLAR:
        instrument = _first_word(a)
        if instrument != _first_word(b):
            return None
        return f"both are {instrument} outside the heliosphere, without years to tell them apart"
    first, second = _PERIOD.fullmatch(a.period), _PERIOD.fullmatch(b.period)
    if a.period == b.period:
        return f"both are of the period {a.period}"
    if not first or not second:
        return _same_points(a, b)
    if first["instrument"] != second["instrument"]:
        return None
    if min(int(first["last"]), int(second["last"])) <= max(
        int(first["first"]), int(second["first"])
    ):
        return None
    return f"the periods {a.period} and {b.period} of one instrument overlap"


def check_events(datasets: Mapping[str, Measurement]) -> None:
    """Refuse data sets to be fitted that are one table; tell those that share some events.

    Raises
    ------
    CrtuneError: naming both

    Warns
    -----
    CrtuneWarning: one instrument measured the same species in overlapping periods
    """
    for (name, a), (other, b) in combinations(datasets.items(), 2):
        if reason := same_table(a, b):
            raise CrtuneError(
                f"data.{name} and data.{other} hold the same events, which would count twice: "
                f"{reason}; keep one, or cut them apart with rigidity_min and rigidity_max"
            )
        if reason := shared_events(a, b):
            warnings.warn(
                f"data.{name} and data.{other} are fitted as if they were independent, but share "
                f"events: {reason}. The fit claims more than was measured",
                CrtuneWarning,
                stacklevel=2,
            )


def _same_points(a: Measurement, b: Measurement) -> str | None:
    """Of tables whose periods say nothing: a copy on another axis has other numbers, but bins that
    lie where the other's do."""
    if a.observable != b.observable or a.n_bins != b.n_bins or a.n_bins < _FEW:
        return None
    if np.any(np.abs(a.rigidity_centre / b.rigidity_centre - 1.0) > _SAME_RIGIDITY):
        return None
    return f"all their {a.n_bins} points lie at the same rigidities"


def _doi(measurement: Measurement) -> str:
    """Without the address that some put before it; case says nothing in a DOI."""
    return measurement.doi.strip().lower().rpartition("doi.org/")[2]


def _overlap(a: Measurement, b: Measurement) -> bool:
    """Same species, and rigidities in common: more than edges that touch."""
    if not _COUNTED[a.observable] & _COUNTED[b.observable]:
        return False
    low = np.maximum(a.rigidity_low[0], b.rigidity_low[0])
    high = np.minimum(a.rigidity_high[-1], b.rigidity_high[-1])
    return bool(low * (1 + 1e-9) < high) or bool(
        np.isin(a.rigidity_centre, b.rigidity_centre).any()
    )


def _first_word(measurement: Measurement) -> str:
    return measurement.path.stem.partition("_")[0]
