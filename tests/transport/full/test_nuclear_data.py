"""Losses and cross sections against published figures."""

import numpy as np
import pytest

from transport.constants import ATOMIC_MASS_GEV, ERG_PER_GEV, LIGHT_SPEED
from transport.full import nuclear_data as data
from transport.full.cross_sections import boron_production, destruction, inelastic
from transport.full.stopping import coulomb, ionisation, loss_rate
from transport.kinematics import BORON, CARBON, PROTON, beta, rigidity_from_energy

PSTAR = {  # MeV cm^2/g, electronic stopping power of protons (NIST, ICRU 49), by energy in MeV
    "hydrogen": {10.0: 101.9, 100.0: 15.30, 1000.0: 4.497},
    "helium": {10.0: 45.20, 100.0: 6.990, 1000.0: 2.092},
}
ATOMIC_WEIGHT = {"hydrogen": 1.00794, "helium": 4.002602}


@pytest.mark.parametrize("target", PSTAR)
def test_ionisation_is_the_published_stopping_power(target):
    for energy, expected in PSTAR[target].items():
        rigidity = rigidity_from_energy(energy / 1e3, PROTON)
        per_atom = ionisation(PROTON, rigidity, target) / (LIGHT_SPEED * beta(rigidity))
        gram = ATOMIC_WEIGHT[target] * ATOMIC_MASS_GEV * ERG_PER_GEV / LIGHT_SPEED**2
        assert per_atom / gram / ERG_PER_GEV * 1e3 == pytest.approx(expected, rel=0.01)


def test_nuclei_lose_z_squared_at_the_same_speed():
    same_speed = PROTON.mass_per_nucleon / CARBON.mass_per_nucleon
    proton = ionisation(PROTON, rigidity_from_energy(same_speed, PROTON), "hydrogen")
    carbon = ionisation(CARBON, rigidity_from_energy(1.0, CARBON), "hydrogen")
    assert carbon / proton == pytest.approx(36.0, rel=0.02)


def test_coulomb_losses_of_strong_and_moskalenko():
    """Their figure 1: at 1 GeV ionised gas takes three to four times what neutral gas does."""
    rigidity = rigidity_from_energy(1.0, PROTON)
    ratio = coulomb(PROTON, rigidity) / ionisation(PROTON, rigidity, "hydrogen")
    assert 3.0 < ratio < 4.0


def test_a_loss_rate_is_a_slope_of_momentum():
    """|dp/dt| / p of relativistic protons in neutral hydrogen is about 2e-16 n / (E/GeV) per s."""
    rigidity = rigidity_from_energy(10.0, PROTON)
    assert 1e-17 < loss_rate(PROTON, rigidity) < 1e-16


@pytest.mark.parametrize(
    ("species", "energy", "millibarn"),
    [
        (PROTON, 1.0, 21.8), (PROTON, 10.0, 29.7), (PROTON, 200.0, 31.9),  # PDG, Kafexhiu et al.
        (CARBON, 1.0, 250.0), (CARBON, 5.0, 252.0), (BORON, 5.0, 236.0),  # Letaw et al. 1983
    ],
)  # fmt: skip
def test_inelastic_cross_sections(species, energy, millibarn):
    assert inelastic(species, energy) / 1e-27 == pytest.approx(millibarn, rel=0.05)


def test_no_destruction_of_protons_below_the_pion_threshold():
    assert destruction(PROTON, rigidity_from_energy(0.25, PROTON)) == 0.0


def test_boron_is_made_by_these_parents_in_this_order():
    """Genolini et al. 2018: carbon makes half and more of it, oxygen a quarter to a third."""
    rigidity = np.array([20.0])
    total = boron_production(rigidity)[0] / 1e-27
    helium = 1.0 + data.HELIUM_PER_HYDROGEN * data.HELIUM_PER_HYDROGEN_PRODUCTION
    assert 0.5 < helium * data.PRODUCTION["C"][-1] / total < 0.65
    assert 0.22 < helium * data.PRODUCTION["O"][-1] / total < 0.33
    assert 125.0 < total / helium < 140.0
    for table in data.PRODUCTION.values():
        assert len(table) == len(data.PRODUCTION_ENERGY)
    for table in data.TO_OXYGEN.values():
        assert len(table) == len(data.RATIO_RIGIDITY)
