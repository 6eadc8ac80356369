"""What the paper's figures share: real data in the paper's colours, and axes."""

from __future__ import annotations

from functools import cache

import numpy as np

from likelihoods.joint import JointLikelihood
from likelihoods.reading import read_measurement
from pipeline.figures.measured import draw_points
from pipeline.figures.style import GREEN, VERMILLION
from transport.full.effects import FULL, PAPER, effects_of, label_of
from transport.scenario import get_scenario

POWER = 2.7
FLUX_LABEL = (
    r"$R^{2.7}\,\mathrm{d}J/\mathrm{d}R\ "
    r"[\mathrm{m}^{-2}\,\mathrm{s}^{-1}\,\mathrm{sr}^{-1}\,\mathrm{GV}^{1.7}]$"
)
RIGIDITY_LABEL = "rigidity $R$ [GV]"

_PROTONS = {"ams02_proton_2015": 10.0, "voyager1_proton": 0.3}
_RATIOS = {"ams02_bc_2016": None, "voyager1_bc": 0.3}


@cache
def _likelihood() -> JointLikelihood:
    datasets = {
        name: read_measurement(name, rigidity_min=low) for name, low in (_PROTONS | _RATIOS).items()
    }
    return JointLikelihood(get_scenario("two_phase"), datasets)


def draw_data(ax, observable: str) -> None:
    """AMS-02 in red and Voyager in green, as in the paper's captions.

    Protons (times R^2.7) from 10 GV at Earth, since solar modulation is not in the paper, and from
    0.3 GV outside the heliosphere. Voyager's B/C at equal energy per nucleon is brought to equal
    rigidity with the slopes of the fiducial two-phase model.

    Parameters
    ----------
    observable : proton or boron_to_carbon
    """
    likelihood = _likelihood()
    points = likelihood.data_points()
    power = POWER if observable == "proton" else 0.0
    for name, measurement in likelihood.datasets.items():
        if measurement.observable == observable:
            tint = VERMILLION if measurement.is_modulated else GREEN
            draw_points(ax, measurement, points[name], power, color=tint, ms=3.5)


def at_fiducials(
    name: str,
    rigidity: np.ndarray,
    options: dict | None = None,
    transport: str = PAPER,
    **changes: float,
):
    """Interstellar `Spectra` of a scenario at the paper's parameters with `changes`."""
    scenario = get_scenario(name, transport=transport, **(options or {}))
    return scenario.spectra(scenario.fiducial(**changes), rigidity)


def tell_transport(figure, transport: str) -> None:
    """Say in a figure's title which transport it has, where that is not the paper's."""
    label = label_of(effects_of(transport))
    if label != PAPER:
        what = label.replace("_", " ").replace(",", ", ")
        figure.suptitle("full transport" if label == FULL else f"with {what}", fontsize=11)


def log_axes(ax, xlabel: str = RIGIDITY_LABEL, ylabel: str = "") -> None:
    """Logarithmic axes with labels."""
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
