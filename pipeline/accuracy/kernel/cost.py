"""Where the time of the fast-mode kernel goes."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from transport.fast_modes.cone import cone_edges
from transport.fast_modes.gyroresonance import gyroresonance
from transport.fast_modes.kernel import (
    integrals,
    interpolate_ma,
    kappa_turb,
    rho_grid,
    set_nodes,
)
from transport.fast_modes.tables import LOG_STEP, universal_tables
from transport.fast_modes.transit_time import transit_time
from transport.plasma import (
    alfven_speed,
    braginskii_viscosity,
    ion_mean_free_path,
    plasma_beta,
    thermal_speed,
)


def least_time(function: Callable[[], object], repeat: int) -> float:
    """Least processor time of one call, seconds; the first call, which may compile, is not counted.

    What others do on a machine only ever adds.
    """
    function()
    times = []
    for _ in range(repeat):
        start = time.thread_time()
        function()
        times.append(time.thread_time() - start)
    return min(times)


def kernel_parts(rigidity, states, repeat: int) -> dict[str, float]:
    """Seconds per state of the whole kernel and of each of its steps.

    The steps are timed from Python, at about a microsecond for each call.

    Parameters
    ----------
    rigidity : (n_R,) GV, ascending
    states : B, n, T, Ma, L, each (n,), CGS
    repeat : calls, of which the fastest counts
    """
    states = [np.ascontiguousarray(x, float) for x in states]
    steps = [_Steps(np.log(rigidity), *state) for state in zip(*states, strict=True)]
    calls = {
        "tables at this Ma": _Steps.tables,
        "surviving cone": _Steps.cone,
        "gyroresonance": _Steps.gyroresonance,
        "transit-time damping": _Steps.transit_time,
        "pitch angles": _Steps.pitch_angles,
    }
    parts = {"whole": least_time(lambda: kappa_turb(rigidity, *states), repeat)}
    for name, call in calls.items():
        parts[name] = least_time(lambda call=call: [call(step) for step in steps], repeat)
    return {name: seconds / len(steps) for name, seconds in parts.items()}


class _Steps:
    """The steps of `transport.fast_modes.kernel` for one state, one after the other."""

    def __init__(self, log_r, b, n, t, ma, scale):
        mfp = ion_mean_free_path(n, t)
        self.u, self.cone_table, self.log_ma, self.gauss, self.y, self.weight, self.h_deficit = (
            universal_tables()
        )
        viscosity = braginskii_viscosity(mfp, thermal_speed(t))
        self.plasma = (alfven_speed(b, n), plasma_beta(b, n, t), viscosity, ma, scale, mfp)
        self.ma, self.log_r = ma, log_r
        self.a = np.empty((4, self.u.size, self.y.shape[1]))
        self.nodes = np.empty((6, self.y.shape[1]))
        self.out = np.empty(log_r.size)
        self.tables()
        self.log_rho0, self.n_rho, self.jump, self.rows = rho_grid(
            log_r, b, mfp, self.u[0], self.nodes[2, -1]
        )
        for step in (self.cone, self.gyroresonance, self.transit_time):
            step()

    def tables(self):
        interpolate_ma(np.log(self.ma), self.log_ma, self.gauss, self.y, self.weight, self.a,
                       self.nodes[0], self.nodes[1])  # fmt: skip
        set_nodes(self.nodes, self.ma)

    def cone(self):
        n = self.n_rho + self.u.size - 1
        length = self.log_rho0 + np.log(self.u[0])
        self.top, self.edges, points, self.point_weights = cone_edges(
            length, LOG_STEP, n, self.jump, *self.plasma
        )
        self.points = (points - length) / LOG_STEP

    def gyroresonance(self):
        self.g = gyroresonance(self.edges, self.points, self.point_weights, self.n_rho, self.jump,
                               self.u, self.cone_table, self.a)  # fmt: skip

    def transit_time(self):
        at_mfp = self.edges[self.n_rho + self.u.size - 1]
        self.moments = transit_time(self.log_rho0, self.n_rho, self.h_deficit, at_mfp, self.top,
                                    *self.plasma)  # fmt: skip

    def pitch_angles(self):
        integrals(self.rows, self.log_r, self.g, self.moments, self.nodes, self.plasma[0], self.ma,
                  self.out)  # fmt: skip
