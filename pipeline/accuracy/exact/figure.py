"""The figure on exact transport: ratios at the fiducials and over prior draws."""

from __future__ import annotations

import numpy as np

from pipeline.accuracy.exact.cases import CASES, CURVE, OBSERVABLES
from pipeline.accuracy.exact.measure import Ratios
from pipeline.figures.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    VERMILLION,
    lighten,
    new_figure,
    styled,
)
from transport.scenario import get_scenario

_LABELS = {
    "constant v_A": r"constant $v_A$",
    "H_A = 10 kpc": r"$H_A$ = 10 kpc",
    "H_A = 10 kpc, uniform X": r"$H_A$ = 10 kpc, uniform $X$",
    "H_A = 5 kpc": r"$H_A$ = 5 kpc",
    "H_A = 10 kpc, no loss at z_W": r"$H_A$ = 10 kpc, no loss at $z_W$",
    "v_A as z^lambda1": r"$v_A \propto z^{\lambda_1}$",
    "no loss at z_0": r"no loss at $z_0$",
}
_LOOKS = ((BLUE, "-"), (VERMILLION, "--"), (ORANGE, "-."), (PURPLE, (0, (1, 1))))
_WITHOUT_LOSS = (GREEN, (0, (5, 1, 1, 1, 1, 1)))
_BANDS = ((5, 95, 0.2), (16, 84, 0.45))


@styled
def ratio_figure(found: Ratios):
    """Bands over prior draws (first case) and the fiducials of every case."""
    figure = new_figure(9.5, 7.8, constrained_layout=True)
    axes = figure.subplots(2, len(CASES), sharex=True, sharey=True)
    for column, (name, cases) in enumerate(CASES.items()):
        for k, observable in enumerate(OBSERVABLES.values()):
            ax = axes[k, column]
            _bands(ax, found.sampled[name, next(iter(cases))][:, k])
            looks = iter(_LOOKS)
            for case in cases:
                colour, line = _WITHOUT_LOSS if "no loss" in case else next(looks)
                ax.plot(CURVE, found.fiducial[name, case][k], color=colour, ls=line,
                        label=_LABELS[case])  # fmt: skip
            ax.axhline(1.0, color=GREY, lw=0.8)
            ax.set(xscale="log", xlim=(CURVE[0], CURVE[-1]), ylim=(0.3, 1.25))
            if column == 0:
                ax.set_ylabel(f"{observable}: exact / approximate")
        axes[0, column].set_title(get_scenario(name).title)
        axes[1, column].set_xlabel("rigidity [GV]")
        axes[1, column].legend(ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.16))
    return figure


def _bands(ax, drawn):
    """68% and 90% of prior draws (n, n_R), where most of them are confined."""
    confined = np.mean(np.isfinite(drawn), axis=0) > 0.5
    for low, high, share in _BANDS:
        ends = np.nanpercentile(drawn[:, confined], (low, high), axis=0)
        ax.fill_between(CURVE[confined], *ends, color=lighten(BLUE, share), lw=0,
                        label=f"{high - low}% of prior draws")  # fmt: skip
