"""Force field against its definition in kinetic energy."""

import numpy as np
import pytest

from transport.kinematics import (
    BORON,
    CARBON,
    PROTON,
    energy_per_rigidity,
    kinetic_energy,
    rigidity_from_energy,
)
from transport.modulation import interstellar_rigidity, modulate, suppression

SPECIES = pytest.mark.parametrize("species", [PROTON, CARBON, BORON], ids=lambda s: s.name)
RIGIDITIES = np.geomspace(0.3, 1e4, 30)


def power_law(rigidity):
    return 3.0 * rigidity**-2.7


@SPECIES
def test_energy_loss_is_z_over_a_phi(species):
    outside = interstellar_rigidity(RIGIDITIES, 0.6, species)
    loss = kinetic_energy(outside, species) - kinetic_energy(RIGIDITIES, species)
    np.testing.assert_allclose(loss, species.charge / species.mass_number * 0.6, rtol=1e-9)


@SPECIES
def test_gleeson_axford_in_kinetic_energy(species):
    """J(T) = J'(T') T (T + 2m) / [T' (T' + 2m)], the form of the textbooks."""
    phi, mass = 0.7, species.mass_per_nucleon
    energy = kinetic_energy(RIGIDITIES, species)
    shifted = energy + species.charge_per_nucleon * phi
    outside = rigidity_from_energy(shifted, species)
    per_energy = power_law(outside) / energy_per_rigidity(outside, species)
    expected = per_energy * energy * (energy + 2 * mass) / (shifted * (shifted + 2 * mass))
    at_earth = modulate(power_law, RIGIDITIES, phi, species)
    np.testing.assert_allclose(
        at_earth / energy_per_rigidity(RIGIDITIES, species), expected, rtol=1e-12
    )


@SPECIES
def test_no_potential_no_change(species):
    np.testing.assert_allclose(
        modulate(power_law, RIGIDITIES, 0.0, species), power_law(RIGIDITIES), rtol=1e-14
    )


def test_potentials_add():
    """Two force fields in a row are one of the summed potential."""
    first = interstellar_rigidity(RIGIDITIES, 0.3, CARBON)
    both = interstellar_rigidity(first, 0.4, CARBON)
    np.testing.assert_allclose(both, interstellar_rigidity(RIGIDITIES, 0.7, CARBON), rtol=1e-12)
    product = suppression(RIGIDITIES, first, CARBON) * suppression(first, both, CARBON)
    np.testing.assert_allclose(product, suppression(RIGIDITIES, both, CARBON), rtol=1e-12)


def test_batches_of_potentials():
    phi = np.array([0.0, 0.5, 1.0])[:, None]
    batch = modulate(power_law, RIGIDITIES, phi, PROTON)
    assert batch.shape == (3, RIGIDITIES.size)
    np.testing.assert_allclose(batch[1], modulate(power_law, RIGIDITIES, 0.5, PROTON), rtol=1e-14)
    assert np.all(np.diff(batch, axis=0) < 0)


def test_relativistic_limit():
    """R' = R + phi where everything moves at c: J = J' (R / R')^2, here -26% at 10 GV."""
    change = modulate(power_law, 1e4, 650.0, PROTON) / power_law(1e4)
    assert change == pytest.approx(1.065**-4.7, rel=1e-6)
    assert modulate(power_law, 10.0, 0.65, PROTON) / power_law(10.0) == pytest.approx(
        1.065**-4.7, rel=2e-3
    )
