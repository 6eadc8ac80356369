"""Constants and tables of nuclear and atomic physics, each with its reference and error.

Energies are kinetic, GeV per nucleon; cross sections are on hydrogen, in mb, unless said otherwise.
"""

import numpy as np

# --- the gas of the disk --------------------------------------------------------------------------
HELIUM_PER_HYDROGEN = 0.1
"""By number (Mannheim & Schlickeiser 1994; Strong & Moskalenko 1998 take 0.11)."""
IONISED_SHARE = 0.1
"""Share of the hydrogen column that is ionised and brakes by Coulomb collisions instead: the warm
ionised layer has 25 pc cm^-3 on one side (dispersion measures of pulsars; Gaensler et al. 2008), of
250 in all. A factor of 2 changes the losses by 10%."""
ELECTRON_DENSITY, ELECTRON_TEMPERATURE = 0.1, 1e4
"""cm^-3 and K of that layer; they enter the losses through a logarithm (and below 1 MeV)."""

# --- ionisation -----------------------------------------------------------------------------------
MEAN_EXCITATION = {"hydrogen": 19.0, "helium": 44.0}
"""eV, geometric mean of ionisation and excitation (Strong & Moskalenko 1998, eq. C.3; ICRU 49 has
19.2 and 41.8). An error of 1 eV changes the loss by 0.5%."""
ELECTRONS = {"hydrogen": 1, "helium": 2}

# --- inelastic cross sections ---------------------------------------------------------------------
PP_THRESHOLD = 0.2797
"""GeV: sigma_pp,inel of Kafexhiu et al. 2014, eq. 1, a fit to data good to a few per cent."""
PP_COEFFICIENTS = (30.7, -0.96, 0.18)
"""mb, of powers of ln(T / threshold)."""
P_HELIUM_PER_PP = 3.3
"""sigma_inel(p He) / sigma_inel(pp) from 1 to 1000 GeV: 105 mb over 31 mb (PDG, Carroll et al.
1979). 5%."""


def helium_per_hydrogen_total(mass_number: float) -> float:
    """sigma_inel(He A) / sigma_inel(H A) of nuclei, 2.10 A^-0.055 (Ferrando et al. 1988). 5%."""
    return 2.10 * mass_number**-0.055


HELIUM_PER_HYDROGEN_PRODUCTION = 1.5
"""sigma(He A -> B) / sigma(H A -> B) for C, N and O above 1 GeV/n, where Ferrando et al. 1988
measure 1.3 to 1.7; 15%, hence 1.5% of all production."""

# Nuclei: Letaw et al. 1983, as it is coded in `transport.full.cross_sections.inelastic`; 2% above
# 2 GeV/n, 5-10% below 0.1 GeV/n.

BORON_11_TO_10 = 40.0
"""mb, sigma(11B -> 10B), flat to 2% above 0.3 GeV/n (Webber et al. 2003): not a loss of boron."""
BORON_11_SHARE = 0.68
"""Of boron, about as measured near 0.1-1 GeV/n (11B/10B = 2.1, ACE-CRIS and PAMELA)."""

# --- production of boron --------------------------------------------------------------------------
# sigma(parent -> 10B + 11B), with 10C and 11C since they decay at once, without 10Be (3% of it,
# half-life 1.4 Myr). Above 0.4 GeV/n Webber et al. 2003; above 10 GeV/n constant, as fragmentation
# is limited there. Below, for C and N the course of measured excitation functions, highest near 0.1
# GeV/n, as evaluated by Moskalenko & Mashnik 2003; for O the values at 0.4 GeV/n down to the
# threshold near 0.04, as for the heavier ones (which matter little). Genolini et al. 2018 rank the
# channels in this order. Errors: 5-10% for C and O above 1 GeV/n, 20-30% below 0.2 GeV/n and for
# the others; Fe a factor of 2.
PRODUCTION_ENERGY = np.array([
    0.007, 0.0126, 0.02, 0.0316, 0.05, 0.08, 0.1, 0.16, 0.25, 0.4, 0.63, 1.0, 1.6, 2.5, 4.0, 6.3,
    10.0,
])  # fmt: skip
PRODUCTION = {
    "C": (0.5, 7.0, 25.0, 59.5, 104.0, 119.0, 118.0, 103.0, 85.0, 75.8, 75.9, 77.0, 77.8, 77.0,
          75.8, 74.5, 73.2),
    "N": (90.0, 90.0, 90.0, 92.0, 66.0, 45.0, 41.0, 40.0, 41.0, 42.0, 42.0, 42.0, 41.9, 41.7, 41.3,
          41.0, 40.6),
    "O": (0.3, 0.5, 1.0, 4.0, 16.0, 36.0, 42.0, 42.0, 38.0, 36.0, 36.3, 36.9, 37.1, 37.2, 37.0,
          36.6, 36.2),
    "Ne": (5.5, 5.7, 6.5, 7.4, 8.6, 10.1, 10.9, 12.7, 14.6, 17.2, 18.0, 18.7, 19.8, 21.1, 21.7,
           21.9, 21.8),
    "Mg": (3.7, 3.8, 4.1, 4.5, 5.1, 5.9, 6.3, 7.3, 8.5, 13.7, 14.5, 15.2, 16.5, 18.4, 19.9,
           20.4, 20.5),
    "Si": (6.8, 6.8, 6.8, 6.7, 6.7, 6.6, 6.4, 7.9, 8.0, 8.3, 9.0, 9.4, 10.4, 11.9, 12.9,
           13.4, 13.6),
    "Fe": (0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.3, 0.4, 0.6, 1.2, 1.9, 2.2, 2.5),
}  # fmt: skip
"""mb, at `PRODUCTION_ENERGY`."""

# --- parents of boron beside carbon ---------------------------------------------------------------
# Measured flux ratios at equal rigidity (AMS-02: O/C, N/O, Ne/O, Mg/O, Si/O of Aguilar et al. 2021,
# Phys. Rep. 894; Fe/O of PRL 126, 041104). All but iron have A/Z = 2 like carbon, so that solar
# modulation cancels; the ratios at 2.3 GV stand for lower rigidities, the last for higher ones.
# Measured rather than free: known to 2-4%, while no scenario here predicts sources of N and O.
RATIO_RIGIDITY = np.array([2.3, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 1000.0])
OXYGEN_TO_CARBON = np.array([0.98, 0.946, 0.930, 0.960, 1.003, 1.058, 1.080, 1.09, 1.09])
TO_OXYGEN = {
    "N": (0.286, 0.298, 0.295, 0.270, 0.240, 0.195, 0.166, 0.140, 0.124),
    "Ne": (0.154, 0.156, 0.166, 0.173, 0.170, 0.167, 0.162, 0.157, 0.155),
    "Mg": (0.199, 0.192, 0.200, 0.206, 0.204, 0.199, 0.195, 0.188, 0.182),
    "Si": (0.141, 0.142, 0.148, 0.159, 0.164, 0.172, 0.173, 0.169, 0.160),
    "Fe": (0.070, 0.070, 0.080, 0.099, 0.118, 0.138, 0.154, 0.160, 0.160),
}
"""Flux over that of oxygen, at `RATIO_RIGIDITY` (GV)."""

# --- nuisances of production ----------------------------------------------------------------------
SLOPE_ENERGY = 5.0
"""GeV/n below which a slope may tilt production (Derome et al. 2019, Weinrich et al. 2020)."""
