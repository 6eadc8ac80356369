"""Thermal plasma of one ISM phase. CGS; every argument may be an array of any shape."""

import numpy as np

from transport.constants import BOLTZMANN, ELEMENTARY_CHARGE, ERG_PER_EV, LIGHT_SPEED, PROTON_MASS


def thermal_speed(temperature):
    """v_th = sqrt(2 k T / m_p), cm/s, of a temperature in K."""
    return np.sqrt(2.0 * BOLTZMANN * np.asarray(temperature) / PROTON_MASS)


def thermal_pressure(density, temperature):
    """p_g = n_th k T, erg/cm^3: the ions alone, which gives the betas quoted in Sec. 5."""
    return density * BOLTZMANN * np.asarray(temperature)


def plasma_beta(magnetic_field, density, temperature):
    """Ratio of thermal to magnetic pressure, 8 pi p_g / B^2 (Sec. 2.2)."""
    return 8.0 * np.pi * thermal_pressure(density, temperature) / np.square(magnetic_field)


def alfven_speed(magnetic_field, density):
    """v_A = B / sqrt(4 pi n m_p), cm/s, of a field in G and a density in cm^-3."""
    return magnetic_field / np.sqrt(4.0 * np.pi * np.asarray(density) * PROTON_MASS)


def ion_mean_free_path(density, temperature):
    """v_th / nu_ii, cm, with the ion-ion collision rate of the NRL formulary.

    nu_ii = 4.8e-8 n lnL T_eV^-1.5 s^-1 with lnL = 23 - ln(n^0.5 T_eV^-1.5).
    """
    t_ev = BOLTZMANN * np.asarray(temperature) / ERG_PER_EV
    coulomb_logarithm = 23.0 - np.log(np.sqrt(density) * t_ev**-1.5)
    collision_rate = 4.8e-8 * density * coulomb_logarithm * t_ev**-1.5
    return thermal_speed(temperature) / collision_rate


def braginskii_viscosity(mean_free_path, v_th):
    """Anisotropic viscosity nu_B = l_mfp v_th / 3, cm^2/s (below eq. A5)."""
    return mean_free_path * v_th / 3.0


def proton_gyrofrequency(magnetic_field):
    """Omega_0 = e B / (m_p c), rad/s, non-relativistic."""
    return ELEMENTARY_CHARGE * np.asarray(magnetic_field) / (PROTON_MASS * LIGHT_SPEED)


GV_IN_GAUSS_CM = 1e9 * 1e8 / LIGHT_SPEED
"""1 GV as B times gyroradius: R = p c / (Z e), 1 V = 1e8/c statvolt."""


def gyroradius(rigidity, magnetic_field):
    """r_L = p c / (Z e B) = R / B, cm, of a rigidity in GV and a field in G."""
    return GV_IN_GAUSS_CM * np.asarray(rigidity) / magnetic_field
