"""The cases of the full transport equation that are compared with the paper's."""

from __future__ import annotations

from functools import partial

import numpy as np

from transport.constants import KPC
from transport.exact import stratified_halo_spectra, two_phase_spectra
from transport.exact.stratified import StratifiedGrid
from transport.exact.two_phase import Grid

TABLE = np.array([0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0])
"""GV, of the tables."""
CURVE = np.union1d([*TABLE, 200.0, 2000.0], np.geomspace(0.3, 5000.0, 43))
"""GV, of the figure."""
OBSERVABLES = {"proton": "protons", "boron_to_carbon": "B/C"}
"""Attributes of `transport.scenario.Spectra`, and what they are called."""

_two_phase_10 = partial(two_phase_spectra, alfven_height=10 * KPC)
CASES = {
    "two_phase": {
        "constant v_A": two_phase_spectra,
        "H_A = 10 kpc": _two_phase_10,
        "H_A = 10 kpc, uniform X": partial(_two_phase_10, uniform_x=True),
        "H_A = 5 kpc": partial(two_phase_spectra, alfven_height=5 * KPC),
        "H_A = 10 kpc, no loss at z_W": partial(_two_phase_10, jump=False),
    },
    "stratified_halo": {
        "v_A as z^lambda1": stratified_halo_spectra,
        "no loss at z_0": partial(stratified_halo_spectra, jump=False),
    },
}
"""Scenario, case, and the function that solves it."""
DRAWN = ("constant v_A", "H_A = 10 kpc", "v_A as z^lambda1")
"""Cases that are also solved over prior draws."""
FINE = {
    "two_phase": Grid(64, 2.5e-7, 0.01, 1.05),
    "stratified_halo": StratifiedGrid(64, 320),
}
"""Grids twice as fine as the default."""
FREE = {
    "two_phase": (
        [], ["E_CR"], ["column"], ["E_CR", "column"], ["B_hot"], ["n_hot", "T_hot"],
        ["E_CR", "n_hot", "T_hot"],
    ),
    "stratified_halo": (
        [], ["E_CR"], ["column"], ["E_CR", "column"], ["n_base"], ["E_CR", "n_base"],
    ),
}  # fmt: skip
"""Parameters that may absorb the difference."""
FIT_RANGE = {"two_phase": (1.0, 1000.0), "stratified_halo": (1.0, 500.0)}
"""GV, where they try to."""
