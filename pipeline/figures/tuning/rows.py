"""Panels with one row for each scenario."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.figures.style import GREY, VERMILLION
from pipeline.figures.tuning.looks import doubts


def label_rows(axes, labels: Sequence[str]) -> None:
    """Names of the rows at the left of the first panel, the first on top; no ticks."""
    axes[0].set_yticks(range(len(labels)), labels)
    axes[0].set_ylim(len(labels) - 0.5, -0.5)
    for ax in axes:
        ax.tick_params(axis="y", which="both", left=False, right=False)


def left_of(figure, labels: Sequence[str]) -> float:
    """Share of the figure's width that names at the left need."""
    longest = max(map(len, labels), default=0)
    return min((0.089 * longest + 0.2) / figure.get_figwidth(), 0.45)


def mark_row(ax, row: float, text: str, *results) -> None:
    """A remark at the right end of a row, and what the results it shows are doubted for."""
    doubt = next((d for d in map(doubts, results) if d), "")
    if words := "  ".join(part for part in (text, doubt) if part):
        ax.annotate(
            words, (0.99, row), xycoords=("axes fraction", "data"), ha="right", va="center",
            fontsize=7.5, color=VERMILLION if doubt else GREY, zorder=8,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85},
        )  # fmt: skip
