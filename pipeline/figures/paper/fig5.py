"""Fig. 5: B/C of the fiducial two-phase model, with the terms of warm layer and halo."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from pipeline.figures.paper.common import at_fiducials, draw_data, log_axes, tell_transport
from pipeline.figures.spectra_plot import plain_log_ticks
from pipeline.figures.style import BLACK, new_figure, styled
from transport.full.effects import PAPER


@styled
def draw(transport: str = PAPER) -> Figure:
    """Draw the figure with the parameters of Sec. 5; the model is interstellar, as in the paper.

    Parameters
    ----------
    transport : as `transport.full.effects.effects_of` reads it
    """
    rigidity = np.geomspace(0.2, 5e3, 241)
    spectra = at_fiducials("two_phase", rigidity, transport=transport)
    figure = new_figure(6.4, 4.8, layout="constrained")
    ax = figure.subplots()
    ax.plot(
        rigidity, spectra.boron_to_carbon[0], color=BLACK, label="two-phase model (eqs. 25, 26)"
    )
    warm, halo = spectra.terms["warm layer"][1][0], spectra.terms["hot halo"][1][0]
    ax.plot(rigidity, warm, color=BLACK, ls=":", label="turbulent warm ISM")
    ax.plot(rigidity, halo, color=BLACK, ls="--", label="self-confined hot ISM and halo")
    draw_data(ax, "boron_to_carbon")
    log_axes(ax, ylabel="B/C at equal rigidity")
    ax.set_xlim(rigidity[0], rigidity[-1])
    ax.set_ylim(0.01, 0.6)
    plain_log_ticks(ax.yaxis)
    # beside the curve of the warm layer where losses let that fall
    ax.legend(loc="lower left", bbox_to_anchor=(0.0 if transport == PAPER else 0.18, 0.0))
    tell_transport(figure, transport)
    return figure
