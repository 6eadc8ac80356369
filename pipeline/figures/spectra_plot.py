"""Posterior spectra over the data, with residuals: what Fig. 5 and 6 of the paper show of one
model, here with the spread of a posterior."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from likelihoods.joint import JointLikelihood
from likelihoods.measurement import INTERSTELLAR
from pipeline.figures.measured import (
    INTERSTELLAR_COLOUR,
    colours,
    data_label,
    draw_points,
    marker,
)
from pipeline.figures.posterior_spectra import PosteriorSpectra
from pipeline.figures.style import (
    BLACK,
    GREEN,
    GREY,
    add_footnote,
    add_verdict,
    lighten,
    new_figure,
    styled,
)

POWER = 2.7
"""Fluxes are drawn times rigidity to this power."""

_WIDEST = 1.0
"""Of ln(data / model) in the residuals: beyond a factor of e arrows stand for points."""

_ORDER = ("proton", "boron_to_carbon", "carbon", "boron")
_TERM_STYLES = (":", "--", "-.", (0, (6, 1, 1, 1, 1, 1)))
_FLUX_UNIT = r"[\mathrm{m}^{-2}\,\mathrm{s}^{-1}\,\mathrm{sr}^{-1}\,\mathrm{GV}^{1.7}]"
_SPECIES = {"proton": "proton", "carbon": "carbon", "boron": "boron"}


@styled
def spectra_figure(
    spectra: PosteriorSpectra, likelihood: JointLikelihood, verdict, title: str = ""
) -> Figure:
    """Draw every observable of the data, flux times R^2.7 or B/C, with residuals below.

    Bands hold 68% and 95% of the posterior; what is seen at Earth (behind the modulation of a data
    period) and what is outside the heliosphere have their own colours, for model and data alike.

    Parameters
    ----------
    spectra : of `pipeline.figures.posterior_spectra.posterior_spectra`
    likelihood : whose data they are
    verdict : `pipeline.posterior.verdict.Verdict` of the chain
    title : e.g. scenario and run
    """
    observables = [name for name in _ORDER if name in spectra.bands]
    figure = new_figure(6.6 * len(observables), 7.6, layout="constrained")
    axes = figure.subplots(
        2, len(observables), sharex="col", squeeze=False, gridspec_kw={"height_ratios": (3, 1)}
    )
    for column, observable in enumerate(observables):
        _main_panel(axes[0, column], observable, spectra, likelihood)
        _residual_panel(axes[1, column], observable, spectra, likelihood)
        _legend_below(*axes[:, column])
    _separate_legends(figure, axes)
    _make_room(figure, axes, verdict)
    add_footnote(figure, likelihood.scenario.extension)
    lines = add_verdict(figure, verdict)
    figure.suptitle("\n" * (lines and lines + 1) + title, fontsize=13)
    return figure


def _of(observable: str, likelihood: JointLikelihood) -> dict:
    return {k: m for k, m in likelihood.datasets.items() if m.observable == observable}


def _main_panel(ax, observable, spectra, likelihood) -> None:
    power = 0.0 if observable == "boron_to_carbon" else POWER
    weight = spectra.rigidity**power
    bands = spectra.bands[observable]
    tints = _tints_of_periods(_of(observable, likelihood))
    for period in sorted(bands, key=lambda p: p != INTERSTELLAR):
        tint = tints.get(period, INTERSTELLAR_COLOUR)
        name = "interstellar" if period == INTERSTELLAR else f"at Earth, {_plain(period)}"
        _draw_band(ax, spectra.rigidity, bands[period] * weight, tint, f"model, {name}")
    for style, (name, term) in zip(
        _TERM_STYLES, spectra.terms.get(observable, {}).items(), strict=False
    ):
        ax.plot(
            spectra.rigidity, term * weight, color=BLACK, ls=style, lw=1.3, label=f"{name} (median)"
        )
    for name, measurement in _of(observable, likelihood).items():
        misfit = spectra.misfits[name].of_median
        label = f"{data_label(measurement)}: max |ln(data/model)| = {misfit:.2f}"
        tint = colours(_of(observable, likelihood))[name]
        draw_points(ax, measurement, spectra.points[name], power, label=label, color=tint)
    for measurement, points in spectra.holdouts.values():
        if measurement.observable == observable:
            label = f"{data_label(measurement)}: not fitted"
            draw_points(
                ax, measurement, points, power, label=label, mfc="white", mec=GREEN, color=GREEN
            )
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlim(spectra.rigidity[0], spectra.rigidity[-1])
    ax.set_ylim(*_limits(observable, spectra, likelihood, power))
    ax.set_ylabel(_flux_label(observable))
    if observable == "boron_to_carbon":
        plain_log_ticks(ax.yaxis)


def _tints_of_periods(datasets) -> dict[str, str]:
    """Colour of the model behind each period: that of the first data set measured in it."""
    tint = colours(datasets)
    found = {}
    for name, measurement in datasets.items():
        found.setdefault(measurement.period, tint[name])
    return found


def _draw_band(ax, rigidity, quantiles, tint, label) -> None:
    ax.fill_between(rigidity, quantiles[0], quantiles[4], color=lighten(tint, 0.2), lw=0)
    ax.fill_between(rigidity, quantiles[1], quantiles[3], color=lighten(tint, 0.42), lw=0)
    ax.plot(rigidity, quantiles[2], color=tint, lw=1.5, label=label)


def _limits(observable, spectra, likelihood, power) -> tuple[float, float]:
    """Around data and curves; terms may leave at the bottom."""
    tops, bottoms = [], []
    for name in _of(observable, likelihood):
        points = spectra.points[name]
        tops.append(np.max(points.value * points.rigidity**power))
        bottoms.append(np.min(points.value * points.rigidity**power))
    for band in spectra.bands[observable].values():
        curve = band[2] * spectra.rigidity**power
        tops.append(np.nanmax(curve))
    return min(bottoms) / (12.0 if power else 6.0), max(tops) * 1.6


def _residual_panel(ax, observable, spectra, likelihood) -> None:
    widest, drawn = 0.05, []
    for name, measurement in _of(observable, likelihood).items():
        points, tint = spectra.points[name], colours(_of(observable, likelihood))[name]
        low95, low68, median, high68, high95 = spectra.predictions[name]
        residual = np.log(measurement.value / median)
        order = np.argsort(points.rigidity)
        x = points.rigidity[order]
        for low, high, alpha in ((low95, high95, 0.18), (low68, high68, 0.32)):
            ax.fill_between(
                x, np.log(low / median)[order], np.log(high / median)[order],
                color=tint, alpha=alpha, lw=0,
            )  # fmt: skip
        if name in spectra.amplitudes:
            a = spectra.amplitudes[name][2]
            ax.fill_between(
                x, -a, a, facecolor="none", edgecolor=tint, alpha=0.45, hatch="////", lw=0,
                label=rf"$\pm$ discrepancy of {data_label(measurement)}: {a:.2f}",
            )  # fmt: skip
            widest = max(widest, a)
        ax.errorbar(
            points.rigidity,
            residual,
            yerr=np.stack([measurement.error_minus, measurement.error_plus]) / measurement.value,
            fmt=marker(measurement),
            color=tint,
            ms=3,
            mew=0.4,
            mec=BLACK,
            elinewidth=0.8,
        )
        widest = max(widest, np.quantile(np.abs(residual), 0.98), np.max(high68 / median - 1))
        drawn.append((points.rigidity, residual, tint))
    ax.axhline(0, color=GREY, lw=0.8)
    widest = min(widest, _WIDEST)
    ax.set_ylim(-1.25 * widest, 1.25 * widest)
    for rigidity, residual, tint in drawn:
        _point_beyond(ax, rigidity, residual, tint, 1.25 * widest)
    ax.set_xscale("log")
    ax.set_xlabel("rigidity $R$ [GV]")
    ax.set_ylabel("ln(data / model)")


def _point_beyond(ax, rigidity, residual, tint, edge) -> None:
    """Arrows at the edge of the panel to the points that are beyond it."""
    for sign, arrow in ((1, "^"), (-1, "v")):
        beyond = sign * residual > edge
        y = np.full(beyond.sum(), 0.94 * sign * edge)
        ax.plot(rigidity[beyond], y, arrow, color=tint, ms=6, mew=0.5, mec=BLACK, zorder=5)


def _legend_below(main, residual, columns: int = 2) -> None:
    """One legend for both panels, where it hides nothing."""
    handles, labels = main.get_legend_handles_labels()
    more_handles, more_labels = residual.get_legend_handles_labels()
    residual.legend(
        handles + more_handles,
        labels + more_labels,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.38),
        fontsize=8.5,
        ncols=columns,
        title="model: median, with 68% and 95% of the posterior; residuals are from the median",
        title_fontsize=8.5,
    )


def _make_room(figure: Figure, axes, verdict) -> None:
    """Panels keep their height, however long the legends and the banner are."""
    legends = [residual.get_legend() for residual in axes[1]]
    rows = max(-(-len(legend.get_texts()) // legend._ncols) for legend in legends)
    banner = 0.0 if verdict.converged else 1.0
    figure.set_figheight(figure.get_figheight() + 0.2 * max(0, rows - 5) + banner)


def _separate_legends(figure: Figure, axes) -> None:
    """One column instead of two where long labels would run into the next panel's legend."""
    figure.draw_without_rendering()
    boxes = [residual.get_legend().get_window_extent() for residual in axes[1]]
    edges = [box.x0 for box in boxes[1:]] + [figure.bbox.x1]
    if any(box.x1 > edge for box, edge in zip(boxes, edges, strict=True)) or boxes[0].x0 < 0:
        for main, residual in axes.T:
            _legend_below(main, residual, columns=1)


def _flux_label(observable: str) -> str:
    if observable == "boron_to_carbon":
        return "B/C at equal rigidity"
    return rf"{_SPECIES[observable]} $R^{{2.7}}\,\mathrm{{d}}J/\mathrm{{d}}R\ {_FLUX_UNIT}$"


def _plain(period: str) -> str:
    """``ams02_2011_2013`` as people write it."""
    prefix, *years = period.split("_")
    return f"{prefix.upper().replace('AMS02', 'AMS-02')} {'-'.join(years)}".strip()


def plain_log_ticks(axis) -> None:
    """0.1 and 0.2 instead of powers of ten, for an axis of about one decade."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
