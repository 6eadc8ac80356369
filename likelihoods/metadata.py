"""What a table says of itself beside its numbers: nothing of it is passed over in silence.

An upper limit is no point with a Gaussian error, which is all that the likelihood knows. Rows that
are marked as limits are therefore left out, and told: what is lost is little, and nothing is
invented. Anything else that is not understood is refused, since a column that is not read might be
the one that matters.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np

from transport.errors import CrtuneError, CrtuneWarning
from transport.suggest import suggest

OPTIONAL_KEYS = ("label", "unused")
ERROR_KEYS = ("name", "role", "column", "minus", "plus", "resolution", "description")

# ECSV of CRDB (is_upper_limit), gammapy (is_ul), naima (ul), and spellings of them.
_LIMIT = re.compile(r"(is_)?(upper_?)?(limit|limits|ul)(_flag)?", re.IGNORECASE)
_LIMIT_LIKE = re.compile(r"limit|censor|(^|_)u[pl]?l($|_)", re.IGNORECASE)
_YES = {"1", "1.0", "true", "yes", "y", "t"}
_NO = {"0", "0.0", "false", "no", "n", "f", "--", ""}


def check_keys(path: Path, meta: dict, known) -> None:
    """Refuse keys of the header that nobody reads.

    Raises
    ------
    CrtuneError: an unknown key of the meta, or of one of its `errors`
    """
    for key in meta:
        if not str(key).startswith("_") and key not in (*known, *OPTIONAL_KEYS):
            raise CrtuneError(
                f"{path}: unknown meta key {key!r}{suggest(str(key), known)}; known: "
                f"{', '.join((*known, *OPTIONAL_KEYS))}"
            )
    for entry in meta.get("errors") or ():
        for key in entry if isinstance(entry, dict) else ():
            if key not in ERROR_KEYS:
                raise CrtuneError(
                    f"{path}: meta key 'errors': component {entry.get('name')!r} has an unknown "
                    f"key {key!r}{suggest(str(key), ERROR_KEYS)}; known: {', '.join(ERROR_KEYS)}"
                )


def without_limits(path: Path, raw):
    """The table (astropy's) without the rows that it marks as upper limits, and without the mark.

    Raises
    ------
    CrtuneError: a mark that is neither yes nor no, or no row is left

    Warns
    -----
    CrtuneWarning: rows were left out
    """
    for name in [n for n in raw.colnames if _LIMIT.fullmatch(n)]:
        marked = _marks(path, raw[name])
        if len(raw) and marked.all():
            raise CrtuneError(f"{path}: column {name!r} marks every row as an upper limit")
        rows = np.flatnonzero(marked) + 1
        if len(rows):
            shown = ", ".join(map(str, rows[:8])) + (", ..." if len(rows) > 8 else "")
            warnings.warn(
                f"{path}: {len(rows)} of {len(raw)} rows are upper limits by column {name!r} and "
                f"are left out (rows {shown})",
                CrtuneWarning,
                stacklevel=2,
            )
        raw = raw[~marked]
        raw.remove_column(name)
    return raw


def _marks(path: Path, column) -> np.ndarray:
    words = [str(value).strip().lower() for value in column]
    for row, word in enumerate(words, 1):
        if word not in _YES | _NO:
            raise CrtuneError(
                f"{path}: row {row}, column {column.name!r}: {word!r} is neither 0 nor 1; the "
                "column should mark upper limits with 1"
            )
    return np.array([word in _YES for word in words], dtype=bool)


def check_columns(path: Path, names, used, meta: dict) -> None:
    """Refuse columns that nothing reads, unless the meta key `unused` names them.

    Parameters
    ----------
    names : all columns
    used : those that the reader or the meta key `errors` asks for

    Raises
    ------
    CrtuneError: naming the column, and the remedy for its kind
    """
    unused = meta.get("unused", [])
    if not isinstance(unused, list) or not all(isinstance(name, str) for name in unused):
        raise CrtuneError(f"{path}: meta key 'unused' should be a list of names of columns")
    for name in unused:
        if name not in names or name in used:
            why = "is used" if name in used else "there is no such column"
            raise CrtuneError(f"{path}: meta key 'unused': {name!r}: {why}")
    for name in names:
        if name in used or name in unused:
            continue
        if _LIMIT_LIKE.search(name):
            remedy = (
                "call a mark of upper limits is_upper_limit (0 or 1), and leave out lower limits"
            )
        elif name.startswith("err"):
            remedy = "an error counts once the meta key 'errors' gives it a name and a role"
        else:
            remedy = "if nothing is lost with it, name it in the meta: - unused: [...]"
        raise CrtuneError(
            f"{path}: column {name!r} is used by nothing{suggest(name, used)}; {remedy}"
        )
