"""Plasma states that scenarios ask the fast-mode kernel for, drawn from the prior sets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from priors.sets import load_prior_set
from transport import plasma
from transport.constants import MICROGAUSS, PC
from transport.fast_modes.undamped import undamped_plasma
from transport.scenario import get_scenario

PRIOR_SETS = ("plausible", "wide")
RIGIDITY_RANGE = (0.05, 1e5)
"""GV, ends of the grid of `transport.diagnostics`: no scenario is asked for more."""
NAMES = ("B", "n", "T", "Ma", "L")
UNITS = np.array([MICROGAUSS, 1.0, 1.0, 1.0, PC])
"""CGS values of the units that reports use: uG, cm^-3, K, 1, pc."""
N_RIGIDITIES = 4


@dataclass(frozen=True)
class Group:
    """States of one layer of one scenario under one prior set.

    Attributes
    ----------
    layer : what scatters, for people
    scenario, options : that ask for it; other scenarios with the same layer have the same priors
    parameters : those that hold B, n, T, Ma and L; T is "" where nothing damps the cascade
    prior_set : name of the set
    """

    layer: str
    scenario: str
    options: tuple[tuple[str, str], ...]
    parameters: tuple[str, str, str, str, str]
    prior_set: str

    @property
    def name(self) -> str:
        """Layer and prior set."""
        return f"{self.layer}, {self.prior_set}"

    @property
    def damped(self) -> bool:
        """Whether the cascade is damped."""
        return bool(self.parameters[2])

    @cached_property
    def _prior(self):
        scenario = get_scenario(self.scenario, **dict(self.options))
        return load_prior_set(self.prior_set).prior(scenario)

    @cached_property
    def _columns(self):
        names = [p.name for p in self._prior.parameters]
        return [names.index(name) for name in self.parameters if name]

    @property
    def ndim(self) -> int:
        """Number of coordinates of a state."""
        return len(self._columns)

    def states_at(self, u) -> tuple[np.ndarray, np.ndarray]:
        """States (m, 5) in CGS at unit coordinates u (m, ndim), and whether the prior allows them.

        Every other parameter of the scenario is at its median. T of an undamped cascade is that
        of `transport.fast_modes.undamped`.
        """
        u = np.atleast_2d(u)
        whole = np.full((len(u), self._prior.ndim), 0.5)
        whole[:, self._columns] = u
        values = self._prior.values(self._prior.transform(whole))
        states = np.empty((len(u), len(NAMES)))
        by_name = {p.name: p for p in self._prior.parameters}
        for i, name in enumerate(self.parameters):
            states[:, i] = by_name[name].to_cgs(values[name]) if name else undamped_plasma()[0]
        return states, self._prior.satisfied(values)

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Unit coordinates (count, ndim) of allowed states, drawn from the prior."""
        drawn = np.empty((0, self.ndim))
        while len(drawn) < count:
            u = rng.random((4 * count, self.ndim))
            drawn = np.concatenate([drawn, u[self.states_at(u)[1]]])
        return drawn[:count]

    def mean_free_path(self, state: np.ndarray) -> float:
        """Of thermal ions in a state (5,), cm, as the scenario's layer has it."""
        if not self.damped:
            return undamped_plasma()[1]
        return float(plasma.ion_mean_free_path(state[1], state[2]))

    def draw_rigidities(self, state: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Ascending rigidities (4,) in GV: the lowest, and random ones, one of which has a
        gyroradius of 0.5 to 10 mean free paths where that lies in the range: there viscous, clamped
        and collisionless damping meet."""
        at_1_gv = plasma.gyroradius(1.0, state[0])
        meeting = self.mean_free_path(state) / at_1_gv * 10 ** rng.uniform(-0.3, 1)
        random = np.exp(rng.uniform(*np.log(RIGIDITY_RANGE), size=N_RIGIDITIES - 1))
        if RIGIDITY_RANGE[0] < meeting < RIGIDITY_RANGE[1]:
            random[0] = meeting
        return np.sort([RIGIDITY_RANGE[0], *random])


_WARM = ("B_warm", "n_warm", "T_warm", "Ma", "L")
_HALO = ("B_halo", "n_halo", "T_halo", "Ma_halo", "L_halo")
_LAYERS = (
    ("warm layer", "two_phase", (), _WARM),
    ("halo", "fast_modes", (("layers", "halo"),), _HALO),
    (
        "undamped warm layer", "two_phase", (("warm_cascade", "undamped"),),
        ("B_warm", "n_warm", "", "Ma", "L"),
    ),
    ("undamped halo", "undamped_cascade", (), ("B_hot", "n_hot", "", "Ma_halo", "L_halo")),
)  # fmt: skip

GROUPS = tuple(Group(*layer, prior_set) for prior_set in PRIOR_SETS for layer in _LAYERS)
"""Every layer of every scenario that asks for the kernel, under both prior sets."""
