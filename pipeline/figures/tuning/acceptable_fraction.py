"""How rare agreement is: -log2 of the acceptable fraction against the precision asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from pipeline.figures.style import GREY, add_footnote, new_figure, styled
from pipeline.figures.tuning.looks import (
    RANGE_TITLES,
    by_range,
    caption,
    looks_of,
    mark_empty,
)

_TICKS = (2.0, 1.0, 0.5, 0.2, 0.1, 0.05)
_COLUMNS = 4
_ZOOM = 0.5  # the closest agreement of the upper panels
_PANELS = 7.4  # inches, of both rows
_CRITERIA = {
    "max": "every data point within a factor $1+\\epsilon$",
    "rms": "rms of $\\ln(\\mathrm{model/data})$ within $\\ln(1+\\epsilon)$",
}


@styled
def acceptable_fraction_figure(results: Sequence, criterion: str = "max") -> Figure:
    """Bits against epsilon, a line a scenario, a panel a range.

    Above, what is near a factor of 2; below, everything. Precision grows to the right. A line ends
    with its marker where no point of the prior that comes closer was found (the floor). An arrow
    says where fractions became too small to measure; from there to the floor a thin line is a lower
    bound. Runs of which the prior holds nothing within the axis are named.

    Parameters
    ----------
    results : `pipeline.tuning.study.results.CaseResults` of one selection of data and one prior set
    criterion : ``max`` or ``rms``

    Raises
    ------
    CrtuneError: not one result has the acceptable fraction
    """
    name = f"acceptable_{criterion}"
    found, looks = by_range(results, name), looks_of(results)
    figure = new_figure(10.0, 6.0)
    axes = figure.subplots(2, 2, sharey="row")
    highest, near = 1.0, []
    for (zoom, ax), (place, runs) in zip(axes.T, found.items(), strict=True):
        shown = {run: getattr(runs[run], name) for run in looks if run in runs}
        for run, fraction in shown.items():
            _line(zoom, fraction, looks[run])
            highest = max(highest, _line(ax, fraction, looks[run]))
            near.append(_bits_near(fraction))
        zoom.set_title(RANGE_TITLES[place])
        for panel in () if shown else (zoom, ax):
            mark_empty(panel, place)
        _precision_axis(zoom, _ZOOM, va="bottom")
        _precision_axis(ax, min((_end(f) for f in shown.values()), default=min(_TICKS)))
        if absent := [looks[run].label for run, f in shown.items() if f.floor > max(_TICKS)]:
            words = "nothing within a factor of 3:\n" + "\n".join(absent)
            ax.text(0.98, 0.03, words, transform=ax.transAxes, ha="right", fontsize=8.5)
    axes[0, 0].set_ylim(0, _top(near, highest))
    axes[1, 0].set_ylim(0, 1.06 * highest)
    for ax in axes[:, 0]:
        ax.set_ylabel(r"$-\log_2 F(\epsilon)$ [bits]")
    for ax in axes[1]:
        ax.set_xlabel(r"agreement asked for, $\epsilon$ [%] (closer to the right)")
    shown = {run for runs in found.values() for run in runs}
    handles = [
        Line2D([], [], color=k.colour, ls=k.line, marker=k.marker, ms=7, label=k.label)
        for run, k in looks.items()
        if run in shown
    ]
    below = 1.15 + 0.21 * -(-len(handles) // _COLUMNS)  # inches
    height = _PANELS + below
    figure.set_figheight(height)
    figure.subplots_adjust(
        left=0.075, right=0.985, top=1 - 0.35 / height, bottom=below / height, wspace=0.06,
        hspace=0.12,
    )  # fmt: skip
    figure.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.53, 0.42 / height),
        ncols=_COLUMNS, fontsize=9.5, handlelength=4.2, columnspacing=1.6,
    )  # fmt: skip
    add_footnote(
        figure,
        f"F: share of the prior with {_CRITERIA[criterion]}; no model discrepancy. Large marker: "
        "the floor, the closest state that was found; arrow, thin line: rarer than measurable. "
        f"Bands: 1 sigma. {caption(results)}",
    )
    return figure


def _precision_axis(ax, last: float, va: str = "top") -> None:
    """From the widest agreement to just beyond `last`, with a line where a factor of 2 is."""
    ax.set_xscale("log")
    ax.set_xlim(107 * max(_TICKS), 85 * last)
    ticks = [t for t in _TICKS if t > 0.85 * last]
    ax.set_xticks([100 * t for t in ticks], [f"{100 * t:g}" for t in ticks])
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.grid(axis="y", color=GREY, alpha=0.2, lw=0.6)
    if last > 1.0:
        return
    ax.axvline(100, color=GREY, lw=0.8, ls=(0, (2, 2)), zorder=0)
    ax.text(
        98, 0.985 if va == "top" else 0.015, "factor of 2", transform=ax.get_xaxis_transform(),
        rotation=90, ha="left", va=va, fontsize=8, color=GREY,
    )  # fmt: skip


def _measured(fraction) -> np.ndarray:
    return np.isfinite(fraction.best_bits()[0])


def _end(fraction) -> float:
    """The closest agreement that anything is drawn at."""
    known = fraction.epsilon[_measured(fraction)]
    if not known.size:
        return max(_TICKS)
    return max(min(fraction.floor, known.min()), min(_TICKS))


def _bits_near(fraction) -> float:
    """Bits at the closest agreement of the upper panels, or the closest that was measured."""
    known = _measured(fraction) & (fraction.epsilon >= 0.99 * _ZOOM)
    bits = fraction.best_bits()[0][known]
    return float(bits.max()) if bits.size and bits.max() > 0 else np.inf


def _top(near: Sequence[float], otherwise: float) -> float:
    """Of the upper panels: the easiest scenarios with room above them."""
    return min(1.6 * min(near, default=np.inf), 1.06 * otherwise)


def _line(ax, fraction, look) -> float:
    """Draw one scenario and return its highest number of bits."""
    order = np.argsort(-fraction.epsilon)
    x, bits, error = (array[order] for array in (100 * fraction.epsilon, *fraction.best_bits()))
    known = np.isfinite(bits)
    x, bits, error = x[known], bits[known], np.nan_to_num(error[known])
    if not x.size:
        return 0.0
    ax.fill_between(x, bits - error, bits + error, color=look.colour, alpha=0.16, lw=0)
    ax.plot(x, bits, color=look.colour, ls=look.line, lw=1.7)
    if np.isnan(fraction.bits).any():
        ax.annotate(
            "", (x[-1], bits[-1] * 1.04 + 1.0), (x[-1], bits[-1]),
            arrowprops={"arrowstyle": "->", "color": look.colour, "lw": 1.4},
        )  # fmt: skip
    if np.isinf(fraction.bits).any():
        end = min(100 * fraction.floor, x[-1])
        ax.plot([x[-1], end], [bits[-1]] * 2, color=look.colour, lw=0.7, alpha=0.6)
        ax.plot(end, bits[-1], look.marker, color=look.colour, ms=9, mec="white", mew=0.8, zorder=6)
    every = max(1, len(x) // 4)
    start = sum(map(ord, look.marker)) % every  # of each line elsewhere
    ax.plot(
        x[start:-1:every], bits[start:-1:every], look.marker,
        color=look.colour, ms=4.5, mec="white", mew=0.4,
    )  # fmt: skip
    return float(bits.max())
