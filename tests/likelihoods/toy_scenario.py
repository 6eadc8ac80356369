"""A scenario in closed form, with curvature like a fast-mode kappa's, for tests of likelihoods."""

import numpy as np

from likelihoods.reading import read_measurement
from transport.kinematics import CARBON, PROTON, beta
from transport.parameters import Parameter
from transport.scenario import Scenario, Spectra

DEFAULT_CUTS = {
    "ams02_proton_2015": 10.0,
    "ams02_bc_2016": None,
    "voyager1_proton": 0.3,
    "voyager1_bc": 0.3,
}


def default_datasets():
    """The four data sets of the default run."""
    return {n: read_measurement(n, rigidity_min=low) for n, low in DEFAULT_CUTS.items()}


class CurvedPowerLaw(Scenario):
    """Power laws with two features a fifth of a decade wide and a slow turn-over."""

    name = "curved_power_law"
    title = "test"
    parameters = (
        Parameter("norm", "", "N", "flux at 10 GV", 40.0, scale="log10"),
        Parameter("slope", "", "s", "of protons", 2.8),
        Parameter("delta", "", r"\delta", "of B/C", 0.4),
        Parameter("bump", "", "b", "relative height of the features", 0.1),
    )

    def spectra(self, values, rigidity):
        v = {k: np.asarray(a, dtype=float)[:, None] for k, a in values.items()}
        x = np.log10(rigidity)
        bumps = np.exp(-0.5 * ((x - 0.6) / 0.2) ** 2) - np.exp(-0.5 * ((x - 2.3) / 0.2) ** 2)
        feature = 1 + v["bump"] * bumps
        turn = (1 + (2.0 / rigidity) ** 1.5) ** -1.0
        proton = (
            v["norm"] * (rigidity / 10) ** -v["slope"] * turn * beta(rigidity, PROTON) * feature
        )
        carbon = 0.03 * proton / feature
        ratio = 0.28 * (rigidity / 10) ** -v["delta"] * turn * beta(rigidity, CARBON) * feature
        return Spectra(rigidity, proton, carbon, carbon * ratio)
