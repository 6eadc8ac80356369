"""Spectra of scenarios at their fiducials, but for what a test changes."""

import numpy as np

from transport.scenario import get_scenario

R = np.geomspace(0.3, 1e4, 40)
"""GV."""


def spectra(name, rigidity=R, options=None, **changes):
    scenario = get_scenario(name, **(options or {}))
    return scenario.spectra(scenario.fiducial(**changes), rigidity)


def one(x):
    return np.array([[float(x)]])
