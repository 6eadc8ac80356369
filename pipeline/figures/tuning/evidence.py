"""Evidence against a baseline, in bits, taken apart into what the fit gains and what the tuning
costs."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from pipeline.figures.style import BLACK, BLUE, GREY, ORANGE, add_footnote, new_figure, styled
from pipeline.figures.tuning.looks import RANGE_TITLES, by_range, caption, looks_of
from pipeline.figures.tuning.rows import label_rows, left_of, mark_row
from pipeline.tuning.measures.excess import excess
from pipeline.tuning.measures.information import NATS_PER_BIT
from pipeline.tuning.tables.entries import baseline_of

LARGEST = 40.0
"""Bits beyond which bars are cut."""


@styled
def evidence_figure(results: Sequence, baseline: str = "kolmogorov") -> Figure:
    """Diverging bars of Delta <ln L> and -Delta D_KL; a diamond for their sum.

    Bars end at `LARGEST` bits, and what is beyond is written: how hopeless a theory is shall not
    hide how the others differ.

    Parameters
    ----------
    results : `pipeline.tuning.study.results.CaseResults` of one selection of data and one prior set
    baseline : scenario that the others are held against

    Raises
    ------
    CrtuneError: not one result has its information
    """
    found, looks = by_range(results, "information"), looks_of(results)
    rows = [run for run in looks if any(run in runs for runs in found.values())]
    figure = new_figure(10.0, 1.9 + 0.42 * len(rows))
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    errors, cut = [], False
    for ax, (place, runs) in zip(axes, found.items(), strict=True):
        for i, run in enumerate(rows):
            result = runs.get(run)
            base = baseline_of(result, results, baseline) if result else None
            if base is None or base.information is None:
                mark_row(ax, i, "no result" if result is None else "no baseline")
            elif base is result:
                ax.plot(0, i, "|", color=BLACK, ms=12)
                mark_row(ax, i, "baseline", result, base)
            else:
                difference = excess(result.information, base.information)
                errors.append(difference.log_z_error / NATS_PER_BIT)
                cut |= _bars(ax, i, difference)
                mark_row(ax, i, "", result, base)
        ax.axvline(0, color=BLACK, lw=0.9)
        ax.set_title(RANGE_TITLES[place])
        ax.set_xlabel("bits")
        ax.grid(axis="x", color=GREY, alpha=0.25, lw=0.6)
        ax.set_axisbelow(True)
    label_rows(axes, [looks[run].label for run in rows])
    low, high = axes[0].get_xlim()
    axes[0].set_xlim(max(low, -LARGEST), min(high, LARGEST) + 0.2 * (high - low))  # for remarks
    axes[0].xaxis.set_major_locator(MaxNLocator(6, integer=True, prune="both"))
    handles = [
        Patch(facecolor=BLUE, label=r"fit: $\Delta\langle\log_2 L\rangle$"),
        Patch(
            facecolor=ORANGE, hatch="////", edgecolor="white",
            label=r"cost: $-\Delta D_\mathrm{KL}$ (to the right: cheaper)",
        ),
        Line2D([], [], color=BLACK, marker="D", ls="", label=r"sum: $\Delta\log_2 Z$"),
    ]  # fmt: skip
    height = figure.get_figheight()
    figure.subplots_adjust(
        left=left_of(figure, [looks[run].label for run in rows]),
        right=0.985,
        top=1 - 0.35 / height,
        bottom=1.25 / height,
        wspace=0.06,
    )
    figure.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.59, 0.32 / height), ncols=3
    )
    against = looks[baseline].label if baseline in looks else baseline
    largest = max(errors, default=0.0)
    beyond = f"; what is beyond {LARGEST:g} is cut and written" if cut else ""
    add_footnote(
        figure,
        f"Against {against} on the same data; to the right is better. Errors of the sum are "
        f"{largest:.2g} bits at most{beyond}. {caption(results)}",
    )
    return figure


def _bars(ax, row, difference) -> bool:
    """Two bars from zero, side by side in the row, so that neither hides the other; whether one of
    them or the sum is beyond `LARGEST`."""
    parts = difference.fit, -difference.cost, difference.log_z
    fit, cost, log_z = (part / NATS_PER_BIT for part in parts)
    ax.barh(row - 0.19, _cut(fit), 0.36, color=BLUE)
    ax.barh(row + 0.19, _cut(cost), 0.36, color=ORANGE, hatch="////", edgecolor="white", lw=0)
    cut = [(part, at) for part, at in ((fit, -0.19), (cost, 0.19)) if abs(part) > LARGEST]
    for part, at in cut:
        ax.annotate(
            f"{part:.0f}", (_cut(part), row + at), (4 if part < 0 else -4, 0),
            textcoords="offset points", ha="left" if part < 0 else "right", va="center_baseline",
            fontsize=8, color="white" if at < 0 else BLACK,
        )  # fmt: skip
    if abs(log_z) <= LARGEST:
        ax.plot(log_z, row, "D", color=BLACK, ms=5, mec="white", mew=0.8, zorder=6)
        return bool(cut)
    ax.annotate(
        f"{log_z:.0f}", (_cut(log_z), row), (6 if log_z < 0 else -6, 0),
        textcoords="offset points", ha="left" if log_z < 0 else "right", va="center", fontsize=9,
        zorder=6, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.9},
    )  # fmt: skip
    return True


def _cut(bits: float) -> float:
    return min(max(bits, -LARGEST), LARGEST)
