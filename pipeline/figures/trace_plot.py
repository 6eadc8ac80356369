"""Traces of a run: what every walker did at every step, burn-in included."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from pipeline.figures.corner_axes import axis_label, select_columns
from pipeline.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    add_verdict,
    lighten,
    new_figure,
    styled,
)
from pipeline.posterior.judge import current_verdict
from pipeline.posterior.load import Posterior, load_run
from pipeline.problem import Problem

COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, SKY, ORANGE)
"""Of the ensembles, in turn."""

_MOST_POINTS = 1500
_WALKERS = 10
_HEIGHT = 1.35
_STUCK = re.compile(r"walker (\d+) of ensemble (\d+)")


def load_trace(folder: str | Path) -> Posterior:
    """All that is stored of a run, burn-in included, thinned to some 1500 steps.

    Raises
    ------
    CrtuneError: as `pipeline.posterior.load.load_run`
    """
    steps = current_verdict(folder).steps
    return load_run(folder, burn_in=0, thin=max(1, -(-steps // _MOST_POINTS)))


@styled
@matplotlib.rc_context({"xtick.minor.visible": False, "ytick.minor.visible": False})
def trace_figure(
    trace: Posterior, problem: Problem, params: Sequence[str] | None = None, title: str = ""
) -> Figure:
    """Draw a row for each coordinate and one for the log-probability.

    A line is a walker, a colour an ensemble, the thick line its median; black are walkers that the
    verdict calls stuck. The histograms at the right are of the steps after burn-in, one for each
    ensemble: they should be the same.

    Parameters
    ----------
    trace : of `load_trace`
    params : names of parameters or coordinates to show, default all

    Raises
    ------
    CrtuneError: an unknown name in `params`
    """
    columns = select_columns(trace, params)
    series = [trace.chain[..., i] for i in columns] + [trace.log_prob]
    labels = [axis_label(problem.parameters[i]) for i in columns] + ["ln posterior"]
    figure = new_figure(11.0, _HEIGHT * len(series) + 1.6, layout="constrained")
    axes = figure.subplots(
        len(series), 2, sharex="col", sharey="row", squeeze=False, width_ratios=(5, 1)
    )
    stuck = stuck_of(trace)
    steps = _steps(trace)
    for row, label, values in zip(axes, labels, series, strict=True):
        _row(row, values, steps, trace.verdict.burn_in, stuck)
        row[0].set_ylabel(label, fontsize=10)
    axes[-1, 0].set_xlabel("step")
    axes[-1, 0].set_xlim(0, steps[-1])
    axes[-1, 1].set_xlabel("share of draws", fontsize=10)
    axes[-1, 1].set_xticks([])
    figure.legend(handles=_handles(trace, stuck), loc="outside lower center", ncols=4, fontsize=9)
    lines = add_verdict(figure, trace.verdict)
    figure.suptitle("\n" * (lines and lines + 1) + title, fontsize=12)
    return figure


def stuck_of(trace: Posterior) -> list[tuple[int, int]]:
    """(ensemble, walker) of those that the verdict names."""
    found = (_STUCK.search(text) for text in trace.verdict.stuck)
    return [(int(m[2]), int(m[1])) for m in found if m and int(m[2]) < len(trace.chain)]


def _steps(trace: Posterior) -> np.ndarray:
    """Sampler step of each row."""
    n = trace.chain.shape[1]
    return trace.verdict.steps * (1 + np.arange(n)) / n


def _row(axes, values, steps, burn_in, stuck) -> None:
    left, right = axes
    kept = values[:, steps > burn_in]
    kept = kept if kept.shape[1] else values
    low, high = np.quantile(kept, [0.001, 1.0])
    for ensemble, walker in stuck:
        low = min(low, float(np.median(kept[ensemble, :, walker])))
    margin = 0.06 * (high - low) or 1e-6 * max(1.0, abs(low))
    left.set_ylim(low - margin, high + margin)
    if burn_in:
        left.axvspan(0, burn_in, color=lighten(GREY, 0.2), lw=0, zorder=0)
    edges = np.linspace(low - margin, high + margin, 41)
    for k, of_walkers in enumerate(values):
        colour = COLOURS[k % len(COLOURS)]
        shown = of_walkers[:, :: max(1, of_walkers.shape[1] // _WALKERS)]
        left.plot(steps, shown, color=lighten(colour, 0.45), lw=0.4, rasterized=True)
    for k, of_walkers in enumerate(values):
        colour = COLOURS[k % len(COLOURS)]
        left.plot(steps, np.median(of_walkers, axis=1), color=colour, lw=1.4, zorder=3)
        share = np.histogram(kept[k], edges)[0] / kept[k].size
        right.stairs(share, edges, color=colour, orientation="horizontal", lw=1.2)
    for ensemble, walker in stuck:
        left.plot(steps, values[ensemble, :, walker], color=BLACK, lw=0.9, zorder=4)
    left.locator_params(axis="y", nbins=4)


def _handles(trace, stuck) -> list:
    handles = [
        Line2D([], [], color=COLOURS[k % len(COLOURS)], label=f"ensemble {k}, median of walkers")
        for k in range(min(len(trace.chain), len(COLOURS)))
    ]
    if len(trace.chain) > len(COLOURS):
        handles[-1].set_label(f"ensembles {len(COLOURS) - 1} and on, colours again from the first")
    walkers = trace.chain.shape[2]
    shown = len(range(0, walkers, max(1, walkers // _WALKERS)))
    handles.append(Line2D([], [], color=GREY, lw=0.5, label=f"{shown} of {walkers} walkers each"))
    if trace.verdict.burn_in:
        handles.append(Patch(color=lighten(GREY, 0.2), label="burn-in, left out of results"))
    if stuck:
        handles.append(Line2D([], [], color=BLACK, lw=0.9, label="walkers that are stuck"))
    return handles
