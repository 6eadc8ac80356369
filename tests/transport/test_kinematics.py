"""Kinematics against closed forms, finite differences and PlasmaPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.kinematics import (
    BORON,
    CARBON,
    PROTON,
    beta,
    energy_per_rigidity,
    kinetic_energy,
    lorentz_factor,
    rigidity_from_energy,
    rigidity_per_energy,
)

SPECIES = pytest.mark.parametrize("species", [PROTON, CARBON, BORON], ids=lambda s: s.name)
RIGIDITIES = np.geomspace(0.01, 1e5, 40)


@SPECIES
@given(log_energy=st.floats(-6, 6))
def test_energy_to_rigidity_and_back(species, log_energy):
    energy = 10.0**log_energy
    there_and_back = kinetic_energy(rigidity_from_energy(energy, species), species)
    assert there_and_back == pytest.approx(energy, rel=1e-12)


@SPECIES
def test_jacobians_are_derivatives(species):
    step = 1e-5
    up, down = RIGIDITIES * (1 + step), RIGIDITIES * (1 - step)
    slope = (kinetic_energy(up, species) - kinetic_energy(down, species)) / (up - down)
    np.testing.assert_allclose(energy_per_rigidity(RIGIDITIES, species), slope, rtol=1e-9)
    energy = kinetic_energy(RIGIDITIES, species)
    np.testing.assert_allclose(rigidity_per_energy(energy, species), 1 / slope, rtol=1e-9)


def test_proton_at_its_rest_mass():
    # pc = mc^2: gamma = sqrt(2), v/c = 1/sqrt(2), T = (sqrt(2) - 1) m.
    mass = PROTON.mass_per_nucleon
    assert beta(mass) == pytest.approx(2**-0.5, rel=1e-14)
    assert kinetic_energy(mass) == pytest.approx((2**0.5 - 1) * mass, rel=1e-14)
    assert mass == pytest.approx(0.93827209, rel=1e-7)
    assert lorentz_factor(mass) == pytest.approx(2**0.5, rel=1e-14)
    assert lorentz_factor(1e9) == pytest.approx(1e9 / mass, rel=1e-14)


def test_speed_against_plasmapy():
    units = pytest.importorskip("astropy.units")
    relativity = pytest.importorskip("plasmapy.formulary.relativity")
    # A proton of 0.3 GeV; PlasmaPy brings its own mass and its own algebra.
    body = relativity.RelativisticBody("p+", kinetic_energy=0.3 * units.GeV)
    assert beta(rigidity_from_energy(0.3)) == pytest.approx(float(body.v_over_c), rel=1e-7)


def test_low_energy_does_not_cancel():
    # Newtonian limit T = p^2 / 2m at 1e-9 of the rest mass.
    rigidity = 1e-9
    expected = rigidity**2 / (2 * PROTON.mass_per_nucleon)
    assert kinetic_energy(rigidity) == pytest.approx(expected, rel=1e-12)


@SPECIES
def test_slow_below_fast_above(species):
    speeds = beta(RIGIDITIES, species)
    assert np.all(np.diff(speeds) > 0)
    assert speeds[0] < 0.02
    assert speeds[-1] == pytest.approx(1, abs=1e-9)
