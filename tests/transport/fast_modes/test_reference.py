"""The slow diffusion coefficient against pinned values, plain scipy quadrature and itself."""

import numpy as np
import pytest

from transport.constants import MICROGAUSS, PC
from transport.errors import CrtuneError
from transport.fast_modes import bessel, reference
from transport.fast_modes.nested_quad import kappa_nested_quad
from transport.fast_modes.reference import kappa_reference, kappa_with_error

from .reference_values import HARDEST, STATES

CASES = [
    pytest.param(state, rigidity, kappa, id=f"{name}-{rigidity:g}GV")
    for name, (state, rigidities, kappas) in STATES.items()
    for rigidity, kappa in zip(rigidities, kappas, strict=True)
]
SEC5 = (6e-6, 0.2, 1e4, 0.6, 50 * PC)


def _check_value(state, rigidity, expected):
    kappa, error = kappa_with_error(rigidity, *state)
    assert kappa == pytest.approx(expected, rel=1.5e-4)
    assert error < 1e-4


@pytest.mark.parametrize(("state", "rigidity", "expected"), CASES[::6])
def test_pinned_values(state, rigidity, expected):
    _check_value(state, rigidity, expected)


@pytest.mark.slow
@pytest.mark.parametrize(("state", "rigidity", "expected"), CASES)
def test_every_pinned_value(state, rigidity, expected):
    _check_value(state, rigidity, expected)


@pytest.mark.parametrize(
    ("name", "rigidity"),
    [("sec5_warm", 100), ("fig2_halo", 3), ("hard_weak_turbulence", 1), ("fig2_warm", 5000)],
)
def test_truncations_and_tolerances_do_not_matter(monkeypatch, name, rigidity):
    """Wider Gaussians, exact Bessel functions further out and a tighter tolerance: same kappa."""
    state = STATES[name][0]
    kappa, error = kappa_with_error(rigidity, *state)
    monkeypatch.setattr(bessel, "W_AVERAGE", 250.0)
    monkeypatch.setattr(reference, "REACH", 9.0)
    monkeypatch.setattr(reference, "_OSCILLATION", 2.0)
    monkeypatch.setattr(reference, "_LOWEST_PITCH", 1e-6)
    tight, tight_error = kappa_with_error(rigidity, *state, tolerance=1e-6)
    assert tight_error < 1e-6
    assert kappa == pytest.approx(tight, rel=1e-5)
    assert abs(kappa / tight - 1) < error + 2e-6


def test_one_rigidity_by_nested_scipy_quadrature():
    assert kappa_nested_quad(1000.0, *SEC5) == pytest.approx(
        kappa_reference(1000.0, *SEC5), rel=1e-5
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sec5_warm", "fig2_warm"])
@pytest.mark.parametrize("rigidity", [1.0, 100.0])
def test_nested_scipy_quadrature(name, rigidity):
    state = STATES[name][0]
    expected = kappa_reference(rigidity, *state, tolerance=1e-5)
    assert kappa_nested_quad(rigidity, *state) == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("case", HARDEST, ids=lambda case: f"{case[5]:g}GV")
def test_hardest_states(case):
    B, n, T, Ma, L, rigidity, expected = case
    state = (B * MICROGAUSS, n, T, Ma, L * PC)
    assert kappa_reference(rigidity, *state) == pytest.approx(expected, rel=2e-6)


def test_mean_free_path_defaults_to_the_plasma_convention():
    given = kappa_reference(100.0, *SEC5, mean_free_path=4.540e12)
    assert kappa_reference(100.0, *SEC5) == pytest.approx(given, rel=1e-3)


@pytest.mark.slow
def test_undamped_cascade_gives_the_square_root_of_rigidity():
    """Appendix A: on scales that damping does not reach, kappa ~ R^0.5 (beta and l_mfp tiny)."""
    B, n, T = 6e-6, 0.2, 1e-2
    kappa = [kappa_reference(R, B, n, T, 1.0, 100 * PC, mean_free_path=1e5) for R in (1e4, 1e5)]
    assert np.log10(kappa[1] / kappa[0]) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    ("position", "name", "value"),
    [(0, "rigidity", -1.0), (1, "B", np.nan), (3, "T", 0.0), (5, "L", np.inf), (4, "Ma", [1, 2])],
)
def test_bad_arguments_are_named(position, name, value):
    arguments = [1.0, *SEC5]
    arguments[position] = value
    with pytest.raises(CrtuneError, match=rf"{name} = .*finite positive"):
        kappa_reference(*arguments)


def test_gyroradius_beyond_the_outer_scale_is_refused():
    with pytest.raises(CrtuneError, match="outer scale"):
        kappa_reference(1e9, *SEC5)
