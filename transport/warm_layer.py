"""Scattering in the warm layer of two-phase scenarios, with a choice of cascade (Sec. 2.2, 6.3)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from transport.constants import LIGHT_SPEED
from transport.fast_modes.kernel import kappa_turb
from transport.fast_modes.undamped import kappa_undamped
from transport.kinematics import PROTON, beta
from transport.options import Option
from transport.shared_parameters import SHOCK_PATH

WARM_CASCADE = Option(
    "what scatters in the warm layer: the damped fast-mode cascade, weak shocks at a constant "
    "separation (the plasma of the layer then only has to have beta < 1), or an undamped cascade",
    {"fast_modes": (), "weak_shocks": (replace(SHOCK_PATH, medium="warm layer"),), "undamped": ()},
    drops={"weak_shocks": ("Ma", "L")},
)


def kappa_shocks(rigidity, mean_free_path):
    """kappa = v l / 3 of protons between weak shocks (Sec. 2.2.1), (n, n_R) cm^2/s.

    Parameters
    ----------
    rigidity : (n_R,) GV
    mean_free_path : (n,) cm
    """
    return np.asarray(mean_free_path)[:, None] * LIGHT_SPEED * beta(rigidity, PROTON) / 3.0


def kappa_warm(cascade, v, rigidity):
    """Diffusion coefficient of protons in the warm layer, (n, n_R) cm^2/s.

    Parameters
    ----------
    cascade : a choice of `WARM_CASCADE`
    v : values in CGS: B_warm, n_warm, T_warm and Ma, L or l_shock
    rigidity : (n_R,) GV
    """
    if cascade == "weak_shocks":
        return kappa_shocks(rigidity, v["l_shock"])
    if cascade == "undamped":
        return kappa_undamped(rigidity, v["B_warm"], v["n_warm"], v["Ma"], v["L"])
    return kappa_turb(rigidity, v["B_warm"], v["n_warm"], v["T_warm"], v["Ma"], v["L"])
