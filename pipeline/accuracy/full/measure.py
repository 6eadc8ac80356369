"""Full transport over the paper's at the fiducials, and its numerical error over prior draws."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np

from pipeline.config.load import RUNS, load_config
from pipeline.problem import build_problem
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


def _forget():
    layers.disk_table.cache_clear()
    solve._production_table.cache_clear()


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
    near = _near_a_cutoff(fine.proton, rigidity)
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


def _near_a_cutoff(flux, rigidity):
    """(n, n_R): within `NEAR` of where ln(R^(4.5 - 2) J) changes as fast as at a jump."""
    step = np.diff(np.log(rigidity))
    slope = np.diff(np.log(flux * rigidity ** (REFERENCE_SLOPE - 2.0)), axis=1) / step
    jump = np.abs(slope) > JUMP / (np.log(10.0) / 18.0) / 2.0
    middle = 0.5 * (np.log(rigidity[1:]) + np.log(rigidity[:-1]))
    close = np.abs(np.log(rigidity)[:, None] - middle) < NEAR
    return (jump[:, None, :] & close[None]).any(axis=2)
