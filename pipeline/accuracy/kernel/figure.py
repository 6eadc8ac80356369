"""The figure on the kernel's accuracy: error against rigidity, and its distribution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.accuracy.kernel.measure import Errors, size_of
from pipeline.accuracy.kernel.states import PRIOR_SETS
from pipeline.figures.style import BLUE, GREEN, GREY, PURPLE, VERMILLION, new_figure, styled

_LOOKS = {
    "warm layer": (BLUE, "o", "-"),
    "halo": (VERMILLION, "s", "--"),
    "undamped warm layer": (GREEN, "^", "-."),
    "undamped halo": (PURPLE, "v", ":"),
}


@styled
def error_figure(measured: Sequence[Errors], limit: float):
    """A row for each prior set: |error| against rigidity, and the share of kappas above it."""
    figure = new_figure(9.5, 7.0, constrained_layout=True)
    axes = figure.subplots(len(PRIOR_SETS), 2, sharex="col", sharey="col")
    for row, prior_set in zip(axes, PRIOR_SETS, strict=True):
        for errors in (e for e in measured if e.group.prior_set == prior_set):
            _draw(row, errors)
        row[0].axhline(limit, color=GREY, lw=1.0, ls=(0, (6, 3)))
        row[1].axvline(limit, color=GREY, lw=1.0, ls=(0, (6, 3)))
        row[0].set(xscale="log", yscale="log", ylabel="|kernel / reference − 1|")
        row[1].set(xscale="log", yscale="log", ylabel="share of coefficients above")
        row[0].set_title(f"prior set {prior_set}", loc="left")
    axes[-1, 0].set_xlabel("rigidity [GV]")
    axes[-1, 1].set_xlabel("|kernel / reference − 1|")
    axes[0, 0].set_ylim(1e-7, 4.0 * limit)
    axes[0, 1].set(xlim=(1e-7, 4.0 * limit), ylim=(0.01, 1.3))
    axes[0, 0].annotate("limit", (0.99, limit), xycoords=("axes fraction", "data"), ha="right",
                        va="bottom", color=GREY)  # fmt: skip
    handles, labels = axes[0, 1].get_legend_handles_labels()
    axes[0, 1].legend(handles, labels, loc="lower left")
    return figure


def _draw(row, errors: Errors):
    colour, marker, line = _LOOKS[errors.group.layer]
    size = size_of(errors.errors)
    row[0].plot(errors.rigidities.ravel(), size.ravel(), marker, ms=3.5, alpha=0.6, mew=0,
                color=colour)  # fmt: skip
    ordered = np.sort(size.ravel())
    share = 1.0 - np.arange(ordered.size) / ordered.size
    row[1].plot(ordered, share, ls=line, marker=marker, ms=3.0, markevery=0.12, color=colour,
                label=errors.group.layer)  # fmt: skip
