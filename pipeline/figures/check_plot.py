"""Figures of the checks: data that were not fitted, and features of data that were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from pipeline.checks.replicated import PredictiveCheck
from pipeline.checks.report import CheckReport
from pipeline.config.load import Config
from pipeline.figures.measured import colour, data_label, marker
from pipeline.figures.style import (
    BLACK,
    BLUE,
    GREY,
    SKY,
    VERMILLION,
    add_verdict,
    lighten,
    new_figure,
    styled,
)
from pipeline.from_config import read_holdouts


@styled
def features_figure(checks: Sequence[PredictiveCheck], verdict, title: str = "") -> Figure:
    """Every feature of the fitted data against what replicated data have, one row a data set.

    Where the feature depends on the draw (a distance from the model), the real data's spread over
    the posterior is drawn as a second histogram.
    """
    rows = list(dict.fromkeys(check.dataset for check in checks))
    columns = max(sum(check.dataset == row for check in checks) for row in rows)
    figure = new_figure(4.0 * columns, 2.6 * len(rows), layout="constrained")
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for row, dataset in zip(axes, rows, strict=True):
        chosen = [check for check in checks if check.dataset == dataset]
        for ax, check in zip(row, chosen, strict=False):
            _feature_panel(ax, check)
        for ax in row[len(chosen) :]:
            ax.set_axis_off()
        row[0].set_ylabel(dataset, fontsize=9)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    lines = add_verdict(figure, verdict)
    figure.suptitle("\n" * (lines and lines + 1) + title, fontsize=13)
    about = "p: share of replicated data above the real"
    figure.legend(handles, labels, loc="outside lower center", ncols=2, title=about)
    return figure


def _feature_panel(ax, check: PredictiveCheck) -> None:
    replicated = check.replicated[np.isfinite(check.replicated)]
    both = np.concatenate([replicated, check.observed[np.isfinite(check.observed)]])
    edges = np.linspace(*np.quantile(both, [0.002, 0.998]), 41)
    if edges[0] == edges[-1]:
        edges = edges[0] + np.linspace(-0.5, 0.5, 41)
    ax.hist(replicated, edges, color=lighten(BLUE, 0.45), density=True, label="replicated data")
    if check.of_data_alone:
        ax.axvline(check.observed[0], color=VERMILLION, lw=2, label="real data")
    else:
        ax.hist(
            check.observed, edges, color=VERMILLION, density=True, histtype="step", lw=1.6,
            label="real data",
        )  # fmt: skip
    ax.set_yticks([])
    ax.set_xlabel(check.label, fontsize=9.5)
    p = f"p = {check.p_value:.3f}" if check.p_value >= 0.001 else "p < 0.001"
    ax.set_title(p, fontsize=10, loc="right")


@styled
def holdouts_figure(report: CheckReport, config: Config, verdict, title: str = "") -> Figure:
    """Every hold-out over the bands predicted for it, and the distribution of its PIT."""
    held = read_holdouts(config)
    figure = new_figure(11.0, 3.4 * len(held) + 0.6, layout="constrained")
    axes = figure.subplots(len(held), 2, squeeze=False, gridspec_kw={"width_ratios": (2.4, 1)})
    for (left, right), (name, measurement) in zip(axes, held.items(), strict=True):
        _bands_panel(left, measurement, report.holdouts[name])
        _pit_panel(right, report.holdouts[name].score)
    lines = add_verdict(figure, verdict)
    figure.suptitle("\n" * (lines and lines + 1) + f"{title}: data that were not fitted")
    return figure


def _bands_panel(ax, measurement, result) -> None:
    score = result.score
    low95, low68, median, high68, high95 = score.bands
    x = measurement.rigidity_centre
    for low, high, share, label in (
        (low95, high95, 0.25, "95% predicted, with noise"),
        (low68, high68, 0.55, "68%"),
    ):
        ax.fill_between(
            x, np.log(low / median), np.log(high / median), color=lighten(SKY, share), lw=0,
            label=label,
        )  # fmt: skip
    ax.axhline(0, color=GREY, lw=0.8)
    ax.errorbar(
        x, -np.log(median), fmt=marker(measurement), color=colour(measurement), mec=BLACK,
        mew=0.5, ms=4.5,
        yerr=np.stack([measurement.error_minus, measurement.error_plus]) / measurement.value,
        elinewidth=0.9, label=data_label(measurement),
    )  # fmt: skip
    ax.set_xscale("log")
    ax.set_xlabel("rigidity $R$ [GV]")
    ax.set_ylabel("ln(data / predicted median)")
    head = "NO HOLD-OUT: shares events with fitted data\n" if result.shares else ""
    ax.set_title(
        f"{head}$\\chi^2$ = {score.chi2:.1f} for {score.n_bins} bins, p = {score.chi2_p:.3f}; "
        f"ln pd = {score.log_density:.1f}, {score.log_density_expected:.1f} "
        f"$\\pm$ {score.log_density_sd:.1f} if the model were true",
        fontsize=9.5,
    )
    _legend_below(ax, 3)


def _pit_panel(ax, score) -> None:
    ordered = np.concatenate([[0.0], np.sort(score.pit), [1.0]])
    ax.plot([0, 1], [0, 1], color=GREY, lw=0.8, label="if the model were true")
    heights = np.append(np.arange(score.n_bins + 1) / score.n_bins, 1.0)
    ax.step(ordered, heights, where="post", color=VERMILLION, label="hold-out")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.set_xlabel("PIT: predicted probability of less")
    ax.set_ylabel("share of bins")
    low, high = score.coverage
    ax.set_title(f"in 68%: {low:.2f}, in 95%: {high:.2f}; p = {score.pit_p:.3f}", fontsize=9.5)
    _legend_below(ax, 2)


def _legend_below(ax, columns: int) -> None:
    """Outside the axes: inside there is no corner that data leave free in every run."""
    ax.legend(
        fontsize=8.5, ncols=columns, loc="upper center", bbox_to_anchor=(0.5, -0.2), frameon=False
    )
