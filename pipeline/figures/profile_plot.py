"""Profiles beside marginal posteriors, one panel a parameter."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pipeline.figures.corner_axes import axis_label
from pipeline.figures.style import (
    BLUE,
    GREY,
    ORANGE,
    VERMILLION,
    add_verdict,
    lighten,
    new_figure,
    styled,
)
from pipeline.posterior.load import Posterior
from pipeline.posterior.profile import Profiles
from pipeline.problem import Problem

TOP = 10.0
UNCERTAIN = 0.5
"""Twice the difference between two climbs, above which a point is marked."""

_COLUMNS = 4
_BINS = 30


@styled
def profile_figure(
    found: Profiles, posterior: Posterior, problem: Problem, title: str = ""
) -> Figure:
    """Draw twice the loss against the best fit, and -2 ln of the marginal posterior.

    Where both agree the prior's volume does not matter. Open circles are points at which two climbs
    ended apart, so that the true profile may be lower.

    Parameters
    ----------
    found : of `pipeline.posterior.profile.profiles_of`
    posterior, problem : of the same run
    """
    n = len(found.profiles)
    columns = min(n, _COLUMNS)
    rows = -(-n // columns)
    figure = new_figure(max(3.1 * columns, 6.0), 2.9 * rows + 1.3, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for ax, profile in zip(axes.flat, found.profiles, strict=False):
        column = problem.names.index(profile.name)
        drop = found.drop(profile)
        _marginal(ax, posterior.flat[:, column])
        ax.plot(profile.grid, drop, color=BLUE, lw=1.6, marker="o", ms=3)
        unsure = 2.0 * profile.spread > UNCERTAIN
        ax.plot(
            profile.grid[unsure], drop[unsure], "o", ms=6, mfc="white", mec=VERMILLION, zorder=4
        )
        for level, text in ((1.0, "68%"), (4.0, "95%")):
            ax.axhline(level, color=GREY, lw=0.7, ls=":")
            ax.text(
                0.99, level, text, transform=ax.get_yaxis_transform(), fontsize=7, color=GREY,
                ha="right", va="bottom",
            )  # fmt: skip
        if drop.min() > TOP:
            ax.text(0.5, 0.5, f"loss above {TOP:g} everywhere here", transform=ax.transAxes,
                    ha="center", fontsize=8)  # fmt: skip
        ax.set_xlabel(axis_label(problem.parameters[column]))
        ax.set_ylim(-0.03 * TOP, TOP)
    for ax in axes.flat[n:]:
        ax.set_axis_off()
    quantity = "L" if found.of == "likelihood" else "p"
    for ax in axes[:, 0]:
        ax.set_ylabel(rf"$-2\,\Delta\ln {quantity}_\mathrm{{profile}}$")
    what = "likelihood" if found.of == "likelihood" else "posterior"
    handles = [
        Line2D([], [], color=BLUE, marker="o", ms=3, label=f"profile {what}"),
        Line2D([], [], color=lighten(ORANGE, 0.8), lw=2, label="marginal posterior, -2 ln"),
        Line2D([], [], color=VERMILLION, marker="o", ms=6, mfc="white", ls="",
               label="two climbs ended apart: an upper bound"),
    ]  # fmt: skip
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(3, columns + 1), fontsize=9
    )
    lines = add_verdict(figure, posterior.verdict)
    figure.suptitle("\n" * (lines and lines + 1) + title, fontsize=12)
    return figure


def _marginal(ax, draws) -> None:
    if np.ptp(draws) == 0:
        return
    counts, edges = np.histogram(draws, _BINS)
    with np.errstate(divide="ignore"):
        loss = -2.0 * np.log(counts / counts.max())
    ax.stairs(np.minimum(loss, 1e3), edges, color=lighten(ORANGE, 0.8), lw=1.6, baseline=None)
