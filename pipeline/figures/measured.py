"""How measured points look: a marker for each experiment, a colour for each data set, in warm
colours at Earth and in cold ones outside the heliosphere."""

from __future__ import annotations

from collections.abc import Mapping

from likelihoods.measurement import Measurement
from likelihoods.points import DataPoints
from pipeline.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    YELLOW,
)

EARTH_COLOUR = VERMILLION
INTERSTELLAR_COLOUR = BLUE
_EARTH = (EARTH_COLOUR, PURPLE, ORANGE, YELLOW)
_INTERSTELLAR = (INTERSTELLAR_COLOUR, SKY, GREEN)

_EXPERIMENTS = {
    "ams02": ("AMS-02", "o"),
    "voyager1": ("Voyager 1", "D"),
    "dampe": ("DAMPE", "^"),
    "calet": ("CALET", "v"),
}
_SYMBOLS = {
    "proton": "p",
    "carbon": "C",
    "boron": "B",
    "boron_to_carbon": "B/C",
}


def colour(measurement: Measurement) -> str:
    """Of everything inside the heliosphere, or of everything outside."""
    return EARTH_COLOUR if measurement.is_modulated else INTERSTELLAR_COLOUR


def colours(datasets: Mapping[str, Measurement]) -> dict[str, str]:
    """A colour for each data set of one panel; the first of a place has that of `colour`."""
    found = {}
    for palette, modulated in ((_EARTH, True), (_INTERSTELLAR, False)):
        names = [name for name, m in datasets.items() if m.is_modulated == modulated]
        found |= {name: palette[i % len(palette)] for i, name in enumerate(names)}
    return found


def data_label(measurement: Measurement) -> str:
    """The label that the table gives itself; else experiment, observable and year, such as
    ``AMS-02 p 2015``; the name of other tables."""
    if measurement.label:
        return measurement.label
    parts = measurement.path.stem.split("_")
    prefix, year = parts[0], parts[-1]
    if prefix not in _EXPERIMENTS:
        return measurement.name
    label = f"{_EXPERIMENTS[prefix][0]} {_SYMBOLS[measurement.observable]}"
    reference = [word.strip(",") for word in measurement.reference.split()]
    years = [year, *reference]
    return f"{label} {next((y for y in years if y.isdigit() and len(y) == 4), '')}".strip()


def marker(measurement: Measurement) -> str:
    """Marker of the experiment."""
    return _EXPERIMENTS.get(measurement.path.stem.split("_")[0], ("", "s"))[1]


def draw_points(ax, measurement: Measurement, points: DataPoints, power: float = 0.0, **options):
    """Draw one data set, times rigidity to a power, with total errors and bin widths."""
    weight = points.rigidity**power
    style = {
        "fmt": marker(measurement),
        "color": colour(measurement),
        "ms": 4.0,
        "mew": 0.6,
        "mec": BLACK,
        "elinewidth": 0.9,
        "capsize": 0,
        "zorder": 5,
        "label": data_label(measurement),
    }
    return ax.errorbar(
        points.rigidity,
        points.value * weight,
        yerr=[points.minus * weight, points.plus * weight],
        xerr=[points.rigidity - points.rigidity_low, points.rigidity_high - points.rigidity],
        **{**style, **options},
    )
