"""Fig. 1: self-confinement with linear damping, its cutoff and its effective streaming speed."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from pipeline.figures.paper.common import FLUX_LABEL, POWER, RIGIDITY_LABEL, log_axes
from pipeline.figures.style import BLACK, BLUE, GREEN, ORANGE, new_figure, styled
from transport.constants import KPC, LIGHT_SPEED, MICROGAUSS
from transport.injection import flux_per_rigidity, proton_source
from transport.kinematics import beta
from transport.plasma import alfven_speed
from transport.self_confinement import linear_damping_coefficient, power_law_damping_rate

FIELD, DENSITY = np.array([1.0 * MICROGAUSS]), np.array([0.001])
DAMPING_AT_1_GV = np.array([1e-11])  # 1/s, Gamma ~ k^(1/2)
ENERGY, GAMMA_INJ = np.array([1e50]), np.array([4.3])
RADIUS = np.array([10.0 * KPC])  # of Sec. 5: Sec. 2.1.1 gives no area for the supernovae


def solution(rigidity: np.ndarray) -> dict[str, np.ndarray]:
    """Curves of the figure, each (n_R,).

    Returns
    -------
    streaming : R^2.7 dJ/dR of f = Q / v_A
    confined : of f = (Q - S) / v_A (eq. 5), and of free streaming beyond the cutoff
    free : of f = Q / c
    speed : effective streaming speed, cm/s (eq. 8), at most c
    v_a : Alfven speed, cm/s, a number
    """
    source = proton_source(rigidity, ENERGY, GAMMA_INJ, RADIUS)[0]
    rate = power_law_damping_rate(rigidity, DAMPING_AT_1_GV, 0.5)
    sink = linear_damping_coefficient(rigidity, rate, FIELD, DENSITY)[0]
    v_a = float(alfven_speed(FIELD, DENSITY)[0])
    # Streaming can be no faster than light.
    confined = np.maximum((source - sink) / v_a, source / LIGHT_SPEED)

    def flux(distribution):
        return rigidity**POWER * flux_per_rigidity(
            distribution, rigidity, LIGHT_SPEED * beta(rigidity)
        )

    return {
        "streaming": flux(source / v_a),
        "confined": flux(confined),
        "free": flux(source / LIGHT_SPEED),
        "speed": source / confined,
        "v_a": v_a,
    }


@styled
def draw() -> Figure:
    """Draw the figure with the parameters of Sec. 2.1.1."""
    # Dense: the cutoff is a vertical line.
    rigidity = np.geomspace(1.0, 1e4, 4001)
    curves = solution(rigidity)
    figure = new_figure(6.0, 7.0, layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    top.plot(rigidity, curves["streaming"], color=GREEN, ls="--", label=r"$Q/v_\mathrm{A}$")
    label = r"$(Q - S)/v_\mathrm{A}$ (eq. 5), then $Q/c$"
    top.plot(rigidity, curves["confined"], color=BLUE, lw=2, label=label)
    top.plot(rigidity, curves["free"], color=ORANGE, ls=":", label="$Q/c$, free streaming")
    log_axes(top, "", f"proton {FLUX_LABEL}")
    top.set_ylim(0.3 * curves["free"].min(), 4 * curves["streaming"].max())
    top.legend(loc="center left")
    bottom.plot(rigidity, curves["speed"], color=BLUE, lw=2, label="effective, eq. 8")
    bottom.axhline(curves["v_a"], color=GREEN, ls="--", label=r"Alfvén speed $v_\mathrm{A}$")
    bottom.axhline(LIGHT_SPEED, color=BLACK, ls=":", lw=1.2, label="speed of light $c$")
    log_axes(bottom, RIGIDITY_LABEL, r"streaming speed [cm s$^{-1}$]")
    bottom.set_ylim(curves["v_a"] / 3, 3 * LIGHT_SPEED)
    bottom.set_xlim(rigidity[0], rigidity[-1])
    bottom.legend(loc="center left")
    return figure
