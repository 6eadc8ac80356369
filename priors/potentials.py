"""Solar modulation potentials of data periods, from the table that comes with the project."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from priors.distributions import Distribution, truncated_normal
from transport.errors import CrtuneError, CrtuneWarning
from transport.suggest import suggest

TABLE = Path(__file__).resolve().parent.parent / "data" / "modulation_potentials.ecsv"
SERIES = ("phi_ghelfi_2017", "phi_usoskin_2017")
FAMILY = "modulation_potential"


@cache
def modulation_potentials() -> Mapping[str, float]:
    """Mean of the published series by data period, GV.

    Raises
    ------
    CrtuneError: the table is missing or damaged
    """
    try:
        with open(TABLE, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
        return {
            row["period"]: round(sum(float(row[name]) for name in SERIES) / len(SERIES), 6)
            for row in rows
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CrtuneError(
            f"{TABLE}: cannot be read as a table of modulation potentials ({error!r}); restore it"
        ) from error


@dataclass(frozen=True)
class PotentialOfPeriod:
    """A Gaussian, cut at 0, around the potential that the table gives for a data period.

    Attributes
    ----------
    sd : GV
    mean : GV, for periods that are not in the table; None refuses them
    """

    sd: float
    mean: float | None = None

    def of(self, period: str, source: str) -> Distribution:
        """Distribution of the potential of one period; says where it is not from the table.

        Raises
        ------
        CrtuneError: the period is not in the table, and no mean is given for that
        """
        known = modulation_potentials()
        if period in known:
            return truncated_normal(known[period], self.sd, low=0.0)
        absent = f"{source}: {TABLE.name} has no potential of the period {period}"
        remedy = f"give phi_{period} under [nuisance]"
        if self.mean is None:
            raise CrtuneError(f"{absent}; {remedy}; known: {', '.join(known)}")
        warnings.warn(
            f"{absent}; its prior is centred on {self.mean:g} GV, +- {self.sd:g}; {remedy} if you "
            "know better",
            CrtuneWarning,
            stacklevel=2,
        )
        return truncated_normal(self.mean, self.sd, low=0.0)


def potential_from_table(table: Mapping) -> PotentialOfPeriod:
    """Of a TOML table ``{distribution = "modulation_potential", sd = 0.1, mean = 0.65}``.

    Raises
    ------
    CrtuneError: saying what is wrong and what would be right, without file and key
    """
    arguments = {key: value for key, value in table.items() if key != "distribution"}
    for key, value in arguments.items():
        if key not in ("sd", "mean"):
            near = suggest(key, ("sd", "mean"))
            raise CrtuneError(f"{FAMILY} takes no {key!r}{near}; it takes sd and mean")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CrtuneError(f"{key} = {value!r} should be a number")
    if "sd" not in arguments:
        raise CrtuneError(f"{FAMILY} needs sd; it takes sd and mean")
    # refused here, not when a period first needs it
    truncated_normal(float(arguments.get("mean", 0.65)), float(arguments["sd"]), low=0.0)
    return PotentialOfPeriod(**{key: float(value) for key, value in arguments.items()})
