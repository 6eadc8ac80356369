"""One look for every figure, and how figures are written.

Figures are plain `matplotlib.figure.Figure` objects: no window system, no global pyplot state, so
they can be made anywhere and many at once.
"""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Callable
from pathlib import Path

import matplotlib
from matplotlib import rcParamsDefault
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from pipeline.files import replacing

# Okabe & Ito (2008): told apart with every common form of colour blindness.
BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#666666"

_RC = {
    "font.size": 11,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same on every machine
    "mathtext.fontset": "dejavusans",
    "axes.labelsize": 12,
    "axes.titlesize": 12,
    "axes.linewidth": 0.8,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.minor.visible": True,
    "ytick.minor.visible": True,
    "pdf.fonttype": 42,  # TrueType: text stays text
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}

_DEFAULTS = {key: value for key, value in rcParamsDefault.items() if "backend" not in key}


def styled(function: Callable) -> Callable:
    """Decorator: draw with the project's style, and leave the caller's settings alone.

    Whatever the style does not name is matplotlib's own default, not the user's matplotlibrc.
    """

    @functools.wraps(function)
    def inner(*args, **options):
        with matplotlib.rc_context(_DEFAULTS | _RC):
            return function(*args, **options)

    return inner


def lighten(colour: str, share: float) -> tuple[float, float, float]:
    """A colour mixed with white: `share` of it is left."""
    return tuple(1.0 - share * (1.0 - part) for part in to_rgb(colour))


def new_figure(width: float, height: float, **options) -> Figure:
    """An empty figure of a size in inches that needs no window system."""
    figure = Figure(figsize=(width, height), **options)
    FigureCanvasAgg(figure)  # registers itself: text can be measured before saving
    return figure


@styled
def save_figure(figure: Figure, stem: str | Path) -> list[Path]:
    """Write ``stem.png`` and ``stem.pdf``, each whole or not at all, and return their paths.

    A stem that ends in one of these suffixes loses it.

    The files carry no date, so that the same figure gives the same bytes.
    """
    stem = Path(stem)
    stem = stem.with_suffix("") if stem.suffix in (".png", ".pdf") else stem
    stem.parent.mkdir(parents=True, exist_ok=True)
    dpi = min(180, 3600 / max(figure.get_size_inches()))
    metadata = {"png": {"Software": None}, "pdf": {"CreationDate": None}}
    paths = []
    for suffix, fields in metadata.items():
        path = stem.with_name(f"{stem.name}.{suffix}")
        with replacing(path) as draft:
            figure.savefig(draft, format=suffix, dpi=dpi, metadata=fields)
        paths.append(path)
    return paths


def add_verdict(figure: Figure, verdict, most: int = 3, fontsize: float = 11) -> int:
    """Write NOT CONVERGED and why across the top of a figure; nothing if converged.

    Parameters
    ----------
    verdict : `pipeline.posterior.verdict.Verdict`
    most : reasons to name

    Returns
    -------
    number of lines written, to keep free
    """
    if verdict.converged:
        return 0
    reasons = list(verdict.reasons[:most])
    if len(verdict.reasons) > most:
        reasons.append(f"and {len(verdict.reasons) - most} more reasons")
    characters = int(0.9 * figure.get_figwidth() * 72 / (0.66 * fontsize))
    lines = [verdict.label, *textwrap.wrap("; ".join(reasons), characters)]
    margin = 0.5 * fontsize / 72 / figure.get_figheight()
    figure.text(
        0.5,
        1.0 - margin,
        "\n".join(lines),
        color="white",
        backgroundcolor=VERMILLION,
        fontsize=fontsize,
        fontweight="bold",
        ha="center",
        va="top",
        zorder=100,
        gid="verdict",
    )
    return len(lines)


def add_footnote(figure: Figure, text: str, fontsize: float = 8) -> None:
    """Write a remark below everything, in lines as long as the figure is wide."""
    if text:
        characters = int(0.9 * figure.get_figwidth() * 72 / (0.5 * fontsize))
        figure.supxlabel(textwrap.fill(text, characters), fontsize=fontsize, gid="footnote")
