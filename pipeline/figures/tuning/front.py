"""The front figure of the page: bits within a factor of 2, with both transports."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pipeline.figures.style import BLACK, BLUE, GREY, ORANGE, add_footnote, new_figure, styled
from pipeline.figures.tuning.looks import RANGE_TITLES, label, ordered
from pipeline.figures.tuning.rows import left_of
from pipeline.tuning.measures.columns import LOWER_BOUND
from pipeline.tuning.tables.report import usual_priors
from transport.errors import CrtuneError
from transport.full.effects import FULL, PAPER

MEASURE = "acceptable_max_1"
_GROUPS = (("kolmogorov", "power_law"), ("two_phase", "stratified_halo"))
"""What names of runs begin with: diffusion, the paper's models; single mechanisms come after."""
_TRANSPORTS = {PAPER: (ORANGE, "s", -0.17), FULL: (BLUE, "o", 0.17)}
"""Colour, marker and place in the row."""
_TICKS = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40)
_ROW = 0.42  # inches


@styled
def front_figure(records: Sequence[Mapping], priors: str = "plausible") -> Figure:
    """Bits of all runs, a row a run, a panel a range.

    The axis is logarithmic and every value is written beside its marker: half a bit counts where
    theories are close, and others take thirty. An arrow to the right is a lower bound; a cross in
    the column at the right says that the prior holds no such state that was found.

    Parameters
    ----------
    records : rows of tuning.json
    priors : set to draw; a run that has nothing of it stands there with its own, which is told

    Raises
    ------
    CrtuneError: no row has the measure
    """
    sets = usual_priors(records, priors)
    found = {
        (row["run"], row["range"], row.get("transport", PAPER)): row
        for row in records
        if (row["measure"], row["selection"], row["priors"]) == (MEASURE, "both", sets[row["run"]])
        and not row.get("variant", "")
        and row.get("transport", PAPER) in _TRANSPORTS
    }
    if not found:
        raise CrtuneError(f"no row has {MEASURE}; make it with scripts/fine_tuning.py RUN")
    runs = ordered(run for run, *_ in found)
    values = [float(r["value"]) for r in found.values() if _is_finite(r) and r["value"] > 0]
    low, high = 0.85 * min(values, default=1.0), 1.25 * max(values, default=10.0)
    end = high * (high / low) ** 0.12  # beyond `high` stands what was not found
    figure = new_figure(9.6, 1.75 + _ROW * len(runs))
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    for ax, (place, title) in zip(axes, RANGE_TITLES.items(), strict=True):
        ax.set_xscale("log")
        for i, run in enumerate(runs):
            if i % 2:
                ax.axhspan(i - 0.5, i + 0.5, color=GREY, alpha=0.08, lw=0)
            for transport, look in _TRANSPORTS.items():
                if (row := found.get((run, place, transport))) is not None:
                    _draw(ax, i, row, look, (low, (high * end) ** 0.5))
        _border(ax, runs)
        ax.axvline(high, color=GREY, lw=0.6)
        ax.set_title(title)
        ax.set_xlabel("bits: halvings of the prior (log axis)", fontsize=10.5)
        ax.grid(axis="x", color=GREY, alpha=0.25, lw=0.6)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", which="both", left=False, right=False)
        ax.text((high * end) ** 0.5, -0.7, "none", ha="center", va="top", fontsize=9, color=GREY)
    axes[0].set_xlim(low, end)
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    axes[0].set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes[0].minorticks_off()
    axes[1].minorticks_off()
    axes[0].set_ylim(len(runs) - 0.5, -0.75)
    labels = list(map(label, runs))
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
        handles=_handles(), loc="lower center", bbox_to_anchor=(0.55, 0.36 / height), ncols=4
    )
    add_footnote(
        figure,
        "How often the prior must be halved until a theory is within a factor of 2 of every point: "
        "protons and B/C, at Earth (left) or with Voyager's (right). Priors: "
        f"{priors}{_exceptions(sets, runs, priors)}. "
        "Errors are 1 sigma, mostly smaller than the markers.",
    )
    return figure


def _exceptions(sets, runs, priors) -> str:
    others = [f"{label(run)}: {sets[run]}" for run in runs if sets[run] != priors]
    return f" ({'; '.join(others)})" if others else ""


def _is_finite(row) -> bool:
    return row["value"] is not None and math.isfinite(row["value"])


def _draw(ax, i, row, look, edges) -> None:
    """Marker and value of one row, inside `edges`: the lowest value drawn, and where none is."""
    colour, marker, shift = look
    face = colour if marker == "o" else "white"
    if not _is_finite(row):
        if row["note"].startswith("none") or row["value"] is not None:
            ax.plot(edges[1], i + shift, "x", color=colour, ms=6, mew=1.8)
        return
    value, error, text = float(row["value"]), row["error"], f"{row['value']:.1f}"
    place = start = end = max(value, edges[0])
    if row["note"].startswith(LOWER_BOUND):
        end, text = 1.12 * place, f"over {math.floor(value)}"
        ax.annotate(
            "", (end, i + shift), (place, i + shift),
            arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.6},
        )  # fmt: skip
    elif error is not None and math.isfinite(error):
        ax.errorbar(place, i + shift, xerr=error, color=colour, lw=1.2, capsize=0)
        start, end = place - error, place + error
    ax.plot(place, i + shift, marker, color=colour, mfc=face, ms=6, mew=1.5, zorder=5)
    # else the text would run into what stands at the right
    left = end > (0.7 if len(text) <= 4 else 0.6) * edges[1]
    ax.annotate(
        text, (start if left else end, i + shift), (-7 if left else 6, 0),
        textcoords="offset points", ha="right" if left else "left", va="center_baseline",
        fontsize=9, color=colour if marker == "o" else BLACK,
    )  # fmt: skip


def _border(ax, runs) -> None:
    """A line between groups, where they are there in their order."""
    group = [
        next((k for k, g in enumerate(_GROUPS) if r.startswith(g)), len(_GROUPS)) for r in runs
    ]
    if group == sorted(group):
        for i in (i for i in range(len(runs) - 1) if group[i] != group[i + 1]):
            ax.axhline(i + 0.5, color=BLACK, lw=0.8)


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
