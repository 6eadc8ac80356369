"""Full transport over the paper's at the fiducials, and its numerical error over prior draws."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from unittest.mock import patch

import numpy as np

from pipeline.config.load import RUNS, load_config
from pipeline.from_config import build_problem
from transport import residence
from transport.errors import CrtuneError
from transport.full import layers, nuclear_data, solve
from transport.full.effects import EFFECTS
from transport.full.march import JUMP, REFERENCE_SLOPE
from transport.scenario import get_scenario, scenario_names

TABLE = np.array([0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0])
"""GV."""
CURVE = np.geomspace(0.3, 2000.0, 120)
REFINEMENT = 8
"""Of the march that counts as converged."""
NEAR = 0.35
"""In ln R, what counts as next to a cutoff."""


@dataclass(frozen=True)
class Error:
    """Largest relative errors of protons and of B/C over draws and rigidities, at quantiles.

    Attributes
    ----------
    proton, boron_to_carbon : 95%, 99% and all of the values, but for those next to a cutoff
    near_cutoff : share of values next to a cutoff
    proton_there, boron_to_carbon_there : half and 95% of those; NaN where there are none
    """

    proton: tuple[float, float, float]
    boron_to_carbon: tuple[float, float, float]
    near_cutoff: float
    proton_there: tuple[float, float]
    boron_to_carbon_there: tuple[float, float]


def ratios(name: str, transport, rigidity: np.ndarray, **options) -> np.ndarray | None:
    """(2, n_R): protons and B/C of a transport over the paper's, at the fiducials.

    None where the scenario cannot have it.
    """
    try:
        scenario = get_scenario(name, transport=transport, **options)
    except CrtuneError:
        return None
    full = scenario.spectra(scenario.fiducial(), rigidity)
    plain = scenario.with_transport("paper")
    paper = plain.spectra(plain.fiducial(), rigidity)
    return np.array([full.proton / paper.proton, full.boron_to_carbon / paper.boron_to_carbon])[
        :, 0
    ]


LOW = np.array([0.3, 0.5, 0.7, 1.0, 1.5, 2.0])
"""GV, where cross sections below 0.4 GeV per nucleon count."""
LOW_ENERGY = {
    "oxygen: half below 0.1 GeV/n": (0.1, 0.5, "O"),
    "oxygen: below 0.4 GeV/n as there": (0.4, None, "O"),
    "oxygen: 30% more below 0.4 GeV/n": (0.4, 1.3, "O"),
    "all: below 0.4 GeV/n as there": (0.4, None, ""),
}
"""Arguments of `low_energy_production`."""


def low_energy_effects(name: str) -> dict[str, np.ndarray]:
    """B/C with other cross sections at low energy over B/C as it is, (n_R,) at `LOW`.

    Full transport at the fiducials of a scenario, by a key of `LOW_ENERGY`.
    """
    usual = ratios(name, "full", LOW)[1]
    found = {}
    for label, arguments in LOW_ENERGY.items():
        with low_energy_production(*arguments):
            found[label] = ratios(name, "full", LOW)[1] / usual
    return found


def all_ratios(rigidity: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
    """`ratios` by scenario and transport, full and each effect alone, where there are any."""
    found = {
        (name, transport): ratios(name, transport, rigidity)
        for name in scenario_names()
        for transport in ("full", *EFFECTS)
    }
    return {key: value for key, value in found.items() if value is not None}


@contextmanager
def hydrogen_alone() -> Iterator[None]:
    """Neutral gas without helium, and 11B that becomes 10B lost: as the simplest codes have it."""
    changes = {"HELIUM_PER_HYDROGEN": 0.0, "IONISED_SHARE": 0.0, "BORON_11_TO_10": 0.0}
    _forget()
    try:
        with patch.multiple(nuclear_data, **changes):
            yield
    finally:
        _forget()


@contextmanager
def low_energy_production(below: float, change: float | None, parent: str = "") -> Iterator[None]:
    """Other cross sections of production below an energy (GeV per nucleon).

    Parameters
    ----------
    below : a node of `nuclear_data.PRODUCTION_ENERGY`
    change : factor on them, or None: as they are there
    parent : of this one alone
    """
    energy = nuclear_data.PRODUCTION_ENERGY
    low = energy < below
    there = int(np.argmin(low))
    changed = {
        name: values
        if parent not in ("", name)
        else np.where(low, values[there] if change is None else change * np.array(values), values)
        for name, values in nuclear_data.PRODUCTION.items()
    }
    _forget()
    try:
        with patch.object(nuclear_data, "PRODUCTION", changed):
            yield
    finally:
        _forget()


def _forget():
    layers.disk_table.cache_clear()
    solve._production_table.cache_clear()


@contextmanager
def converged_march() -> Iterator[None]:
    """Full transport with `REFINEMENT` times the nodes."""
    with patch.object(
        residence, "full_spectra", partial(solve.full_spectra, refinement=REFINEMENT)
    ):
        yield


def numerical_errors(draws: int, seed: int) -> dict[str, Error]:
    """`Error` of every config in runs/ with full transport, over draws from its prior."""
    return {path.stem: _numerical_error(path, draws, seed) for path in sorted(RUNS.glob("*.toml"))}


def _numerical_error(path, draws, seed):
    problem = build_problem(load_config(path))
    theta = problem.sample_prior(draws, np.random.default_rng(seed))
    scenario = problem.scenario.with_transport("full")
    own = problem.values(theta)
    values = {p.name: own.get(p.name, np.full(draws, p.fiducial)) for p in scenario.parameters}
    rigidity = np.geomspace(0.3, 2000.0, 80)
    coarse = solve.full_spectra(scenario, values, rigidity)
    fine = solve.full_spectra(scenario, values, rigidity, REFINEMENT)
    near = near_a_cutoff(fine.proton, rigidity)
    found = [
        np.abs(np.log(getattr(coarse, which) / getattr(fine, which)))
        for which in ("proton", "boron_to_carbon")
    ]
    there = [
        tuple(np.quantile(error[near], (0.5, 0.95))) if near.any() else (np.nan, np.nan)
        for error in found
    ]
    quantiles = [tuple(np.quantile(error[~near], (0.95, 0.99, 1.0))) for error in found]
    return Error(*quantiles, float(near.mean()), *there)


def near_a_cutoff(flux, rigidity):
    """(n, n_R): within `NEAR` of where ln(R^(4.5 - 2) J) changes as fast as at a jump."""
    step = np.diff(np.log(rigidity))
    slope = np.diff(np.log(flux * rigidity ** (REFERENCE_SLOPE - 2.0)), axis=1) / step
    jump = np.abs(slope) > JUMP / (np.log(10.0) / 18.0) / 2.0
    middle = 0.5 * (np.log(rigidity[1:]) + np.log(rigidity[:-1]))
    close = np.abs(np.log(rigidity)[:, None] - middle) < NEAR
    return (jump[:, None, :] & close[None]).any(axis=2)
