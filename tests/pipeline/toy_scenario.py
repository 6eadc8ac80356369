"""A scenario small enough for tests of the pipeline, and a config that uses it."""

import numpy as np

from transport.parameters import Parameter
from transport.scenario import Scenario, Spectra


class ToyPowerLaw(Scenario):
    """Power laws close to the data: proton R^-slope, B/C R^-delta."""

    name = "toy_power_law"
    title = "power laws"
    parameters = (
        Parameter("norm", "", "N", "proton flux at 100 GV", 0.0454, scale="log10"),
        Parameter("slope", "", "s", "proton slope", 2.75),
        Parameter("delta", "", r"\delta", "slope of B/C", 0.45),
    )

    def __init__(self, pivot: float = 100.0):
        if not pivot > 0:
            raise ValueError(f"pivot = {pivot!r} should be above 0")
        self.pivot = pivot

    def spectra(self, values, rigidity):
        x = rigidity[None, :] / self.pivot
        proton = values["norm"][:, None] * x ** -values["slope"][:, None]
        carbon = 1e-2 * proton
        boron = carbon * 0.11 * x ** -values["delta"][:, None]
        return Spectra(rigidity, proton, carbon, boron)

    def derived(self, values):
        return {"observed_slope": values["slope"] + values["delta"]}


PRIORS = """
[parameters]
norm = { distribution = "log_normal", median = 0.0454, sd = 0.1 }
slope = { distribution = "uniform", low = 2.0, high = 3.5 }
delta = { distribution = "uniform", low = 0.0, high = 1.0 }
[constraints.toy_power_law]
observed_slope = { below = 3.5 }
[nuisance]
phi = { distribution = "truncated_normal", mean = 0.65, sd = 0.1, low = 0.0 }
discrepancy = { distribution = "log_uniform", low = 0.01, high = 1.0 }
"""

CONFIG = """
scenario = "toy_power_law"
priors = "priors.toml"

[data.ams02_proton_2015]
rigidity_min = 10.0
[data.ams02_bc_2016]
rigidity_min = 3.0
[data.voyager1_proton]
rigidity_min = 0.3

[sampling]
walkers = 32
"""


def write_run(folder, config=CONFIG, priors=PRIORS):
    """Put a config and its priors into a folder; the config's path."""
    (folder / "priors.toml").write_text(priors)
    path = folder / "toy.toml"
    path.write_text(config)
    return path


class BrokenLikelihood:
    """Wraps a likelihood; NaN, +inf or -inf in the first data set where slope > 3."""

    def __init__(self, likelihood, value):
        self._likelihood, self._value = likelihood, value
        self.dataset_names, self.datasets = likelihood.dataset_names, likelihood.datasets
        self.points = 0

    def log_likelihood(self, values):
        self.points += len(values["slope"])
        result = np.array(self._likelihood.log_likelihood(values))
        result[values["slope"] > 3.0, 0] = self._value
        return result
