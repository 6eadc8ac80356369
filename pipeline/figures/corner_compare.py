"""Several posteriors in one corner plot: the parameters that they share."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import corner
import matplotlib
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

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
    GREEN,
    ORANGE,
    PURPLE,
    VERMILLION,
    styled,
)
from pipeline.posterior.load import Posterior
from pipeline.problem import Problem
from transport.errors import CrtuneError
from transport.parameters import Parameter

COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE)
STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
"""One for each posterior, so that they are told apart in black and white too."""

_PRIOR_DRAWS = 20_000


@dataclass(frozen=True)
class NamedPosterior:
    """One of those compared."""

    name: str
    posterior: Posterior
    problem: Problem


def shared_parameters(
    runs: Sequence[NamedPosterior], params: Sequence[str] | None = None
) -> tuple[list[Parameter], list[str]]:
    """Parameters that all sample, in the order of the first (or of `params`); names of the others.

    Raises
    ------
    CrtuneError: none is shared, or one that is asked for is not
    """
    first = runs[0]
    everywhere = set.intersection(*(set(run.problem.names) for run in runs))
    others = sorted(set().union(*(run.problem.names for run in runs)) - everywhere)
    columns = select_columns(first.posterior, params)
    chosen = [first.problem.parameters[i] for i in columns]
    if params is None:
        chosen = [p for p in chosen if p.coordinate_name in everywhere]
    for parameter in chosen:
        if parameter.coordinate_name not in everywhere:
            without = [r.name for r in runs if parameter.coordinate_name not in r.problem.names]
            raise CrtuneError(
                f"--params: {parameter.name} is not sampled in {', '.join(without)}; shared are: "
                + (", ".join(sorted(everywhere)) or "none")
            )
    if not chosen:
        names = ", ".join(run.name for run in runs)
        raise CrtuneError(f"{names} share no parameter: there is nothing to compare")
    return chosen, [] if params else others


@styled
@matplotlib.rc_context({"xtick.minor.visible": False, "ytick.minor.visible": False})
def compare_corner_figure(
    runs: Sequence[NamedPosterior], params: Sequence[str] | None = None
) -> Figure:
    """Draw the posteriors of several runs over each other.

    Contours hold 39% and 86% of the draws of each; thin lines on the diagonal are the priors. A
    posterior that has not converged says so in the legend and at the top.

    Parameters
    ----------
    runs : at most five
    params : names of parameters or coordinates that all have, default all shared ones

    Raises
    ------
    CrtuneError: too many runs, nothing shared, a parameter that one does not have
    """
    if len(runs) > len(COLOURS):
        raise CrtuneError(
            f"{len(runs)} runs in one corner plot; at most {len(COLOURS)} can be told apart"
        )
    parameters, others = shared_parameters(runs, params)
    columns = [[r.problem.names.index(p.coordinate_name) for p in parameters] for r in runs]
    draws = [thin(r.posterior.flat[:, c]) for r, c in zip(runs, columns, strict=True)]
    priors = [
        r.problem.sample_prior(_PRIOR_DRAWS, np.random.default_rng(0))[:, c]
        for r, c in zip(runs, columns, strict=True)
    ]
    limits = [_common(draws, priors, i) for i in range(len(parameters))]
    figure, axes = new_triangle(len(parameters))
    for i in range(len(parameters)):
        _diagonal(axes[i, i], [d[:, i] for d in draws], [p[:, i] for p in priors], limits[i])
        for j in range(i):
            _pair(axes[i, j], [d[:, [j, i]] for d in draws], (limits[j], limits[i]))
    font = font_of(len(parameters))
    label_axes(figure, axes, parameters, font)
    bad = [run.name for run in runs if not run.posterior.verdict.converged]
    top = add_banner(figure, _Together(bad))
    _legend(figure, axes, runs, top, others)
    return figure


class _Together:
    """Verdict on several runs, those named being the ones that have not converged."""

    label = "NOT CONVERGED"

    def __init__(self, names):
        self.converged, self.reasons = not names, names


def _common(draws, priors, i) -> tuple[float, float]:
    ranges = [axis_range(d[:, i], p[:, i]) for d, p in zip(draws, priors, strict=True)]
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _diagonal(ax, draws, priors, limits) -> None:
    edges = np.linspace(*limits, BINS + 1)
    width, top = edges[1] - edges[0], 0.0
    for k, (own, prior) in enumerate(zip(draws, priors, strict=True)):
        density = np.histogram(own, edges)[0] / (len(own) * width)
        ax.stairs(density, edges, fill=True, color=COLOURS[k], alpha=0.15)
        ax.stairs(density, edges, color=COLOURS[k], ls=STYLES[k], lw=1.5, baseline=None)
        before = np.histogram(prior, edges)[0] / (len(prior) * width)
        ax.stairs(before, edges, color=COLOURS[k], lw=0.7, alpha=0.8, baseline=None)
        top = max(top, density.max(), before.max())
    ax.set_xlim(limits)
    ax.set_ylim(0, 1.1 * top)


def _pair(ax, pairs, limits) -> None:
    for k, pair in enumerate(pairs):
        x, y = pair.T
        filled = k == 0  # a second fill would cover the first
        if len(x) >= MIN_FOR_CONTOURS and np.ptp(x) > 0 and np.ptp(y) > 0:
            corner.hist2d(
                x,
                y,
                ax=ax,
                range=limits,
                bins=int(np.clip(np.sqrt(len(x)) / 3, 12, BINS)),
                levels=LEVELS,
                smooth=1.0,
                color=COLOURS[k],
                plot_datapoints=False,
                plot_density=False,
                fill_contours=filled,
                no_fill_contours=not filled,
                contour_kwargs={"linewidths": 1.2, "linestyles": [STYLES[k]]},
                contourf_kwargs={"colors": [(*to_rgb(COLOURS[k]), a) for a in (0.0, 0.12, 0.3)]},
            )
        else:
            ax.plot(x, y, ".", color=COLOURS[k], ms=2.5, alpha=0.6, rasterized=True)
    ax.set_xlim(limits[0])
    ax.set_ylim(limits[1])


def _legend(figure, axes, runs, top, others) -> None:
    handles = []
    for k, run in enumerate(runs):
        mark = "" if run.posterior.verdict.converged else " (NOT CONVERGED)"
        draws = f"{len(run.posterior.flat)} draws"
        label = f"{run.name}{run.problem.scenario.transport_remark}{mark}, {draws}"
        handles.append(Line2D([], [], color=COLOURS[k], ls=STYLES[k], lw=2, label=label))
    inside, outside = (f"{100 * level:.0f}%" for level in LEVELS)
    if len(axes) > 1:
        handles.append(Line2D([], [], ls="", label=f"contours: {inside} and {outside}"))
    handles.append(Line2D([], [], color="black", lw=0.7, label="thin: prior of each"))
    if others:
        text = textwrap.fill(f"not shared: {', '.join(others)}", 44)
        handles.append(Line2D([], [], ls="", label=text))
    size = 10 if len(axes) <= 4 else 13 if len(axes) <= 9 else 20
    figure.legend(handles=handles, loc="upper right", bbox_to_anchor=(0.985, top), fontsize=size)
