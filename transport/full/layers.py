"""A scenario's layers above the gas disk, as the march of any species meets them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from transport.constants import LIGHT_SPEED
from transport.errors import CrtuneError
from transport.full.cooling import RISING_SPEED
from transport.full.cross_sections import destruction
from transport.full.cutoff import Cutoff, find_cutoff
from transport.full.lattice import Lattice
from transport.full.march import REFERENCE_SLOPE
from transport.full.stopping import loss_rate
from transport.kinematics import PROTON, Species, beta

LEAST_CONFINED = 1e-12 / LIGHT_SPEED
"""f/F, s/cm, of a term that holds nothing back (a layer of no height): a flux at the speed of light
has 1 / c, and the march needs a logarithm where a scenario says 0."""


@dataclass
class Layers:
    """What does not depend on the species.

    Attributes
    ----------
    at : indices of the nodes at which the scenario is evaluated
    names : of the additive terms, from the disk up
    residence : function of species and proton flux (n, n_at), as a scenario gives it
    speed : (T, n, m) jump of the speed at the base of each term
    rising : whether the top term's speed rises all the way
    column : (n,) cm^-2
    effects : names
    at_source : (T, n, m) f/F of protons that leave as injected
    cutoff : of the top term
    """

    nodes: Lattice
    at: np.ndarray
    names: tuple[str, ...]
    residence: Callable
    speed: np.ndarray
    rising: bool
    column: np.ndarray
    effects: tuple[str, ...]
    at_source: np.ndarray | None = None
    cutoff: Cutoff | None = None
    _disk: dict = field(default_factory=dict)

    def residences(self, species: Species, flux: np.ndarray) -> np.ndarray:
        """f/F of each term, (T, n, m), where protons leave at the rate `flux` (n, m)."""
        return self._all_nodes(self.residence(species, np.ascontiguousarray(flux[:, self.at])))

    def _all_nodes(self, terms):
        found = np.empty((len(self.names), len(self.column), len(self.at)))
        for t, name in enumerate(self.names):
            found[t] = terms[name]
        return self.nodes.spread(np.maximum(found, LEAST_CONFINED))

    def disk(self, species: Species) -> tuple[np.ndarray, np.ndarray]:
        """(n, m) gain and rate of `march`: losses and destruction in the gas."""
        if species not in self._disk:
            table = disk_table(species, self.nodes, self.effects)
            self._disk[species] = tuple(self.column[:, None] * row for row in table)
        return self._disk[species]


@lru_cache(maxsize=64)
def disk_table(species, nodes, effects):
    """Per column, (m,) cm^3/s: g = |dp/dt|/p and g dln(p^2 |dp/dt|)/dlnp - v sigma."""
    rigidity = nodes.rigidity
    gain, rate = np.zeros((2, len(rigidity)))
    if "ionisation" in effects:
        gain = loss_rate(species, rigidity)
        around = rigidity * np.exp([[-1e-4], [1e-4]])
        slope = np.diff(np.log(loss_rate(species, around)), axis=0)[0] / 2e-4
        rate = gain * (3.0 + slope)
    if "destruction" in effects:
        speed = LIGHT_SPEED * beta(rigidity, species)
        rate = rate - speed * destruction(species, rigidity)
    return gain, rate


def layers_of(scenario, v, nodes, residence, source, at) -> Layers:
    """The layers of a scenario with values `v` in CGS, (n,) each.

    Parameters
    ----------
    residence : of `scenario.transport` at the nodes `at`
    source : (n, m) of protons

    Raises
    ------
    CrtuneError: the scenario's `cooling` does not fit its terms
    """
    terms = residence(PROTON, np.ascontiguousarray(source[:, at]))
    names = tuple(terms)
    cooling = (scenario.cooling(v) or {}) if "adiabatic" in scenario.effects else {}
    unknown = [name for name in cooling if name not in names]
    if unknown:
        raise CrtuneError(
            f"{scenario.name}: cooling of {unknown[0]!r}, which is none of its terms: "
            f"{', '.join(names)}"
        )
    speed = np.zeros((len(names), *source.shape))
    rising = False
    for t, name in enumerate(names):
        how = cooling.get(name, 0.0)
        if isinstance(how, str):
            if how != RISING_SPEED or name != names[-1]:
                raise CrtuneError(
                    f"{scenario.name}: cooling of {name!r} should be a speed, or RISING_SPEED for "
                    f"the topmost term, {names[-1]!r}"
                )
            rising = True
        else:
            how = np.asarray(how, dtype=float)
            speed[t] = how[:, None] if how.ndim == 1 else how
    layers = Layers(nodes, at, names, residence, speed, rising, v["column"], scenario.effects)
    layers.at_source = layers._all_nodes(terms)
    layers.cutoff = _cutoff(layers, source)
    return layers


def _cutoff(layers, source):
    """Of the top term, where the flux that arrives from below is no more than what it can hold."""
    rho = layers.at_source
    if len(rho) > 1:  # destruction below leaves less
        gain, rate = layers.disk(PROTON)
        below = rho[:-1].sum(axis=0)
        arriving = source / (1.0 - (rate - REFERENCE_SLOPE * gain) * below)
        rho = layers.residences(PROTON, arriving)
    cools = layers.rising or layers.speed[-1].any()
    return find_cutoff(rho[-1], 2.0 if cools else 1.0, layers.nodes.step)
