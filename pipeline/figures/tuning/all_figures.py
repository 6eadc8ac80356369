"""All figures of a tuning study into one folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from pipeline.figures.style import save_figure
from pipeline.figures.tuning.acceptable_fraction import acceptable_fraction_figure
from pipeline.figures.tuning.evidence import evidence_figure
from pipeline.figures.tuning.looks import looks_of
from pipeline.figures.tuning.mutual_information import mutual_information_figure
from pipeline.figures.tuning.stiff_spectra import stiff_spectra_figure
from pipeline.figures.tuning.universality import universality_figure
from pipeline.tuning.tables.entries import identity
from transport.full.effects import FULL, PAPER

_FIGURES: dict[str, tuple[str, Callable[[Sequence], Figure]]] = {
    "acceptable_fraction": ("acceptable_max", acceptable_fraction_figure),
    "acceptable_fraction_rms": (
        "acceptable_rms",
        partial(acceptable_fraction_figure, criterion="rms"),
    ),
    "evidence": ("information", evidence_figure),
    "stiff_spectra": ("stiffness", stiff_spectra_figure),
    "universality": ("universality_prior", universality_figure),
}
"""Name of the file to what the figure needs and what draws it."""
_MATRIX = "mutual_information"


def draw_all(results: Sequence, folder: str | Path, matrices: Sequence[str] = ()) -> list[Path]:
    """Draw every figure that there are results for, of all data, by prior set and transport.

    Variants have none, nor have single effects where whole transports are there: what is made of
    them is a number each.

    Parameters
    ----------
    results : `pipeline.tuning.study.results.CaseResults`
    folder : gets NAME.png and NAME.pdf, or NAME_PRIORS_TRANSPORT where there are several
    matrices : runs to draw the mutual information of
    """
    whole = [r for r in results if r.case.selection == "both" and not _variant(r.case)]
    if any(r.case.transport in (PAPER, FULL) for r in whole):
        whole = [r for r in whole if r.case.transport in (PAPER, FULL)]
    kinds = list(dict.fromkeys(_kind(r.case) for r in whole))
    paths = []
    for kind in kinds:
        chosen = [r for r in whole if _kind(r.case) == kind]
        suffix = _suffix(kind, kinds)
        for name, (needs, draw) in _FIGURES.items():
            if any(needs in r.made for r in chosen):
                paths += save_figure(draw(chosen), Path(folder) / f"{name}{suffix}")
        for run in matrices:
            found = {
                r.case.range: r for r in chosen if r.case.run.name == run and r.mutual_information
            }
            if found:
                figure = _matrix(found, looks_of(chosen)[run].label)
                paths += save_figure(figure, Path(folder) / f"{_MATRIX}_{run}{suffix}")
    return paths


def _kind(case) -> tuple[str, str]:
    """Prior set and transport."""
    return identity(case)[5:7]


def _variant(case) -> str:
    return "".join(identity(case)[7:])


def _suffix(kind, kinds) -> str:
    """Priors and transport of these figures, what is the same in all left out."""
    parts = [part for i, part in enumerate(kind) if len({k[i] for k in kinds}) > 1]
    return "".join(f"_{part.replace(',', '_')}" for part in parts)


def left_over(folder: str | Path, drawn: Sequence[Path]) -> list[Path]:
    """Figures of an earlier study that are still in the folder beside those `drawn` now."""
    stems = (*_FIGURES, _MATRIX)
    return sorted(
        path
        for path in Path(folder).glob("*.p[nd][gf]")
        if path.stem.startswith(stems) and path not in drawn
    )


def _matrix(found, title):
    media = {
        p.coordinate_name: p.medium for r in found.values() for p in r.case.problem().parameters
    }
    return mutual_information_figure(found, media, title)
