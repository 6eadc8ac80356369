"""How rare agreement is: -log2 of the acceptable fraction against the precision asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from pipeline.figures.style import BLUE, GREY, VERMILLION, add_footnote, new_figure, styled
from pipeline.figures.tuning.looks import RANGE_TITLES, by_range, caption, looks_of
from pipeline.tuning.measures.columns import BASELINES

_TICKS = (2.0, 1.0, 0.5, 0.2, 0.1, 0.05)
_COLUMNS = 4
_PANEL = (2.45, 2.0)  # inches
_PLACES = {"earth": (BLUE, "-", "o"), "voyager": (VERMILLION, "--", "D")}
"""Colour, line and marker of a range."""
_CRITERIA = {
    "max": "every data point within a factor $1+\\epsilon$",
    "rms": "rms of $\\ln(\\mathrm{model/data})$ within $\\ln(1+\\epsilon)$",
}


@styled
def acceptable_fraction_figure(results: Sequence, criterion: str = "max") -> Figure:
    """Bits against epsilon, a panel a run, a line a range, those of a baseline in grey behind.

    Precision grows to the right. A line ends with its large marker where no point of the prior that
    comes closer was found (the floor). An arrow says where fractions became too small to measure;
    from where measuring ended to the floor a thin line is a lower bound. A range that has no line
    is named with the reason.

    Parameters
    ----------
    results : `pipeline.tuning.study.results.CaseResults` of one selection of data and one prior set
    criterion : ``max`` or ``rms``

    Raises
    ------
    CrtuneError: not one result has the acceptable fraction
    """
    name = f"acceptable_{criterion}"
    looks = looks_of(results)
    found = {
        place: {run: getattr(result, name) for run, result in runs.items()}
        for place, runs in by_range(results, name).items()
    }
    runs = [run for run in looks if any(run in fractions for fractions in found.values())]
    behind = next((run for run in BASELINES if run in runs), runs[0])
    columns = min(_COLUMNS, len(runs))
    rows = -(-len(runs) // columns)
    width, height = max(columns * _PANEL[0], 2 * _PANEL[0]) + 0.8, rows * _PANEL[1] + 1.5
    figure = new_figure(width, height)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    highest = max(_highest(f) for fractions in found.values() for f in fractions.values())
    closest = min(_end(f) for fractions in found.values() for f in fractions.values())
    for ax, run in zip(axes.flat, runs, strict=False):
        ax.set_title(looks[run].label, fontsize=10.5)
        for place in found if run != behind else ():
            if (reference := found[place].get(behind)) is not None:
                _curve(ax, reference, place, GREY)
        _panel(ax, {place: fractions.get(run) for place, fractions in found.items()})
    _precision_axis(axes[0, 0], closest)
    axes[0, 0].set_ylim(0, max(1.08 * highest, 1.0))
    for ax in axes.flat[len(runs) :]:
        ax.set_visible(False)
    for i, ax in enumerate(axes.flat[: len(runs)]):
        ax.tick_params(labelsize=9.5, labelbottom=i + columns >= len(runs))  # lowest of a column
    figure.supylabel(r"$-\log_2 F(\epsilon)$ [bits]", fontsize=11.5, x=0.012)
    figure.text(
        0.5, 0.98 / height, r"agreement asked for, $\epsilon$ [%] (closer to the right)",
        ha="center", va="top", fontsize=11.5,
    )  # fmt: skip
    figure.subplots_adjust(
        left=0.62 / width, right=1 - 0.12 / width, top=1 - 0.3 / height, bottom=1.32 / height,
        wspace=0.06, hspace=0.22,
    )  # fmt: skip
    figure.legend(
        handles=_handles(looks[behind].label), loc="lower center",
        bbox_to_anchor=(0.5, 0.46 / height), ncols=4, handlelength=3.0,
    )  # fmt: skip
    add_footnote(
        figure,
        f"F: share of the prior with {_CRITERIA[criterion]}; no model discrepancy. Large marker: "
        "the floor, the closest state that was found; arrow: rarer than measurable; thin line: not "
        "measured, the bits at its left are a lower bound. "
        f"Bands: 1 sigma. {caption(results)}",
    )
    return figure


def _panel(ax, fractions: Mapping[str, object]) -> None:
    """Both ranges of a run, and what there is to say of one that has no line."""
    remarks = []
    for place, fraction in fractions.items():
        if fraction is None:
            remarks.append(f"{RANGE_TITLES[place]}: no result")
        elif fraction.floor > max(_TICKS):
            widest = 1 + max(_TICKS)
            remarks.append(f"{RANGE_TITLES[place]}:\nnothing within a factor of {widest:g}")
        elif not np.isfinite(fraction.best_bits()[0]).any():
            closest = f"{100 * fraction.floor:.0f}%"
            remarks.append(f"{RANGE_TITLES[place]}:\ntoo rare to measure; closest {closest}")
        else:
            _line(ax, fraction, place)
    if remarks:
        y, side = (0.05, "bottom") if len(remarks) < len(fractions) else (0.96, "top")
        ax.text(
            0.97, y, "\n".join(remarks), transform=ax.transAxes, ha="right", va=side,
            fontsize=8, color=GREY,
        )  # fmt: skip
    ax.axvline(100, color=GREY, lw=0.8, ls=(0, (2, 2)), zorder=0)
    ax.grid(axis="y", color=GREY, alpha=0.2, lw=0.6)


def _precision_axis(ax, last: float) -> None:
    """From the widest agreement to just beyond `last`."""
    ax.set_xscale("log")
    ax.set_xlim(107 * max(_TICKS), 85 * last)
    ticks = [t for t in _TICKS if t > 1.1 * last]  # the last label would run into the next panel
    ax.set_xticks([100 * t for t in ticks], [f"{100 * t:g}" for t in ticks])
    ax.xaxis.set_minor_formatter(NullFormatter())


def _handles(baseline: str) -> list[Line2D]:
    handles = [
        Line2D([], [], color=colour, ls=line, marker=marker, ms=6, label=RANGE_TITLES[place])
        for place, (colour, line, marker) in _PLACES.items()
    ]
    handles.append(Line2D([], [], color=GREY, lw=1.0, label=f"{baseline}, for comparison"))
    handles.append(Line2D([], [], color=GREY, lw=0.8, ls=(0, (2, 2)), label="factor of 2"))
    return handles


def _end(fraction) -> float:
    """The closest agreement that anything is drawn at."""
    known = fraction.epsilon[np.isfinite(fraction.best_bits()[0])]
    if not known.size:
        return max(_TICKS)
    return max(min(fraction.floor, known.min()), min(_TICKS))


def _highest(fraction) -> float:
    bits = fraction.best_bits()[0]
    return float(np.max(bits, initial=1.0, where=np.isfinite(bits)))


def _known(fraction) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Epsilon in per cent, falling, bits and their error where they are measured, (n,) each."""
    order = np.argsort(-fraction.epsilon)
    x, bits, error = (array[order] for array in (100 * fraction.epsilon, *fraction.best_bits()))
    known = np.isfinite(bits)
    return x[known], bits[known], np.nan_to_num(error[known])


def _curve(ax, fraction, place: str, colour: str) -> None:
    """The line alone, thin."""
    x, bits, _ = _known(fraction)
    ax.plot(x, bits, color=colour, ls=_PLACES[place][1], lw=1.0, alpha=0.8, zorder=1)


def _line(ax, fraction, place: str) -> None:
    """One range of one run, with band, floor and what could not be measured."""
    colour, line, marker = _PLACES[place]
    x, bits, error = _known(fraction)
    ax.fill_between(x, bits - error, bits + error, color=colour, alpha=0.16, lw=0)
    ax.plot(x, bits, color=colour, ls=line, lw=1.7)
    if np.isnan(fraction.bits).any():
        ax.annotate(
            "", (x[-1], bits[-1] * 1.04 + 2.5), (x[-1], bits[-1]),
            arrowprops={"arrowstyle": "->", "color": colour, "lw": 1.4},
        )  # fmt: skip
    if fraction.floor > min(_TICKS):
        end = min(100 * fraction.floor, x[-1])
        ax.plot([x[-1], end], [bits[-1]] * 2, color=colour, lw=0.7, alpha=0.6)
        ax.plot(end, bits[-1], marker, color=colour, ms=6.5, mec="white", mew=0.8, zorder=6)
