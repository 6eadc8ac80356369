"""Ranks of true parameters: how far their distribution is from uniform."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from pipeline.calibration.report import Calibrated
from pipeline.figures.style import BLACK, GREY, VERMILLION, lighten, new_figure, styled


@styled
def calibration_figure(found: Calibrated) -> Figure:
    """ECDF of the scaled ranks less the uniform CDF, one panel a quantity, with its 95% band."""
    columns = min(5, len(found.quantities))
    rows = -(-len(found.quantities) // columns)
    figure = new_figure(2.6 * columns, 1.9 * rows + 0.9, layout="constrained")
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for ax, q in zip(axes.flat, found.quantities, strict=False):
        ax.fill_between(q.at, q.low - q.at, q.high - q.at, color=lighten(GREY, 0.3), lw=0)
        ax.axhline(0, color=GREY, lw=0.7)
        ax.step(q.at, q.ecdf - q.at, where="post", color=BLACK if q.inside else VERMILLION, lw=1.4)
        ax.set_title(q.name + ("" if q.inside else "\noutside"), fontsize=8)
    for ax in axes.flat[len(found.quantities) :]:
        ax.set_axis_off()
    drawn = [np.array([q.low, q.high, q.ecdf]) - q.at for q in found.quantities]
    widest = max(np.abs(lines).max() for lines in drawn)
    axes[0, 0].set_ylim(-1.2 * widest, 1.2 * widest)
    axes[0, 0].set_xlim(0, 1)
    axes[0, 0].set_xticks([0.0, 0.5, 1.0], ["0", "0.5", "1"])
    figure.supxlabel("scaled rank of the truth", fontsize=10)
    figure.supylabel("ECDF less uniform", fontsize=10)
    figure.suptitle(
        f"{found.title}: {found.n_sets} mock data sets; grey: 95% of uniform ranks stay inside",
        fontsize=11,
    )
    return figure
