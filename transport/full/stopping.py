"""Ionisation and Coulomb losses in the gas of the disk (Mannheim & Schlickeiser 1994).

Formulae as in Strong & Moskalenko 1998, appendix C.
"""

from __future__ import annotations

import numpy as np

from transport.constants import (
    BOLTZMANN,
    ELECTRON_MASS,
    ELEMENTARY_CHARGE,
    ERG_PER_EV,
    ERG_PER_GEV,
    LIGHT_SPEED,
    PLANCK_REDUCED,
)
from transport.full import nuclear_data as data
from transport.kinematics import Species, beta, lorentz_factor

ELECTRON_ENERGY = ELECTRON_MASS * LIGHT_SPEED**2
CLASSICAL_RADIUS = ELEMENTARY_CHARGE**2 / ELECTRON_ENERGY


def ionisation(species: Species, rigidity, target: str) -> np.ndarray:
    """|dE/dt| of a nucleus in neutral gas of one atom per cm^3, erg/s (Bethe).

    2 pi r_e^2 c m_e c^2 Z^2 z_s / beta [ln(2 m_e c^2 beta^2 gamma^2 Q_max / I^2) - 2 beta^2],
    without shell (1% below 3 MeV per nucleon) and density corrections (none in so thin a gas).

    Parameters
    ----------
    rigidity : GV, any shape
    target : a key of `transport.full.nuclear_data.ELECTRONS`
    """
    b = beta(rigidity, species)
    gamma = lorentz_factor(rigidity, species)
    transfer = 2.0 * ELECTRON_ENERGY * (b * gamma) ** 2  # of an infinitely heavy projectile
    largest = transfer / (1.0 + 2.0 * gamma * ELECTRON_ENERGY / _rest_energy(species))
    excitation = data.MEAN_EXCITATION[target] * ERG_PER_EV
    logarithm = np.log(transfer * largest / excitation**2) - 2.0 * b**2
    strength = 2.0 * np.pi * CLASSICAL_RADIUS**2 * LIGHT_SPEED * ELECTRON_ENERGY
    # far below 1 MeV per nucleon the formula ends; nothing is asked for there
    return strength * species.charge**2 * data.ELECTRONS[target] * np.maximum(logarithm, 1.0) / b


def coulomb(species: Species, rigidity) -> np.ndarray:
    """|dE/dt| of a nucleus in ionised gas of one electron per cm^3, erg/s.

    4 pi r_e^2 c m_e c^2 Z^2 ln(Lambda) beta^2 / (x_m^3 + beta^3), x_m^3 = (3 sqrt(pi) / 4)
    (2 k T / m_e c^2)^(3/2).
    """
    b = beta(rigidity, species)
    gamma = lorentz_factor(rigidity, species)
    thermal = 2.0 * BOLTZMANN * data.ELECTRON_TEMPERATURE / ELECTRON_ENERGY
    x_cubed = 0.75 * np.sqrt(np.pi) * thermal**1.5
    rest = _rest_energy(species)
    quantum = np.pi * CLASSICAL_RADIUS * (PLANCK_REDUCED * LIGHT_SPEED) ** 2
    logarithm = 0.5 * np.log(
        ELECTRON_ENERGY**2 / (quantum * data.ELECTRON_DENSITY)
        * rest * gamma**2 * b**4 / (rest + 2.0 * gamma * ELECTRON_ENERGY)
    )  # fmt: skip
    strength = 4.0 * np.pi * CLASSICAL_RADIUS**2 * LIGHT_SPEED * ELECTRON_ENERGY
    return strength * species.charge**2 * logarithm * b**2 / (x_cubed + b**3)


def loss_rate(species: Species, rigidity) -> np.ndarray:
    """|dp/dt| / p per density of hydrogen nuclei, cm^3/s: `ionisation` and `coulomb` in the disk.

    Parameters
    ----------
    rigidity : (n_R,) GV

    Returns
    -------
    (n_R,); times a density it is an inverse time
    """
    neutral = 1.0 - data.IONISED_SHARE
    energy = neutral * (
        ionisation(species, rigidity, "hydrogen")
        + data.HELIUM_PER_HYDROGEN * ionisation(species, rigidity, "helium")
    ) + data.IONISED_SHARE * (1.0 + 2.0 * data.HELIUM_PER_HYDROGEN) * coulomb(species, rigidity)
    speed = LIGHT_SPEED * beta(rigidity, species)
    momentum = species.charge * np.asarray(rigidity) * ERG_PER_GEV / LIGHT_SPEED
    return energy / (speed * momentum)


def _rest_energy(species):
    return species.mass_number * species.mass_per_nucleon * ERG_PER_GEV
