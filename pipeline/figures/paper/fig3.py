"""Fig. 3: proton spectra of self-confinement in a stratified halo."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from pipeline.figures.paper.common import (
    FLUX_LABEL,
    POWER,
    at_fiducials,
    draw_data,
    log_axes,
    tell_transport,
)
from pipeline.figures.style import BLACK, BLUE, PURPLE, new_figure, styled
from transport.full.effects import PAPER

VARIATIONS = (
    ({}, BLACK, "-"),
    ({"lambda1": 0.3}, BLUE, "--"),
    ({"lambda1": 0.7}, BLUE, ":"),
    ({"lambda2": 0.75}, PURPLE, "--"),
    ({"lambda2": 1.5}, PURPLE, ":"),
)
"""Changes of the fiducial scalings v_A ~ z^0.5 and S ~ z^-1: the paper does not name its own."""


@styled
def draw(transport: str = PAPER) -> Figure:
    """Draw the figure with the parameters of Sec. 3; the model is interstellar, as in the paper.

    Parameters
    ----------
    transport : as `transport.full.effects.effects_of` reads it
    """
    rigidity = np.geomspace(0.2, 1e4, 401)
    figure = new_figure(6.4, 4.8, layout="constrained")
    ax = figure.subplots()
    for changes, tint, line in VARIATIONS:
        scaling = {"lambda1": 0.5, "lambda2": 1.0} | changes
        label = (
            rf"$v_\mathrm{{A}} \propto z^{{{scaling['lambda1']:g}}}$, "
            rf"$S \propto z^{{-{scaling['lambda2']:g}}}$"
        )
        flux = at_fiducials("stratified_halo", rigidity, transport=transport, **changes).proton[0]
        ax.plot(
            rigidity,
            flux * rigidity**POWER,
            color=tint,
            ls=line,
            lw=1.4 if changes else 2.0,
            label=label if changes else f"fiducial: {label}",
        )
    draw_data(ax, "proton")
    log_axes(ax, ylabel=f"proton {FLUX_LABEL}")
    ax.set_xlim(rigidity[0], rigidity[-1])
    ax.set_ylim(2e2, 1.5e5)
    ax.legend(loc="upper center", fontsize=8.5, ncols=2)
    tell_transport(figure, transport)
    return figure
