"""Slopes that other galaxies would show, a row of violins for each scenario."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy.stats import gaussian_kde

from pipeline.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    add_footnote,
    new_figure,
    styled,
)
from pipeline.figures.tuning.looks import by_range, caption, looks_of
from pipeline.figures.tuning.milky_way import DEMODULATION, observed_delta, observed_proton_slope
from pipeline.figures.tuning.rows import label_rows, left_of, mark_row

_SLOPES = {
    "delta": (r"$\delta$ from B/C, 20-500 GV", (-0.6, 1.6), (0.0, 0.5, 1.0)),
    "proton_slope": (r"proton slope, 10-1000 GV", (-4.0, -1.6), (-3.5, -3.0, -2.5, -2.0)),
}
_SCATTERS = {"prior": (ORANGE, -1.0, "medium scatters as the prior"),
             "factor": (BLUE, 1.0, "within a factor of 2 of a fit")}  # fmt: skip
_MEASURES = tuple(f"universality_{scatter}" for scatter in _SCATTERS)
_TITLES = {"earth": "fitted to data at Earth", "voyager": "fitted with Voyager"}
_POINTS = 300
_BEYOND = 0.02  # share outside the axis from which on it is written


@styled
def universality_figure(results: Sequence) -> Figure:
    """Distributions of delta and of the proton slope, the ranges side by side.

    The upper half of each violin is of the prior's scatter, the lower one of a factor of two about
    a draw of the posterior.

    Raises
    ------
    CrtuneError: not one result has it
    """
    found, looks = by_range(results, *_MEASURES), looks_of(results)
    rows = [run for run in looks if any(run in runs for runs in found.values())]
    height = 2.1 + 0.5 * len(rows)
    figure = new_figure(12.0, height)
    axes = figure.subplots(1, 4, sharey=True)
    places = [(slope, place) for slope in _SLOPES for place in found]
    for ax, (slope, place) in zip(axes, places, strict=True):
        label, limits, ticks = _SLOPES[slope]
        ax.axvspan(*_observed(slope, found), color=GREEN, alpha=0.2, lw=0)
        if slope == "delta":
            ax.axvline(observed_delta()[0], color=GREEN, lw=1.2, ls=(0, (4, 2)))
        for i, run in enumerate(rows):
            if run not in found[place]:
                mark_row(ax, i, "no result")
                continue
            for one in _scattered(found[place][run]):
                _half_violin(ax, i, one, slope, limits)
            mark_row(ax, i + 0.3, "", found[place][run])
        ax.set_xlim(limits)
        ax.set_xticks(ticks)
        ax.set_title(_TITLES[place])
        ax.set_xlabel(label)
    label_rows(axes, [looks[run].label for run in rows])
    figure.subplots_adjust(
        left=left_of(figure, [looks[run].label for run in rows]),
        right=0.99,
        top=1 - 0.35 / height,
        bottom=1.3 / height,
        wspace=0.07,
    )
    handles = [Patch(facecolor=tint, alpha=0.5, label=t) for tint, _, t in _SCATTERS.values()]
    handles += [
        Line2D([], [], color=BLACK, marker="|", ms=9, ls="-", lw=1.4, label="median and 68%"),
        Line2D([], [], color=BLACK, marker="D", mfc="white", ms=5, ls="", label="best fit"),
        Patch(facecolor=GREEN, alpha=0.2, label="Milky Way"),
        Line2D([], [], color=GREEN, ls=(0, (4, 2)), lw=1.2, label="B/C of AMS-02"),
    ]
    figure.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.57, 0.33 / height), ncols=6
    )
    add_footnote(
        figure,
        "Milky Way: delta 0.3-0.6, as fits have it for the diffusion coefficient; proton slope of "
        f"AMS-02, from as measured to demodulated by {DEMODULATION:g} GV. Percentages: how much of "
        f"a distribution lies beyond the axis. {caption(results)}",
    )
    return figure


def _observed(slope: str, found) -> tuple[float, float]:
    """The Milky Way's interval: of delta as the score has it, of the proton slope as measured."""
    if slope == "proton_slope":
        return observed_proton_slope()
    result = next(r for runs in found.values() for r in runs.values())
    return tuple(_scattered(result)[0].window)


def _scattered(result) -> list:
    """What was made of a case, one for each kind of scatter."""
    return [result.made[name] for name in _MEASURES if name in result.made]


def _half_violin(ax, row, universality, slope, limits) -> None:
    """Density above (prior) or below (factor) the row's line, median, 68% and best fit."""
    colour, side, _ = _SCATTERS[universality.scatter]
    every = getattr(universality, slope)
    values = every[(every >= limits[0]) & (every <= limits[1])]
    x = np.linspace(*limits, _POINTS)
    # slopes that (almost) do not scatter have no density that could be drawn
    if values.size > 1 and values.std() > x[1] - x[0]:
        density = gaussian_kde(values)(x)
        density *= 0.42 / density.max()
        ax.fill_between(x, row + side * density, row, color=colour, alpha=0.5, lw=0)
    for end, outside, words in (
        (0, every < limits[0], "\N{LEFTWARDS ARROW} {:.0%}"),
        (1, every > limits[1], "{:.0%} \N{RIGHTWARDS ARROW}"),
    ):
        if (share := outside.mean()) >= _BEYOND:
            inset = limits[end] + (0.015 - 0.03 * end) * (limits[1] - limits[0])
            ax.text(
                inset, row + 0.3 * side, words.format(share),
                ha=("left", "right")[end], va="center", fontsize=7.5,
            )  # fmt: skip
    low, middle, high = getattr(universality, f"{slope}_interval")
    y = row + 0.13 * side
    ax.plot([low, high], [y, y], color=BLACK, lw=1.2, solid_capstyle="butt")
    ax.plot(middle, y, "|", color=BLACK, ms=8, mew=1.6)
    best = getattr(universality, f"{slope}_best")
    ax.plot(best, row, "D", color=BLACK, mfc="white", ms=4.5, zorder=6)
