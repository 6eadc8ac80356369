"""Fig. 2: diffusion coefficients of the fast-mode cascade in a warm ISM and a low-beta halo."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from pipeline.figures.paper.common import RIGIDITY_LABEL, log_axes
from pipeline.figures.style import BLACK, BLUE, GREEN, new_figure, styled
from transport.constants import LIGHT_SPEED, MICROGAUSS, PC
from transport.fast_modes.kernel import kappa_turb
from transport.kinematics import beta

FIELD, MACH, OUTER_SCALE = 6.0 * MICROGAUSS, 1.0, 100.0 * PC
WARM = {"density": 0.1, "temperature": 2e4}
HALO = {"density": 0.001, "temperature": 2e6}
SHOCK_SEPARATION = 5.0 * PC


@styled
def draw() -> Figure:
    """Draw the figure with the parameters of Sec. 2.2; kappa is that of protons."""
    rigidity = np.geomspace(0.1, 1e4, 241)
    warm, halo = (
        kappa_turb(
            rigidity,
            magnetic_field=FIELD,
            ma=MACH,
            outer_scale=OUTER_SCALE,
            **{k: np.array([v]) for k, v in phase.items()},
        )[0]
        for phase in (WARM, HALO)
    )
    figure = new_figure(6.4, 4.8, layout="constrained")
    ax = figure.subplots()
    ax.plot(rigidity, warm, color=BLACK, label=r"fast modes, warm ISM")
    ax.plot(rigidity, halo, color=BLACK, ls="--", label=r"fast modes, halo")
    shocks = LIGHT_SPEED * beta(rigidity) * SHOCK_SEPARATION / 3.0
    ax.plot(rigidity, shocks, color=GREEN, ls="--", label="weak shocks 5 pc apart")
    scaling = 1e28 * rigidity ** (1.0 / 3.0)
    ax.plot(rigidity, scaling, color=BLUE, ls=":", label=r"Kolmogorov scaling, $\propto R^{1/3}$")
    steep = rigidity > 1.5e3
    guide = 0.6 * warm[-1] * (rigidity[steep] / rigidity[-1]) ** 0.5
    ax.plot(rigidity[steep], guide, color=BLACK, ls=":", lw=1.0, label=r"$\propto R^{1/2}$")
    log_axes(ax, RIGIDITY_LABEL, r"$\kappa_\mathrm{turb}\ [\mathrm{cm}^2\,\mathrm{s}^{-1}]$")
    ax.set_xlim(rigidity[0], rigidity[-1])
    ax.set_ylim(1e27, 4e29)
    ax.legend(loc="lower right")
    ax.set_title(r"$\mathrm{Ma} = 1$, $L = 100$ pc, $B = 6\,\mu$G", fontsize=11)
    return figure
