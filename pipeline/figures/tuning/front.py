"""The front figure of the page: bits within a factor of 2, with both transports."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pipeline.figures.style import BLACK, BLUE, GREY, ORANGE, add_footnote, new_figure, styled
from pipeline.figures.tuning.looks import LOOKS, RANGE_TITLES
from pipeline.figures.tuning.rows import left_of
from pipeline.tuning.measures.columns import LOWER_BOUND
from transport.errors import CrtuneError
from transport.full.effects import FULL, PAPER

MEASURE = "acceptable_max_1"
_DIFFUSION = ("kolmogorov", "power_law")  # names of runs begin with; drawn apart from theories
_TRANSPORTS = {PAPER: (ORANGE, "s", -0.17), FULL: (BLUE, "o", 0.17)}
"""Colour, marker and place in the row."""


@styled
def front_figure(records: Sequence[Mapping], priors: str = "plausible") -> Figure:
    """Bits of all runs, a row a run, a panel a range.

    An arrow to the right is a lower bound; a cross in the column at the right says that the prior
    holds no such state that was found.

    Parameters
    ----------
    records : rows of tuning.json
    priors : set to draw

    Raises
    ------
    CrtuneError: no row has the measure
    """
    found = {
        (row["run"], row["range"], row.get("transport", PAPER)): row
        for row in records
        if (row["measure"], row["selection"], row["priors"]) == (MEASURE, "both", priors)
        and not row.get("variant", "")
        and row.get("transport", PAPER) in _TRANSPORTS
    }
    if not found:
        raise CrtuneError(f"no row has {MEASURE}; make it with scripts/fine_tuning.py RUN")
    places = {run: i for i, run in enumerate(LOOKS)}
    runs = sorted({run for run, *_ in found}, key=lambda run: places.get(run, len(places)))
    most = max((float(r["value"]) for r in found.values() if _is_finite(r)), default=10.0)
    width = 1.14 * most + 1.5
    figure = new_figure(10.0, 1.75 + 0.34 * len(runs))
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    for ax, (place, title) in zip(axes, RANGE_TITLES.items(), strict=True):
        for i, run in enumerate(runs):
            if i % 2:
                ax.axhspan(i - 0.5, i + 0.5, color=GREY, alpha=0.08, lw=0)
            for transport, look in _TRANSPORTS.items():
                if (row := found.get((run, place, transport))) is not None:
                    _draw(ax, i, row, look, width)
        _border(ax, runs)
        ax.axvline(width - 1.5, color=GREY, lw=0.6)
        ax.set_title(title)
        ax.set_xlabel("bits: halvings of the prior until all is within a factor of 2")
        ax.xaxis.label.set_size(9.5)
        ax.grid(axis="x", color=GREY, alpha=0.25, lw=0.6)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", which="both", left=False, right=False)
        ax.text(
            width - 0.75, -0.75, "none", ha="center", va="bottom", fontsize=8.5, color=GREY
        )  # fmt: skip
    axes[0].set_xlim(0, width)
    axes[0].set_ylim(len(runs) - 0.5, -0.75)
    labels = [LOOKS[r].label if r in LOOKS else r.replace("_", " ") for r in runs]
    axes[0].set_yticks(range(len(runs)), labels)
    height = figure.get_figheight()
    figure.subplots_adjust(
        left=left_of(figure, labels),
        right=0.985,
        top=1 - 0.36 / height,
        bottom=1.2 / height,
        wspace=0.05,
    )
    figure.legend(
        handles=_handles(), loc="lower center", bbox_to_anchor=(0.55, 0.3 / height), ncols=4
    )
    add_footnote(
        figure,
        f"Priors: {priors}. Data: protons and B/C, at Earth (left) or with Voyager's (right). "
        "Errors are 1 sigma, mostly smaller than the markers.",
    )
    return figure


def _is_finite(row) -> bool:
    return row["value"] is not None and math.isfinite(row["value"])


def _draw(ax, i, row, look, width) -> None:
    colour, marker, shift = look
    face = colour if marker == "o" else "white"
    if not _is_finite(row):
        if row["note"].startswith("none") or row["value"] is not None:
            ax.plot(width - 0.75, i + shift, "x", color=colour, ms=6, mew=1.8)
        return
    value, error = float(row["value"]), row["error"]
    if row["note"].startswith(LOWER_BOUND):
        ax.annotate(
            "", (value + 2.2, i + shift), (value, i + shift),
            arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.6},
        )  # fmt: skip
        error = None
    if error is not None and math.isfinite(error):
        ax.errorbar(value, i + shift, xerr=error, color=colour, lw=1.2, capsize=0)
    ax.plot(value, i + shift, marker, color=colour, mfc=face, ms=6.5, mew=1.5, zorder=5)


def _border(ax, runs) -> None:
    """A line between diffusion and theories, where both are there in this order."""
    is_diffusion = [run.startswith(_DIFFUSION) for run in runs]
    last = max((i for i, yes in enumerate(is_diffusion) if yes), default=-1)
    if -1 < last < len(runs) - 1 and all(is_diffusion[: last + 1]):
        ax.axhline(last + 0.5, color=BLACK, lw=0.8)


def _handles():
    words = {PAPER: "the paper's transport", FULL: "full transport"}
    handles = [
        Line2D([], [], color=colour, marker=marker, ls="", ms=6.5, mew=1.5,
               mfc=colour if marker == "o" else "white", label=words[transport])
        for transport, (colour, marker, _) in _TRANSPORTS.items()
    ]  # fmt: skip
    handles.append(Line2D([], [], color=GREY, marker=r"$\rightarrow$", ls="", ms=13,
                          label="lower bound"))  # fmt: skip
    handles.append(Line2D([], [], color=GREY, marker="x", ls="", ms=6, mew=1.8,
                          label="no such state found"))  # fmt: skip
    return handles
