"""Exports of the Cosmic-Ray Data Base (CRDB) as tables of this project.

Three layouts are read, lines that begin with # left out: the 16 columns of CRDB's ``csv`` and of
its ``usine`` text (which has blanks between them; files of USINE before 2013 have 14),

    quantity, sub-experiment, axis, <E>, E low, E high, value, stat -, stat +, syst -, syst +,
    ADS, phi [MV], distance [AU], dates, is upper limit

and the 22 or 23 of ``csv-asimport``. Energies are in GeV, rigidities in GV, fluxes in
1/(m2 sr s axis). What CRDB does and this project does not, and what becomes of it:

- a lower error may be written as a negative number: its size counts;
- a bin with both ends equal has no known edges: then the mean is where the model is evaluated;
- upper limits are no measured values: they are left out, and counted;
- ``EK`` is the kinetic energy of the whole nucleus, ``ETOT`` its total energy, ``ETOTN`` that per
  nucleon: fluxes are turned to kinetic energy per nucleon; ratios at equal such energy cannot be,
  since that needs both spectra;
- an element is a sum of isotopes: hydrogen is taken as protons, and energies per nucleon of boron
  from ``EK`` or ``ETOT`` are those of the mean mass number of `transport.kinematics`.

Sources of the layouts: CRDB's page of the USINE format, and the field lists of the ``crdb`` client
(Maurin et al. 2014, A&A 569, A32; Maurin et al. 2023, EPJC 83, 971).
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transport.errors import CrtuneError
from transport.suggest import suggest

AXES = ("R", "EKN", "EK", "ETOT", "ETOTN")
OBSERVABLES = {"H": "proton", "1H": "proton", "C": "carbon", "B": "boron", "B/C": "boron_to_carbon"}
_COMMON = ("quantity", "experiment", "axis", "mean", "low", "high", "value",
           "stat_minus", "stat_plus", "syst_minus", "syst_plus")  # fmt: skip
_LAYOUTS = {
    16: (*_COMMON, "ads", "phi", "distance", "dates", "limit"),
    14: (*_COMMON, "ads", "phi", "dates"),
    23: ("", "", "", "", "experiment", "", "", "", "distance", "dates", "ads", "", "quantity",
         "axis", "mean", "low", "high", "value", "stat_minus", "stat_plus", "syst_minus",
         "syst_plus", "limit"),
}  # fmt: skip
_LAYOUTS[24] = (*_LAYOUTS[23], "phi")
_NUMBERS = _COMMON[3:]


@dataclass(frozen=True)
class Point:
    """One row of an export; errors are sizes, ``low`` and ``high`` equal where no edges are known.

    ``phi`` (MV) and ``distance`` (AU) are NaN where the layout has none.
    """

    quantity: str
    experiment: str
    axis: str
    mean: float
    low: float
    high: float
    value: float
    stat_minus: float
    stat_plus: float
    syst_minus: float
    syst_plus: float
    ads: str
    phi: float
    distance: float
    dates: str
    limit: bool


def read_export(path: str | Path) -> list[Point]:
    """All rows of an export.

    Raises
    ------
    CrtuneError: unreadable, no rows, an unknown layout, or a row that is not of it, by its line
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise CrtuneError(f"{path}: cannot be read: {reason}") from None
    points = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            cells = next(csv.reader([line])) if "," in line else line.split()
            points.append(_point(f"{path}: line {number}", [cell.strip() for cell in cells]))
    if not points:
        raise CrtuneError(f"{path}: no rows; export the data from CRDB as csv or usine")
    return points


def _point(where: str, cells: list[str]) -> Point:
    if len(cells) not in _LAYOUTS:
        raise CrtuneError(
            f"{where}: {len(cells)} columns; CRDB's csv and usine have 16 (usine before 2013: 14), "
            "its csv-asimport 23 or 24"
        )
    fields = dict(zip(_LAYOUTS[len(cells)], cells, strict=True))
    axis = fields["axis"].upper()
    if axis not in AXES:
        raise CrtuneError(
            f"{where}: axis {fields['axis']!r} is none of {', '.join(AXES)}{suggest(axis, AXES)}; "
            "is this an export of CRDB?"
        )
    numbers = {key: _number(where, key, fields[key]) for key in _NUMBERS}
    for key in ("stat_plus", "syst_plus"):
        if numbers[key] < 0:
            raise CrtuneError(f"{where}: {key} = {numbers[key]:g}: an upper error is not negative")
    for key in ("stat_minus", "syst_minus"):
        numbers[key] = abs(numbers[key])
    if not numbers["value"] > 0:
        raise CrtuneError(f"{where}: value = {numbers['value']:g} is not positive")
    if numbers["low"] > numbers["high"]:
        raise CrtuneError(f"{where}: the bin ends at {numbers['high']:g}, below its begin")
    return Point(
        quantity=fields["quantity"],
        experiment=fields["experiment"].replace("&amp;", "&"),
        axis=axis,
        ads=fields["ads"],
        phi=_number(where, "phi", fields.get("phi") or "nan", anything=True),
        distance=_number(where, "distance", fields.get("distance") or "nan", anything=True),
        dates=fields["dates"],
        limit=_flag(where, fields.get("limit", "0")),
        **numbers,
    )


def _number(where, key, text, anything=False) -> float:
    try:
        number = float(text)
    except ValueError:
        raise CrtuneError(f"{where}: {key} = {text!r} should be a number") from None
    if not anything and not math.isfinite(number):
        raise CrtuneError(f"{where}: {key} = {text} should be finite")
    return number


def _flag(where, text) -> bool:
    if text.lower() not in ("0", "1", "true", "false"):
        raise CrtuneError(f"{where}: is upper limit = {text!r} should be 0 or 1")
    return text.lower() in ("1", "true")


def choose(
    points: Sequence[Point],
    where: str,
    quantity: str | None = None,
    experiment: str | None = None,
    axis: str | None = None,
) -> list[Point]:
    """The rows of one data set: one quantity of one sub-experiment on one axis.

    Raises
    ------
    CrtuneError: nothing of that kind, or several data sets, with their names
    """
    chosen = list(points)
    for key, wanted, option in (
        ("quantity", quantity, "--quantity"),
        ("experiment", experiment, "--experiment"),
        ("axis", axis and axis.upper(), "--axis"),
    ):
        known = sorted({getattr(p, key) for p in chosen})
        if wanted is not None:
            if wanted not in known:
                raise CrtuneError(
                    f"{where}: {option} {wanted}: there is none{suggest(wanted, known)}; "
                    f"there are: {', '.join(known)}"
                )
            chosen = [p for p in chosen if getattr(p, key) == wanted]
        elif len(known) > 1:
            raise CrtuneError(
                f"{where}: holds several data sets; choose with {option}: {', '.join(known)}"
            )
    if chosen[0].quantity not in OBSERVABLES:
        raise CrtuneError(
            f"{where}: quantity {chosen[0].quantity}: no scenario predicts it; known: "
            f"{', '.join(OBSERVABLES)}"
        )
    return chosen


def years_of(points: Sequence[Point]) -> tuple[int, int] | None:
    """First and last year of the dates ``yyyy/mm/dd-hhmmss:yyyy/mm/dd-hhmmss;...``, or None."""
    years = [int(y) for p in points for y in re.findall(r"\b((?:19|20)\d\d)/\d\d", p.dates)]
    return (min(years), max(years)) if years else None
