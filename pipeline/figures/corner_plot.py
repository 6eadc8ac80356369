"""Corner plot of a posterior: all pairs of parameters, the prior and the fiducials with it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import corner
import matplotlib
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from pipeline.figures.corner_axes import (
    BINS,
    LEVELS,
    MIN_FOR_CONTOURS,
    add_banner,
    axis_range,
    font_of,
    label_axes,
    new_triangle,
    select_columns,
    thin,
)
from pipeline.figures.style import (
    BLUE,
    ORANGE,
    VERMILLION,
    styled,
)
from pipeline.posterior.latex import number_with_errors, unit_latex
from pipeline.posterior.load import Posterior
from pipeline.posterior.summary import fixed_values
from pipeline.problem import Problem
from transport.parameters import Parameter
from transport.scenario_sources import shipped_scenarios

_PRIOR_DRAWS = 40_000


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
    draws = thin(posterior.flat[:, columns])
    # The seed only fixes the look of the prior curves.
    prior = problem.sample_prior(_PRIOR_DRAWS, np.random.default_rng(0))[:, columns]
    own = {p.name for p in problem.scenario.parameters}
    fiducial = [float(p.to_coordinate(p.fiducial)) if p.name in own else np.nan for p in parameters]
    ranges = [axis_range(draws[:, i], prior[:, i], fiducial[i]) for i in range(len(columns))]

    n = len(columns)
    figure, axes = new_triangle(n)
    font = font_of(n)
    for i in range(n):
        ax = axes[i, i]
        _diagonal(ax, draws[:, i], prior[:, i], ranges[i], fiducial[i])
        estimate = _estimate(parameters[i], draws[:, i])
        ax.set_title(estimate, loc="left", fontsize=0.85 * font, pad=5)
        for j in range(i):
            _pair(axes[i, j], draws[:, [j, i]], (ranges[j], ranges[i]))
            _mark(axes[i, j], fiducial[j], fiducial[i])
    label_axes(figure, axes, parameters, font)
    in_paper = problem.scenario.name in shipped_scenarios()[0] and all(
        p.section for p in parameters if p.name in own
    )
    top = add_banner(figure, posterior.verdict)
    enough = len(draws) >= MIN_FOR_CONTOURS
    title += problem.scenario.transport_remark
    _legend(figure, axes, posterior, title, top, enough, in_paper, problem.scenario.extension)
    return figure


def _diagonal(ax, draws, prior, limits, fiducial) -> None:
    """Densities of posterior and prior, both normalised to all draws."""
    edges = np.linspace(*limits, BINS + 1)
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
    if len(x) >= MIN_FOR_CONTOURS and np.ptp(x) > 0 and np.ptp(y) > 0:
        corner.hist2d(
            x,
            y,
            ax=ax,
            range=limits,
            bins=int(np.clip(np.sqrt(len(x)) / 3, 12, BINS)),
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


def _estimate(parameter: Parameter, draws: np.ndarray) -> str:
    """Median with the 68% interval, of the parameter itself in its unit."""
    values = parameter.from_coordinate(np.quantile(draws, [0.16, 0.5, 0.84]))
    low, mid, high = (float(v) for v in values)
    unit = unit_latex(parameter)
    unit = rf"\times {unit}" if unit[:1].isdigit() else rf"\ {unit}"
    return rf"${parameter.latex} = {number_with_errors(low, mid, high)}{unit}$"


def _legend(figure, axes, posterior, title, top, contours, in_paper, extension) -> None:
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
    fiducial = "fiducial of the paper" if in_paper else "fiducial"
    handles += [
        Line2D([], [], color=ORANGE, label="prior density"),
        Line2D([], [], color=VERMILLION, ls="--", marker="s", ms=4, label=fiducial),
    ]
    if extension:  # below the axes their labels would be in its way
        handles.append(Line2D([], [], ls="", label=textwrap.fill(extension, 48)))
    walkers = posterior.chain.shape[2]
    caption = f"{len(posterior.chain)} ensembles x {walkers} walkers, {len(posterior.flat)} draws"
    fixed = fixed_values(posterior)
    if fixed:
        caption += "\nfixed: " + ", ".join(f"{name} = {value:g}" for name, value in fixed.items())
    size = 10 if len(axes) <= 4 else 13 if len(axes) <= 9 else 20
    figure.legend(
        handles=handles,
        loc="upper right",
        bbox_to_anchor=(0.985, top),
        title=f"{title}\n{caption}" if title else caption,
        fontsize=size,
        title_fontsize=size,
        alignment="left",
    )
