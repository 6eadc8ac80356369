"""Corner plot of a posterior: all pairs of parameters, the prior and the fiducials with it."""

from __future__ import annotations

from collections.abc import Sequence

import corner
import matplotlib
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from pipeline.figures.style import (
    BLUE,
    ORANGE,
    VERMILLION,
    add_footnote,
    add_verdict,
    new_figure,
    styled,
)
from pipeline.posterior.latex import number_with_errors, unit_latex
from pipeline.posterior.load import Posterior
from pipeline.problem import Problem
from transport.errors import CrtuneError
from transport.parameters import Parameter
from transport.suggest import suggest

LEVELS = (1.0 - np.exp(-0.5), 1.0 - np.exp(-2.0))
"""Probability within one and two sigma of a two-dimensional Gaussian: 39% and 86%."""

_MAX_DRAWS = 40_000
_MIN_FOR_CONTOURS = 500
_PRIOR_DRAWS = 40_000
_LEGEND_WIDTH = 4.2  # inches
_BINS = 36


@styled
@matplotlib.rc_context({"xtick.minor.visible": False, "ytick.minor.visible": False})
def corner_figure(
    posterior: Posterior, problem: Problem, params: Sequence[str] | None = None, title: str = ""
) -> Figure:
    """Draw a corner plot.

    Contours hold 39% and 86% of the draws (one and two sigma in two dimensions). Too few draws for
    contours are shown as points; a coordinate that never moves is a spike.

    Parameters
    ----------
    posterior : draws
    problem : gives the prior and the fiducials
    params : names of parameters or coordinates to show, default all
    title : e.g. the name of the run

    Raises
    ------
    CrtuneError: an unknown name in `params`
    """
    columns = select_columns(posterior, params)
    parameters = [problem.parameters[i] for i in columns]
    draws = _thin(posterior.flat[:, columns], _MAX_DRAWS)
    # The seed only fixes the look of the prior curves.
    prior = problem.sample_prior(_PRIOR_DRAWS, np.random.default_rng(0))[:, columns]
    own = {p.name for p in problem.scenario.parameters}
    fiducial = [float(p.to_coordinate(p.fiducial)) if p.name in own else np.nan for p in parameters]
    ranges = [_range(draws[:, i], prior[:, i], fiducial[i]) for i in range(len(columns))]

    n = len(columns)
    side, font, margin = (1.9, 11, 1.0) if n <= 8 else (1.5, 16, 1.5)
    size = max(n * side + 2.2 * margin, 6.0)
    # a small triangle leaves no room for the legend above it
    figure = new_figure(size + (_LEGEND_WIDTH if n <= 3 else 0.0), size)
    axes = _triangle(figure, n, margin, size)
    for i in range(n):
        ax = axes[i, i]
        _diagonal(ax, draws[:, i], prior[:, i], ranges[i], fiducial[i])
        estimate = _estimate(parameters[i], draws[:, i])
        ax.set_title(estimate, loc="left", fontsize=0.85 * font, pad=5)
        for j in range(i):
            _pair(axes[i, j], draws[:, [j, i]], (ranges[j], ranges[i]))
            _mark(axes[i, j], fiducial[j], fiducial[i])
    _label_axes(figure, axes, parameters, font)
    _legend(figure, axes, posterior, title, len(draws) >= _MIN_FOR_CONTOURS)
    add_footnote(figure, problem.scenario.extension, fontsize=0.65 * font)
    add_verdict(figure, posterior.verdict, fontsize=max(9.0, 0.7 * size))
    return figure


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


def _triangle(figure: Figure, n: int, margin: float, size: float) -> np.ndarray:
    """Axes [row, column] on and below the diagonal, None above it, in a square of `size` inches."""
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
    return axes


