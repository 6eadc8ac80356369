"""Rigidity, speed and kinetic energy of the three species, with the Jacobians between axes.

Rigidity R is in GV, energy in GeV per nucleon (GeV for protons). With the momentum per nucleon
p = (Z/A) R and the mass per nucleon m (GeV): v/c = p / sqrt(p^2 + m^2),
T = sqrt(p^2 + m^2) - m, dT/dR = (Z/A) v/c.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transport.constants import ATOMIC_MASS_GEV, PROTON_MASS_GEV


@dataclass(frozen=True)
class Species:
    """A nucleus as far as its kinematics goes.

    Attributes
    ----------
    name : as in table observables
    mass_number : A, nucleons
    charge : Z
    mass_per_nucleon : GeV
    """

    name: str
    mass_number: float
    charge: int
    mass_per_nucleon: float = ATOMIC_MASS_GEV

    @property
    def charge_per_nucleon(self) -> float:
        """Z/A: momentum per nucleon (GeV) of one GV."""
        return self.charge / self.mass_number


PROTON = Species("proton", 1.0, 1, PROTON_MASS_GEV)
CARBON = Species("carbon", 12.0, 6)
# Boron is a mixture of B-10 and B-11; one mean mass stands for both.
BORON = Species("boron", 10.8, 5)


def beta(rigidity, species: Species = PROTON) -> np.ndarray:
    """Speed in units of c at a rigidity (GV); any shape."""
    momentum = species.charge_per_nucleon * np.asarray(rigidity, dtype=float)
    return momentum / np.hypot(momentum, species.mass_per_nucleon)


def lorentz_factor(rigidity, species: Species = PROTON) -> np.ndarray:
    """Energy over rest energy at a rigidity (GV); any shape."""
    momentum = species.charge_per_nucleon * np.asarray(rigidity, dtype=float)
    # not from the speed, which is c at high rigidity but for rounding
    return np.hypot(momentum, species.mass_per_nucleon) / species.mass_per_nucleon


def kinetic_energy(rigidity, species: Species = PROTON) -> np.ndarray:
    """Kinetic energy (GeV per nucleon) at a rigidity (GV); any shape."""
    momentum = species.charge_per_nucleon * np.asarray(rigidity, dtype=float)
    mass = species.mass_per_nucleon
    # p^2 / (E + m) instead of E - m: no cancellation at low rigidity.
    return momentum**2 / (np.hypot(momentum, mass) + mass)


def rigidity_from_energy(energy, species: Species = PROTON) -> np.ndarray:
    """Rigidity (GV) of a kinetic energy (GeV per nucleon); any shape."""
    energy = np.asarray(energy, dtype=float)
    momentum = np.sqrt(energy * (energy + 2.0 * species.mass_per_nucleon))
    return momentum / species.charge_per_nucleon


def energy_per_rigidity(rigidity, species: Species = PROTON) -> np.ndarray:
    """dT/dR (GeV per nucleon per GV) = (Z/A) v/c: dJ/dR = dJ/dT * dT/dR."""
    return species.charge_per_nucleon * beta(rigidity, species)


def rigidity_per_energy(energy, species: Species = PROTON) -> np.ndarray:
    """dR/dT (GV per GeV per nucleon) at a kinetic energy: dJ/dT = dJ/dR * dR/dT."""
    return 1.0 / energy_per_rigidity(rigidity_from_energy(energy, species), species)
