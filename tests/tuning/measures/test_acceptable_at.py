"""Acceptable fractions at one precision, and of two estimates of it."""

import math
from dataclasses import replace

import numpy as np
import pytest

from pipeline.tuning.measures.acceptable_at import acceptable_at, percent
from tests.tuning.fake_results import (
    acceptable,
)


def test_acceptable_fraction_between_the_points_of_its_grid():
    # the fake is linear in ln ln(1 + eps), as is the interpolation
    for epsilon in (1.0, 0.5, 0.237, 0.051):
        bits, error, note = acceptable_at(acceptable(slope=6.0), epsilon)
        assert bits == pytest.approx(6.0 * np.log(np.log(4.0) / np.log1p(epsilon)), abs=1e-9)
        assert error == pytest.approx(0.1 + 0.01 * bits, abs=1e-9)
        assert note == ""


def test_nothing_below_the_floor_and_a_bound_above_it():
    fraction = acceptable(floor=0.15, reach=0.45)
    assert acceptable_at(fraction, 0.1)[::2] == (math.inf, "none: floor 15%")
    bits, error, note = acceptable_at(fraction, 0.2)
    assert bits == fraction.bits[np.isfinite(fraction.bits)].max()
    assert math.isnan(error)
    assert note == "lower bound"
    unknown = np.full(fraction.epsilon.shape, np.nan)
    nothing = replace(fraction, bits=unknown, plain_bits=unknown)
    assert acceptable_at(nothing, 1.0)[2] == "not measured"
    assert acceptable_at(replace(nothing, deepest_bits=31.0), 1.0)[::2] == (31.0, "lower bound")
    assert [percent(e) for e in (0.456, 1.0, 2.5)] == ["46%", "100%", "factor 3.5"]


def test_counting_and_subset_simulation_are_averaged_as_the_particle_data_group_does():
    fraction = acceptable()
    fraction = replace(
        fraction,
        bits=np.array([4.0, 4.0, 4.0, np.inf, np.nan]),
        bits_error=np.array([0.3, 0.3, 0.3, 0.0, np.nan]),
        plain_bits=np.array([4.1, 6.0, np.nan, np.nan, 2.0]),
        plain_bits_error=np.array([0.4, 0.4, np.nan, np.nan, 0.2]),
    )
    bits, error = fraction.best_bits()
    # weights 16 : 9, error 0.12 of what they have in common: 0.24; 2 apart are 4 sigma
    np.testing.assert_allclose(bits, [4.036, 4.72, 4.0, np.inf, 2.0])
    np.testing.assert_allclose(error, [0.24, 0.96, 0.3, 0.0, 0.2])
