"""Full over the paper's transport, a panel for each scenario."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np

from pipeline.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, VERMILLION, new_figure, styled
from transport.full.effects import EFFECTS
from transport.scenario import get_scenario

_EFFECT_LOOKS = dict(
    zip(EFFECTS, ((ORANGE, ":"), (BLUE, "--"), (GREEN, "-."), (VERMILLION, (0, (8, 2)))),
        strict=True)
)  # fmt: skip
_LABELS = {"boron_production": "boron production"}
COLUMNS = 4


@styled
def ratio_figure(everything: Mapping[tuple[str, str], np.ndarray], rigidity: np.ndarray):
    """B/C of full transport and of each effect alone, protons of full transport, over the paper's.

    Parameters
    ----------
    everything : (2, n_R) ratios of protons and B/C by scenario and transport
    rigidity : (n_R,) GV
    """
    names = list(dict.fromkeys(name for name, _ in everything))
    rows = -(-(len(names) + 1) // COLUMNS)
    figure = new_figure(12.0, 2.7 * rows + 0.5, constrained_layout=True)
    axes = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    for ax, name in zip(axes, names, strict=False):
        ax.axhline(1.0, color=GREY, lw=0.8)
        for effect, (colour, line) in _EFFECT_LOOKS.items():
            if (name, effect) in everything:
                ax.plot(rigidity, everything[name, effect][1], color=colour, ls=line, lw=1.3)
        ax.plot(rigidity, everything[name, "full"][1], color=BLACK)
        ax.plot(rigidity, everything[name, "full"][0], color=BLACK, ls=(0, (1, 1)), lw=2.0)
        ax.set_title(textwrap.fill(get_scenario(name).title, 32), fontsize=10)
    axes[0].set(xscale="log", yscale="log", xlim=(rigidity[0], rigidity[-1]), ylim=(0.03, 6.0))
    axes[0].set_yticks([0.1, 0.3, 1.0, 3.0], ["0.1", "0.3", "1", "3"])
    axes[0].set_xticks([1.0, 10.0, 100.0, 1000.0], ["1", "10", "100", "1000"])
    _legend(axes[len(names)])
    for ax in axes[len(names) + 1 :]:
        ax.axis("off")
    for ax in axes[len(names) - COLUMNS : len(names)]:
        ax.tick_params(labelbottom=True)
    figure.supxlabel("rigidity [GV]")
    figure.supylabel("ratio to the paper's transport")
    return figure


def _legend(ax):
    ax.axis("off")
    handles = [
        ax.plot([], [], color=BLACK)[0],
        ax.plot([], [], color=BLACK, ls=(0, (1, 1)), lw=2.0)[0],
        *(ax.plot([], [], color=c, ls=s, lw=1.3)[0] for c, s in _EFFECT_LOOKS.values()),
    ]
    effects = [f"B/C, {_LABELS.get(effect, effect)} alone" for effect in EFFECTS]
    ax.legend(handles, ["B/C, full", "protons, full", *effects], loc="center", fontsize=9)