def _thin(draws: np.ndarray, most: int) -> np.ndarray:
    return draws[:: -(-len(draws) // most)]


def _range(draws, prior, fiducial) -> tuple[float, float]:
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


def _diagonal(ax, draws, prior, limits, fiducial) -> None:
    """Densities of posterior and prior, both normalised to all draws."""
    edges = np.linspace(*limits, _BINS + 1)
    width = edges[1] - edges[0]
    density = np.histogram(draws, edges)[0] / (len(draws) * width)
    ax.stairs(density, edges, fill=True, color=BLUE, alpha=0.35)
    ax.stairs(density, edges, color=BLUE, lw=1.3)
    density_prior = np.histogram(prior, edges)[0] / (len(prior) * width)
    ax.stairs(density_prior, edges, color=ORANGE, lw=1.5, baseline=None)
    if np.isfinite(fiducial):
        ax.axvline(fiducial, color=VERMILLION, lw=1.1, ls="--")
    ax.set_xlim(limits)
    ax.set_ylim(0, 1.15 * max(density.max(), density_prior.max()))


def _pair(ax, pair, limits) -> None:
    x, y = pair.T
    if len(x) >= _MIN_FOR_CONTOURS and np.ptp(x) > 0 and np.ptp(y) > 0:
        corner.hist2d(
            x,
            y,
            ax=ax,
            range=limits,
            bins=int(np.clip(np.sqrt(len(x)) / 3, 12, _BINS)),
            levels=LEVELS,
            smooth=1.0,
            color=BLUE,
            plot_datapoints=False,
            plot_density=False,
            fill_contours=True,
            contour_kwargs={"linewidths": 1.0},
            contourf_kwargs={"colors": [(*to_rgb(BLUE), alpha) for alpha in (0.0, 0.2, 0.5)]},
        )
    else:
        ax.plot(x, y, ".", color=BLUE, ms=2.5, alpha=0.6, rasterized=True)
    ax.set_xlim(limits[0])
    ax.set_ylim(limits[1])


def _mark(ax, x, y) -> None:
    for value, line in ((x, ax.axvline), (y, ax.axhline)):
        if np.isfinite(value):
            line(value, color=VERMILLION, lw=0.8, ls="--", alpha=0.8)
    if np.isfinite(x) and np.isfinite(y):
        ax.plot(x, y, "s", color=VERMILLION, ms=3.5)


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


def _estimate(parameter: Parameter, draws: np.ndarray) -> str:
    """Median with the 68% interval, of the parameter itself in its unit."""
    values = parameter.from_coordinate(np.quantile(draws, [0.16, 0.5, 0.84]))
    low, mid, high = (float(v) for v in values)
    unit = unit_latex(parameter)
    unit = rf"\times {unit}" if unit[:1].isdigit() else rf"\ {unit}"
    return rf"${parameter.latex} = {number_with_errors(low, mid, high)}{unit}$"


def _label_axes(figure, axes, parameters, font) -> None:
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


def _shrink(figure: Figure, text, inches: float) -> None:
    """Make a label as small as its panel needs."""
    extent = text.get_window_extent(figure.canvas.get_renderer())
    length = max(extent.width, extent.height) / figure.dpi
    if length > 0.96 * inches:
        text.set_fontsize(text.get_fontsize() * 0.96 * inches / length)


def _legend(figure, axes, posterior, title, contours) -> None:
    handles = [
        Patch(facecolor=BLUE, alpha=0.35, edgecolor=BLUE, label="posterior density")
        if contours
        else Line2D([], [], color=BLUE, marker=".", ls="", label="posterior draws"),
    ]
    if contours and len(axes) > 1:
        inside, outside = (f"{100 * level:.0f}%" for level in LEVELS)
        handles.append(
            Line2D(
                [], [], color=BLUE, label=f"contours: {inside} and {outside} (1 and 2 sigma in 2-D)"
            )
        )
    handles += [
        Line2D([], [], color=ORANGE, label="prior density"),
        Line2D([], [], color=VERMILLION, ls="--", marker="s", ms=4, label="fiducial of the paper"),
    ]
    walkers = posterior.chain.shape[2]
    caption = f"{len(posterior.chain)} ensembles x {walkers} walkers, {len(posterior.flat)} draws"
    size = 10 if len(axes) <= 4 else 13 if len(axes) <= 9 else 20
    figure.legend(
        handles=handles,
        loc="upper right",
        bbox_to_anchor=(0.985, 0.93),
        title=f"{title}\n{caption}" if title else caption,
        fontsize=size,
        title_fontsize=size,
        alignment="left",
    )
