"""Inelastic and production cross sections per hydrogen nucleus of the gas, helium included."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from transport.constants import MILLIBARN
from transport.full import nuclear_data as data
from transport.kinematics import BORON, CARBON, PROTON, Species, kinetic_energy


def inelastic(species: Species, energy) -> np.ndarray:
    """sigma_inel on hydrogen, cm^2: Kafexhiu et al. 2014 (protons), Letaw et al. 1983 (nuclei).

    Nuclei: 45 A^0.7 [1 + 0.016 sin(5.3 - 2.63 ln A)] mb at high energy, times
    1 - 0.62 exp(-E/200) sin(10.9 E^-0.28) with E in MeV per nucleon.

    Parameters
    ----------
    energy : GeV per nucleon, any shape
    """
    energy = np.asarray(energy, dtype=float)
    if species is PROTON:
        x = np.maximum(energy / data.PP_THRESHOLD, 1.0)
        constant, linear, square = data.PP_COEFFICIENTS
        log = np.log(x)
        return MILLIBARN * (constant + linear * log + square * log**2) * (1.0 - x**-1.9) ** 3
    a = species.mass_number
    high = 45.0 * a**0.7 * (1.0 + 0.016 * np.sin(5.3 - 2.63 * np.log(a)))
    mev = (
        np.hypot((1e3 * energy) ** 4, 1e4)
    ) ** 0.25  # fitted down to 10 MeV per nucleon, kept there
    return MILLIBARN * high * (1.0 - 0.62 * np.exp(-mev / 200.0) * np.sin(10.9 * mev**-0.28))


def destruction(species: Species, rigidity) -> np.ndarray:
    """Cross section for leaving the species, per hydrogen nucleus of the gas, cm^2, (n_R,).

    Helium is a target too. What 11B loses to 10B stays boron.
    """
    sigma = inelastic(species, kinetic_energy(rigidity, species))
    if species is PROTON:
        return sigma * (1.0 + data.HELIUM_PER_HYDROGEN * data.P_HELIUM_PER_PP)
    if species is BORON:
        sigma = sigma - data.BORON_11_SHARE * data.BORON_11_TO_10 * MILLIBARN
    ratio = data.helium_per_hydrogen_total(species.mass_number)
    return sigma * (1.0 + data.HELIUM_PER_HYDROGEN * ratio)


def boron_production(rigidity) -> np.ndarray:
    """Sum over parents of flux over carbon's flux times sigma(parent -> B), cm^2, (n_R,).

    Per hydrogen nucleus of the gas. Carbon, nitrogen, oxygen, neon, magnesium and silicon have
    A/Z = 2, so that those of one energy per nucleon have one rigidity; iron is taken at the same.

    Parameters
    ----------
    rigidity : GV of the parents
    """
    energy = kinetic_energy(rigidity, CARBON)

    def flux_ratio(values):
        return _between(data.RATIO_RIGIDITY, values, rigidity)

    def sigma(parent):
        return _between(data.PRODUCTION_ENERGY, data.PRODUCTION[parent], energy)

    of_oxygen = sigma("O") + sum(flux_ratio(r) * sigma(p) for p, r in data.TO_OXYGEN.items())
    total = sigma("C") + flux_ratio(data.OXYGEN_TO_CARBON) * of_oxygen
    helium = 1.0 + data.HELIUM_PER_HYDROGEN * data.HELIUM_PER_HYDROGEN_PRODUCTION
    return MILLIBARN * helium * total


def production_slope(rigidity) -> np.ndarray:
    """ln of what a slope nuisance of 1 multiplies production with, (n_R,): ln(E / 5) below 5 GeV/n.

    Parameters
    ----------
    rigidity : GV of the parents
    """
    energy = kinetic_energy(rigidity, CARBON)
    return np.minimum(np.log(energy / data.SLOPE_ENERGY), 0.0)


def _between(nodes, values, x):
    """A smooth table over ln x, constant beyond its ends."""
    spline = CubicSpline(np.log(nodes), values, bc_type="clamped")
    return spline(np.log(np.clip(x, nodes[0], nodes[-1])))
