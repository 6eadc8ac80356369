"""Solar modulation in the force-field approximation (Gleeson & Axford 1968, ApJ 154, 1011).

A particle seen at Earth with rigidity R left interstellar space with a kinetic energy larger by
(Z/A) phi per nucleon, and J / p^2 is conserved on the way, where J is the flux per unit kinetic
energy. With dJ/dR = J dT/dR and dT/dR proportional to v this gives

    dJ/dR(R) = (R / R')^2 (v / v') dJ'/dR'(R'),   T(R') = T(R) + (Z/A) phi,

primes being interstellar.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from transport.kinematics import Species


def interstellar_rigidity(rigidity, potential, species: Species) -> np.ndarray:
    """Rigidity R' (GV) outside the heliosphere of particles seen at Earth at `rigidity`.

    Parameters
    ----------
    rigidity : GV at Earth
    potential : force-field potential phi, GV; broadcast against `rigidity`
    species : whose Z/A and mass per nucleon are used

    With p = (Z/A) R: p'^2 = p^2 + 2 E Phi + Phi^2, Phi = (Z/A) phi, E the total energy per nucleon.
    """
    z_over_a = species.charge_per_nucleon
    rigidity = np.asarray(rigidity, dtype=float)
    potential = np.asarray(potential, dtype=float)
    # In rigidity units, p'^2 = p^2 + Phi (2E + Phi) reads R'^2 = R^2 + phi (2 eps + phi).
    epsilon = np.hypot(rigidity, species.mass_per_nucleon / z_over_a)
    return np.sqrt(rigidity**2 + potential * (2.0 * epsilon + potential))


def suppression(rigidity, outside, species: Species) -> np.ndarray:
    """(R/R')^2 v/v', the factor between dJ/dR at Earth and dJ'/dR' outside at R' = `outside`."""
    rest = (species.mass_per_nucleon / species.charge_per_nucleon) ** 2
    # v/c = R / sqrt(R^2 + rest), so the factor is (R/R')^3 sqrt((R'^2 + rest)/(R^2 + rest)).
    return (rigidity / outside) ** 3 * np.sqrt((outside**2 + rest) / (rigidity**2 + rest))


def modulate(
    interstellar: Callable[[np.ndarray], np.ndarray], rigidity, potential, species: Species
) -> np.ndarray:
    """dJ/dR at Earth.

    Parameters
    ----------
    interstellar : dJ'/dR' as a function of rigidity (GV)
    rigidity : GV at Earth
    potential : phi, GV, broadcast against `rigidity`
    species : proton, carbon or boron

    Returns
    -------
    dJ/dR in the unit `interstellar` returns
    """
    rigidity = np.asarray(rigidity, dtype=float)
    outside = interstellar_rigidity(rigidity, potential, species)
    return suppression(rigidity, outside, species) * interstellar(outside)
