"""Which parameters know of each other: mutual information of all pairs, by medium."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from pipeline.figures.style import BLACK, BLUE, GREY, VERMILLION, add_footnote, new_figure, styled
from pipeline.figures.tuning.looks import RANGE_TITLES, doubts, mark_empty
from pipeline.tuning.study.choices import RANGES
from transport.parameters import MEDIA, NUISANCE_MEDIA

_DARK = 0.55  # share of the colour scale above which text is white


@styled
def mutual_information_figure(
    results: Mapping[str, object], media: Mapping[str, str], title: str
) -> Figure:
    """Matrices of one scenario, one for each range.

    One triangle of each. Pairs that cannot be told from independent ones are left blank, and
    parameters without any other pair in either are left out, as are modulation and discrepancy.

    Parameters
    ----------
    results : range to `pipeline.tuning.study.results.CaseResults` with mutual information; a range
        may be missing
    media : coordinate name to the medium it describes; parameters are grouped by it
    title : e.g. the name of the scenario
    """
    pairs = {place: r.mutual_information for place, r in results.items()}
    pairs = {place: _of_theory(p, media) for place, p in pairs.items()}
    largest = max(float(np.nanmax(p.bits, initial=1.0)) for p in pairs.values())
    shown = {p.names[i] for p in pairs.values() for i in np.flatnonzero(_connected(p))}
    side = 0.36 * max(len(shown), 5) + 0.4
    left, bottom, gap, right = 1.1, 1.45, 1.9, 1.8
    width, height = left + 2 * side + gap + right, bottom + side + 0.75
    figure = new_figure(width, height)
    colours = LinearSegmentedColormap.from_list("bits", ["white", BLUE, "#00263d"])
    for k, place in enumerate(RANGES):
        x = (left + k * (side + gap)) / width
        ax = figure.add_axes((x, bottom / height, side / width, side / height))
        ax.set_title(f"{title}: {RANGE_TITLES[place]}", pad=8)
        if place not in pairs or not _connected(pairs[place]).any():
            if place in pairs:
                words = "no pair is above\nwhat independent ones have"
                ax.text(0.5, 0.5, words, ha="center", color=GREY, transform=ax.transAxes)
            else:
                mark_empty(ax, place)
            ax.set_xticks([])
            ax.set_yticks([])
            continue
        _matrix(ax, pairs[place], shown, media, colours, largest)
        if doubt := doubts(results[place]):
            ax.set_title(f"{title}: {RANGE_TITLES[place]} ({doubt})", color=VERMILLION, pad=8)
    bar = figure.add_axes((1 - 0.8 / width, bottom / height, 0.16 / width, side / height))
    scale = ScalarMappable(Normalize(0.0, largest), colours)
    figure.colorbar(scale, cax=bar, label="mutual information [bits]")
    limits = " and ".join(f"{p.null_limit:.2g}" for p in pairs.values())
    add_footnote(
        figure,
        f"Nearest-neighbour estimate over the posterior. Blank, or not shown: within the 99% of "
        f"independent pairs ({limits} bits). Modulation and discrepancy are left out.",
    )
    return figure


def _matrix(ax, pairs, shown_names, media: Mapping[str, str], colours, largest):
    tags = [media.get(name, "") for name in pairs.names]
    kept = [i for i, name in enumerate(pairs.names) if name in shown_names]
    order = sorted(kept, key=lambda i: (*MEDIA, "", tags[i]).index(tags[i]))
    bits = np.tril(pairs.bits[np.ix_(order, order)], -1)
    shown = np.where(bits > pairs.null_limit, bits, np.nan)
    ax.imshow(shown, cmap=colours, vmin=0, vmax=largest)
    for i, j in np.argwhere(np.isfinite(shown)):
        dark = shown[i, j] > _DARK * largest
        ax.text(
            j, i, f"{shown[i, j]:.1f}", ha="center", va="center", fontsize=8,
            color="white" if dark else BLACK,
        )  # fmt: skip
    # as the tables and configs call them: a logarithm knows as much as its number
    names = [pairs.names[i].removeprefix("log10_") for i in order]
    ax.set_xticks(range(len(order)), names, rotation=90, fontsize=10)
    ax.set_yticks(range(len(order)), names, fontsize=10)
    ax.tick_params(which="both", length=0)
    ax.plot([-0.5, len(order) - 0.5], [-0.5, len(order) - 0.5], color=GREY, lw=0.6)
    _separate(ax, [tags[i] for i in order])


def _of_theory(pairs, media):
    """The pairs without those of nuisance parameters."""
    kept = [i for i, n in enumerate(pairs.names) if media.get(n) not in NUISANCE_MEDIA]
    return replace(
        pairs,
        names=tuple(pairs.names[i] for i in kept),
        bits=pairs.bits[np.ix_(kept, kept)],
        bits_error=pairs.bits_error[np.ix_(kept, kept)],
    )


def _connected(pairs) -> np.ndarray:
    """(d,) whether a parameter has a significant pair."""
    bits = np.nan_to_num(pairs.bits)
    np.fill_diagonal(bits, 0.0)
    return (bits > pairs.null_limit).any(axis=1)


def _separate(ax, tags: Sequence[str]) -> None:
    """Lines between the media, and their names on the right."""
    starts = [i for i in range(len(tags)) if i == 0 or tags[i] != tags[i - 1]]
    for start, end in zip(starts, [*starts[1:], len(tags)], strict=True):
        if start:
            ax.axhline(start - 0.5, color=BLACK, lw=1.0)
            ax.axvline(start - 0.5, color=BLACK, lw=1.0)
        ax.annotate(
            tags[start].replace(" ", "\n"), (1.015, 0.5 * (start + end - 1)),
            xycoords=("axes fraction", "data"),
            va="center", fontsize=9, color=GREY, rotation=0, linespacing=0.95,
        )  # fmt: skip
