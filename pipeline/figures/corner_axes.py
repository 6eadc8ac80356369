"""The triangle of a corner plot: which parameters, how far, and what stands at its edges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline.figures.style import add_verdict, new_figure
from pipeline.posterior.latex import unit_latex
from pipeline.posterior.load import Posterior
from transport.errors import CrtuneError
from transport.parameters import Parameter
from transport.suggest import suggest

LEVELS = (1.0 - np.exp(-0.5), 1.0 - np.exp(-2.0))
"""Probability within one and two sigma of a two-dimensional Gaussian: 39% and 86%."""
MIN_FOR_CONTOURS = 500
"""Draws; fewer are shown as points."""
BINS = 36

_MAX_DRAWS = 40_000
_LEGEND_WIDTH = 4.2  # inches


def select_columns(posterior: Posterior, params: Sequence[str] | None) -> list[int]:
    """Columns of the parameters or coordinates named, in the order given; all for None.

    Raises
    ------
    CrtuneError: an unknown name, with the nearest known one, or the same one twice
    """
    if params is None:
        return list(range(len(posterior.names)))
    known = {name: i for i, name in enumerate(posterior.names)}
    known |= {name: i for i, name in enumerate(posterior.physical_names)}
    columns = []
    for name in params:
        if name not in known:
            raise CrtuneError(
                f"--params: no parameter {name!r} in this run{suggest(name, known)}; "
                f"there are: {', '.join(posterior.physical_names)}"
            )
        if known[name] in columns:
            raise CrtuneError(f"--params: {name!r} is given twice; name each parameter once")
        columns.append(known[name])
    if not columns:
        raise CrtuneError("--params: no name given; name at least one parameter")
    return columns


def font_of(n: int) -> int:
    """Size of the labels of n parameters."""
    return 11 if n <= 8 else 16


def new_triangle(n: int) -> tuple[Figure, np.ndarray]:
    """A figure and its axes [row, column] on and below the diagonal, None above it."""
    side, margin = (1.9, 1.0) if n <= 8 else (1.5, 1.5)
    size = max(n * side + 2.2 * margin, 6.0)
    # a small triangle leaves no room for the legend above it
    figure = new_figure(size + (_LEGEND_WIDTH if n <= 3 else 0.0), size)
    width, height = figure.get_size_inches()
    grid = figure.add_gridspec(
        n,
        n,
        left=margin / width,
        bottom=margin / height,
        right=(size - 1.2 * margin) / width,
        top=1 - margin / height,
        wspace=0.06,
        hspace=0.06,
    )
    axes = np.full((n, n), None, dtype=object)
    for i, j in zip(*np.tril_indices(n), strict=True):
        axes[i, j] = figure.add_subplot(grid[i, j])
    return figure, axes


def thin(draws: np.ndarray, most: int = _MAX_DRAWS) -> np.ndarray:
    """At most so many rows, evenly spaced."""
    return draws[:: -(-len(draws) // most)]


def axis_range(draws, prior, fiducial: float = np.nan) -> tuple[float, float]:
    """Where the posterior is, the fiducial included, with a margin; never empty."""
    low, high = np.quantile(draws, [0.002, 0.998])
    ends = [v for v in (low, high, fiducial) if np.isfinite(v)]
    low, high = min(ends), max(ends)
    width = high - low
    if not width > 1e-9 * max(1.0, abs(low)):
        width = max(0.1 * np.ptp(prior), 1e-6 * max(1.0, abs(low)))
        return low - width, high + width
    # Ending at a hard bound of the prior, not in a half-empty bin beyond it.
    below, above = min(low, prior.min()), max(high, prior.max())
    return max(low - 0.08 * width, below), min(high + 0.08 * width, above)


def axis_label(parameter: Parameter) -> str:
    """Symbol and unit on two lines; log10 where the coordinate is one."""
    unit = unit_latex(parameter)
    logarithm = r"\log_{10}" if _is_log(parameter) else ""
    if not parameter.unit and logarithm and len(parameter.latex) > 20:
        return f"${logarithm}$\n${parameter.latex}$"
    symbol = rf"${logarithm}\,{parameter.latex}$" if logarithm else f"${parameter.latex}$"
    return f"{symbol}\n$[{unit}]$" if parameter.unit else symbol


def _is_log(parameter: Parameter) -> bool:
    return parameter.scale == "log10"


def label_axes(
    figure: Figure, axes: np.ndarray, parameters: Sequence[Parameter], font: float
) -> None:
    """Symbols and units at the edges of the triangle, in line and no wider than a panel."""
    n = len(parameters)
    panel = axes[0, 0].get_position().height * figure.get_figheight()
    for i in range(n):
        for j in range(i + 1):
            ax = axes[i, j]
            ax.xaxis.set_major_locator(MaxNLocator(3, prune="both"))
            ax.tick_params(
                labelsize=0.65 * font, length=3, labelbottom=i == n - 1, labelleft=0 == j < i
            )
            if i == j:
                ax.set_yticks([])
            else:
                ax.yaxis.set_major_locator(MaxNLocator(3, prune="both"))
            for label in ax.get_xticklabels() + ax.get_yticklabels():
                label.set_rotation(45)
        axes[n - 1, i].set_xlabel(axis_label(parameters[i]), fontsize=font)
        if i:
            axes[i, 0].set_ylabel(axis_label(parameters[i]), fontsize=font)
    bottom = left = 0.045 * font  # inches: in line, whatever the tick labels' widths
    for i in range(n):
        axes[n - 1, i].xaxis.set_label_coords(0.5, -bottom / panel)
        axes[i, 0].yaxis.set_label_coords(-left / panel, 0.5)
        _shrink(figure, axes[n - 1, i].xaxis.label, panel)
        _shrink(figure, axes[i, 0].yaxis.label, panel)


def add_banner(figure: Figure, verdict) -> float:
    """Say NOT CONVERGED at the top where that is so; how high a legend below it may begin."""
    fontsize = max(9.0, 0.7 * figure.get_figheight())
    lines = add_verdict(figure, verdict, fontsize=fontsize)
    banner = (1.3 * lines + 1.5) * fontsize / 72 / figure.get_figheight() if lines else 0.0
    return min(0.93, 1.0 - banner)


def _shrink(figure: Figure, text, inches: float) -> None:
    """Make a label as small as its panel needs."""
    extent = text.get_window_extent(figure.canvas.get_renderer())
    length = max(extent.width, extent.height) / figure.dpi
    if length > 0.96 * inches:
        text.set_fontsize(text.get_fontsize() * 0.96 * inches / length)
