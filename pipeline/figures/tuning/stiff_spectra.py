"""Spectra of the Fisher matrix, a column of ticks for each scenario, as for sloppy models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from pipeline.figures.style import BLACK, GREY, VERMILLION, add_footnote, new_figure, styled
from pipeline.figures.tuning.looks import (
    RANGE_TITLES,
    by_range,
    caption,
    doubts,
    looks_of,
    mark_empty,
)

_LOWEST, _HIGHEST = 0.03, 10.0
"""Least range of the axis, in widths of the prior over those of the data. Of what lies below the
data know nothing, and it is not drawn."""
_LANE = 0.22


@styled
def stiff_spectra_figure(results: Sequence) -> Figure:
    """Roots of the eigenvalues at the best fit as ticks, their 68% over the posterior as bars, a
    panel a range of the data.

    Raises
    ------
    CrtuneError: not one result has its spectrum
    """
    found, looks = by_range(results, "stiffness"), looks_of(results)
    columns = [run for run in looks if any(run in runs for runs in found.values())]
    figure = new_figure(10.0, 8.2)
    axes = figure.subplots(2, 1, sharex=True, sharey=True)
    highest, room = _HIGHEST, 1.7
    for ax, (place, runs) in zip(axes, found.items(), strict=True):
        ax.axhspan(1.0, 1e30, color=GREY, alpha=0.08, lw=0)
        ax.axhline(1.0, color=BLACK, lw=1.0, ls="--")
        for i, run in enumerate(columns):
            if run in runs:
                highest = max(highest, _column(ax, i, runs[run].stiffness, looks[run]))
                if doubt := doubts(runs[run]):
                    room = 100.0
                    ax.text(
                        i, 0.98, doubt, rotation=90, ha="center", va="top", fontsize=7.5,
                        color=VERMILLION, transform=ax.get_xaxis_transform(),
                        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.85},
                    )  # fmt: skip
        if not runs:
            mark_empty(ax, place)
        ax.set_yscale("log")
        ax.set_title(RANGE_TITLES[place])
        ax.set_xticks(
            range(len(columns)),
            [looks[run].label for run in columns],
            rotation=40,
            ha="right",
            rotation_mode="anchor",
        )
        ax.tick_params(axis="x", which="both", bottom=False, top=False)
    axes[0].set_xlim(-0.6, len(columns) - 0.4)
    axes[0].set_ylim(_LOWEST, room * highest)
    figure.supylabel("prior width / data width", fontsize=12, x=0.012)
    figure.subplots_adjust(left=0.085, right=0.985, top=0.955, bottom=0.27, hspace=0.11)
    handles = [
        Line2D([], [], color=BLACK, marker="_", ms=16, mew=1.8, ls="", label="best fit"),
        Patch(facecolor=BLACK, alpha=0.4, label="68% over the posterior"),
        Line2D([], [], color=BLACK, ls="--", lw=1, label="data as sharp as the prior"),
    ]
    figure.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.53, 0.04), ncols=3)
    add_footnote(
        figure,
        "One tick is one combination of parameters, an eigenvector of the Fisher matrix; those "
        "that the data do not constrain lie below the axis. Discrepancy at the best fit: the "
        f"median of the posterior. {caption(results)}",
    )
    return figure


def _column(ax, x, stiffness, look) -> float:
    """Draw a spectrum and return its highest ratio of widths."""
    ratios = np.sqrt(stiffness.eigenvalues)
    low, _, high = np.maximum(np.sqrt(stiffness.spectrum), _LOWEST)
    places = x + _LANE * (np.arange(low.size) % 3 - 1)  # side by side, since they overlap
    ax.bar(places, high - low, 0.8 * _LANE, bottom=low, color=look.colour, alpha=0.4, lw=0)
    inside = ratios > _LOWEST
    ax.hlines(ratios[inside], x - 0.36, x + 0.36, color=look.colour, lw=1.8)
    return float(max(ratios.max(), high.max()))
