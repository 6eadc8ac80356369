"""Which points of the data keep a theory from coming closer than its floor.

At the floor of `pipeline.tuning.measures.acceptable` under the criterion ``max`` a few points are
equally far off, some below the model and some above: to come closer to one is to part from another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.tuning.estimators.criteria import log_ratios
from pipeline.tuning.measures.acceptable import GROUP
from pipeline.tuning.measures.columns import Theme, note
from pipeline.tuning.measures.measure import Measure, Measured, register
from pipeline.tuning.measures.rounding import plain

CLOSE = 0.98
"""Points at this share of the largest abs(ln(model / data)), or more, set the floor."""
THEME = Theme(
    "What sets the floor",
    "The points that are farthest off in the closest state, all by the same factor, and on which "
    "side of them the model is.",
    13,
)
SEPARATOR = ", "
"""Between the texts of a note."""
_WORDS = {"proton": "protons", "boron_to_carbon": "B/C"}


@dataclass(frozen=True)
class FloorPoints:
    """Points that set a floor, in the order of their data sets; arrays over them.

    Attributes
    ----------
    datasets : names of their data sets
    index : (n,) which of the data set's points
    what : the observable in words, "interstellar" before what is measured outside the heliosphere
    rigidity : (n,) GV
    log_ratio : (n,) ln(model / data)
    """

    datasets: tuple[str, ...]
    index: np.ndarray
    what: tuple[str, ...]
    rigidity: np.ndarray
    log_ratio: np.ndarray

    @property
    def texts(self) -> list[str]:
        """``interstellar B/C at 1.2 GV (model above)``; neighbours on one side are one text."""
        groups: list[list[int]] = []
        for i in range(self.rigidity.size):
            if groups and self._are_neighbours(groups[-1][-1], i):
                groups[-1].append(i)
            else:
                groups.append([i])
        return [self._text(group) for group in groups]

    def _are_neighbours(self, one: int, other: int) -> bool:
        return (
            self.datasets[one] == self.datasets[other]
            and self.index[other] == self.index[one] + 1
            and (self.log_ratio[one] > 0) == (self.log_ratio[other] > 0)
        )

    def _text(self, group: list[int]) -> str:
        ends = dict.fromkeys(plain(self.rigidity[i], 2) for i in (group[0], group[-1]))
        side = "above" if self.log_ratio[group[0]] > 0 else "below"
        return f"{self.what[group[0]]} at {'-'.join(ends)} GV (model {side})"


def floor_points(problem, theta: np.ndarray) -> FloorPoints:
    """Points that are farthest off in one state.

    Parameters
    ----------
    problem : without discrepancy
    theta : (ndim,) coordinates of the closest state
    """
    ratios = log_ratios(problem, theta)[0]
    points = [
        (name, i, _what(measurement), float(rigidity))
        for name, measurement in problem.likelihood.datasets.items()
        for i, rigidity in enumerate(measurement.rigidity_centre)
    ]
    far = np.flatnonzero(np.abs(ratios) >= CLOSE * np.abs(ratios).max())
    names, index, what, rigidity = zip(*(points[i] for i in far), strict=True)
    return FloorPoints(names, np.array(index), what, np.array(rigidity), ratios[far])


def _what(measurement) -> str:
    words = _WORDS.get(measurement.observable, measurement.observable)
    return words if measurement.is_modulated else f"interstellar {words}"


def _make(result, results):
    fraction = result.made.get("acceptable_max")
    if fraction is None or not np.isfinite(fraction.floor_theta).all():
        return None
    return floor_points(result.case.bare_problem, fraction.floor_theta)


def _rows(found, results):
    yield Measured(
        "acceptable_max_floor_points", float(found.rigidity.size), note=SEPARATOR.join(found.texts)
    )


register(
    Measure(
        "floor_points", FloorPoints, GROUP, _make,
        source="cases", of_posteriors=False, rows=_rows,
        columns=(note(THEME, "set by", "acceptable_max_floor_points"),),
    )
)  # fmt: skip
