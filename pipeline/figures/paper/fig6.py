"""Fig. 6: B/C and protons for other parameters and other models of propagation."""

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
from pipeline.figures.spectra_plot import plain_log_ticks
from pipeline.figures.style import BLACK, BLUE, GREEN, VERMILLION, new_figure, styled
from transport.full.effects import PAPER
from transport.scenario import get_scenario

VARIATIONS = (
    ("fiducial two-phase model", {}, "-"),
    (r"$n_\mathrm{W,fid}/3$", {"n_warm": 1 / 3}, "--"),
    (r"$3\,L_\mathrm{fid}$", {"L": 3.0}, "-."),
    (r"$L_\mathrm{fid}/3$", {"L": 1 / 3}, ":"),
    (r"$p_\mathrm{g,hot,fid}/3$", {"T_hot": 1 / 3}, (0, (6, 1, 1, 1, 1, 1))),
)
"""Factors on the fiducials. The paper names n_W,fid/3; the others are of the same kind. In the halo
at fixed v_A only the pressure n T matters, as X ~ (n T)^(1/4). The warm layer keeps beta < 1."""


@styled
def draw(transport: str = PAPER) -> Figure:
    """Draw the figure with the parameters of Sec. 5; models are interstellar, as in the paper.

    Parameters
    ----------
    transport : as `transport.full.effects.effects_of` reads it
    """
    rigidity = np.geomspace(0.2, 5e3, 241)
    figure = new_figure(6.4, 8.6, layout="constrained")
    ratio, proton = figure.subplots(2, 1, sharex=True)
    weight = rigidity**POWER
    fiducials = {p.name: p.fiducial for p in get_scenario("two_phase").parameters}
    for label, factors, line in VARIATIONS:
        changes = {name: factor * fiducials[name] for name, factor in factors.items()}
        spectra = at_fiducials("two_phase", rigidity, transport=transport, **changes)
        style = {"color": BLACK, "ls": line, "lw": 1.2 if factors else 2.0, "label": label}
        ratio.plot(rigidity, spectra.boron_to_carbon[0], **style)
        proton.plot(rigidity, spectra.proton[0] * weight, **style)
        if not factors:
            halo = spectra.terms["hot halo"][0][0]
    fast = at_fiducials("fast_modes", rigidity, transport=transport)
    label = "fast modes everywhere, 5 kpc halo"
    ratio.plot(rigidity, fast.boron_to_carbon[0], color=GREEN, lw=2.0, label=label)
    proton.plot(rigidity, fast.proton[0] * weight, color=GREEN, lw=2.0, label=label)
    proton.plot(rigidity, halo * weight, color=BLUE, ls="--", label="self-confined halo only")
    slope = fiducials["gamma_inj"]
    injection = 2e4 * (rigidity / 1e3) ** (POWER + 2.0 - slope)
    label = rf"injection, $Q \propto p^{{-{slope:g}}}$"
    proton.plot(rigidity, injection, color=VERMILLION, ls=":", label=label)
    draw_data(ratio, "boron_to_carbon")
    draw_data(proton, "proton")
    log_axes(ratio, "", "B/C at equal rigidity")
    log_axes(proton, ylabel=f"proton {FLUX_LABEL}")
    ratio.set_xlim(rigidity[0], rigidity[-1])
    ratio.set_ylim(0.01, 1.0)
    proton.set_ylim(1e1, 2e5)
    plain_log_ticks(ratio.yaxis)
    for ax in (ratio, proton):
        ax.legend(loc="lower center", fontsize=8.5, ncols=2)
    tell_transport(figure, transport)
    return figure
