"""One declaration of a model parameter, used by configs, priors, chains, tables and plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from transport.constants import UNITS

MEDIA = ("injection", "warm layer", "halo", "gas disk", "heliosphere", "model error")
"""What a parameter may describe, in the order of tables. A scenario has one halo, hot, turbulent
or stratified, so all are one tag. The height of a medium belongs to it; so does a factor of order
unity on what happens there. The radius r of the disk is part of the injection: it sets the source
Q ~ E_CR / r^2 of every scenario, and the outer boundary only of some."""
NUISANCE_MEDIA = ("heliosphere", "model error")
"""Those that are of no theory: solar modulation, discrepancy of the model."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a scenario, declared once, where the physics uses it.

    Parameters
    ----------
    name : identifier, as in ``--set name=value`` and in prior files
    unit : a key of `transport.constants.UNITS`; values are always given in this unit
    latex : symbol without dollar signs or unit
    description : one line for people
    fiducial : the paper's value, in `unit`
    section : where the paper introduces it
    scale : the coordinate it is sampled and drawn in: the value itself or its log10
    medium : which of `MEDIA` it describes, or ""; measures of coordination between media group
        parameters by it
    is_exponent : a slope of a spectrum, profile or law; derivatives are with respect to its value,
        not to its logarithm, and it is sampled as itself
    is_law : part of a law of transport, the same in every galaxy: universality leaves it alone

    The last three say how measures read a parameter. They are no part of what makes two problems
    the same.

    Raises
    ------
    ValueError: an unknown unit or medium, a log10 scale with a fiducial that is not positive, an
        exponent on a log10 scale
    """

    name: str
    unit: str
    latex: str
    description: str
    fiducial: float
    section: str = ""
    scale: Literal["linear", "log10"] = "linear"
    medium: str = ""
    is_exponent: bool = False
    is_law: bool = False

    def __post_init__(self):
        if self.unit not in UNITS:
            raise ValueError(f"parameter {self.name}: unit {self.unit!r} is none of {list(UNITS)}")
        if self.medium and self.medium not in MEDIA:
            raise ValueError(f"parameter {self.name}: medium {self.medium!r} is none of {MEDIA}")
        if self.scale == "log10" and not self.fiducial > 0:
            raise ValueError(f"parameter {self.name}: a log10 scale needs a positive fiducial")
        if self.is_exponent and self.scale != "linear":
            raise ValueError(f"parameter {self.name}: an exponent needs the linear scale")

    @property
    def coordinate_name(self) -> str:
        """Name of the sampled coordinate, e.g. ``log10_n_hot``."""
        return f"log10_{self.name}" if self.scale == "log10" else self.name

    @property
    def coordinate_latex(self) -> str:
        """LaTeX label of the sampled coordinate with its unit, in dollar signs."""
        unit = UNIT_LATEX.get(self.unit, rf"\mathrm{{{self.unit}}}")
        if self.scale == "log10":
            inside = rf"{self.latex}/{unit}" if self.unit else self.latex
            return rf"$\log_{{10}}\,{inside}$"
        return rf"${self.latex}\ [{unit}]$" if self.unit else f"${self.latex}$"

    def to_coordinate(self, value):
        """Sampled coordinate of a value in `unit`."""
        return np.log10(value) if self.scale == "log10" else np.asarray(value, dtype=float)

    def from_coordinate(self, coordinate):
        """Value in `unit` of a sampled coordinate."""
        return 10.0 ** np.asarray(coordinate) if self.scale == "log10" else np.asarray(coordinate)

    def to_cgs(self, value):
        """Value in CGS of a value in `unit` (rigidities stay in GV)."""
        return np.asarray(value, dtype=float) * UNITS[self.unit]


def columns_by_medium(parameters: Sequence[Parameter]) -> dict[str, np.ndarray]:
    """Columns of the coordinates that describe each medium, those present, in order of `MEDIA`."""
    columns = {m: [i for i, p in enumerate(parameters) if p.medium == m] for m in MEDIA}
    return {medium: np.array(found) for medium, found in columns.items() if found}


UNIT_LATEX = {
    "cm^-3": r"\mathrm{cm}^{-3}",
    "K": r"\mathrm{K}",
    "uG": r"\mu\mathrm{G}",
    "1e50 erg": r"10^{50}\,\mathrm{erg}",
    "km/s": r"\mathrm{km\,s}^{-1}",
    "cm^2/s": r"\mathrm{cm}^2\,\mathrm{s}^{-1}",
    "1e28 cm^2/s": r"10^{28}\,\mathrm{cm}^2\,\mathrm{s}^{-1}",
    "1/s": r"\mathrm{s}^{-1}",
    "pc cm^-3": r"\mathrm{pc\,cm}^{-3}",
}
