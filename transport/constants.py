"""Physical constants and unit factors in CGS (CODATA, through scipy)."""

from scipy import constants as _si

LIGHT_SPEED = _si.c * 1e2  # cm s^-1
PROTON_MASS = _si.m_p * 1e3  # g
ELECTRON_MASS = _si.m_e * 1e3  # g
BOLTZMANN = _si.k * 1e7  # erg K^-1
ELEMENTARY_CHARGE = _si.e * _si.c * 10.0  # esu
PLANCK_REDUCED = _si.hbar * 1e7  # erg s
ERG_PER_EV = _si.e * 1e7
ERG_PER_GEV = 1e9 * ERG_PER_EV
PROTON_MASS_GEV = PROTON_MASS * LIGHT_SPEED**2 / ERG_PER_GEV
ATOMIC_MASS_GEV = _si.physical_constants["atomic mass constant energy equivalent in MeV"][0] / 1e3
"""Mass of a nucleus per nucleon, GeV: nuclei heavier than the proton."""

PC = _si.parsec * 1e2  # cm
KPC = 1e3 * PC
YEAR = _si.Julian_year  # s
CENTURY = 100.0 * YEAR
MILLIBARN = 1e-27  # cm^2
MICROGAUSS = 1e-6  # G

UNITS = {
    "": 1.0,
    "cm^-3": 1.0,
    "K": 1.0,
    "uG": MICROGAUSS,
    "pc": PC,
    "kpc": KPC,
    "GV": 1.0,  # rigidities stay in GV everywhere
    "1e50 erg": 1e50,
    "km/s": 1e5,
    "cm^2/s": 1.0,
    "1e28 cm^2/s": 1e28,
    "1/s": 1.0,
    "pc cm^-3": PC,
    "g/cm^2": 1.0,
    "Myr": 1e6 * YEAR,
}
"""CGS value of each unit a scenario parameter may be declared in."""

__all__ = [name for name in dir() if name.isupper()]
