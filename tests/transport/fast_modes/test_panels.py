"""Quadrature and Bessel pieces against closed forms and against scipy."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import j1, jvp

from transport.fast_modes import bessel
from transport.fast_modes.panels import GAUSS, KRONROD, NODES, integrate


def test_rules_have_their_polynomial_degree():
    for degree in range(0, 24, 2):
        assert KRONROD @ NODES**degree == pytest.approx(2 / (degree + 1), rel=1e-13)
    for degree in range(0, 14, 2):
        assert GAUSS @ NODES**degree == pytest.approx(2 / (degree + 1), rel=1e-13)


def test_many_integrals_at_once_within_their_own_error_estimates():
    """Peaks of very different width, a root, and a jump off the panel edges."""
    widths = np.array([1.0, 1e-2, 1e-3])

    def integrand(group, x):
        peaks = np.exp(-(((x - 0.3) / widths[np.minimum(group, 2), None]) ** 2))
        values = np.select(
            [group[:, None] == 3, group[:, None] == 4], [np.sqrt(x), x > 0.123], peaks
        )
        return values, np.zeros_like(values)

    group = np.repeat(np.arange(5), 10)
    edges = np.linspace(0, 1, 11)
    lower, upper = np.tile(edges[:-1], 5), np.tile(edges[1:], 5)
    total, error = integrate(integrand, group, lower, upper, 5, 1e-8)
    exact = np.array([quad(lambda x: np.exp(-((x - 0.3) ** 2)), 0, 1)[0], 0, 0, 2 / 3, 0.877])
    exact[1:3] = np.sqrt(np.pi) * widths[1:]
    np.testing.assert_allclose(total, exact, rtol=1e-8)
    assert np.all(np.abs(total - exact) <= error + 1e-15)
    assert np.all(error <= 1.01e-8 * exact)


def test_errors_of_the_integrand_are_carried_along():
    def integrand(_, x):
        return np.ones_like(x), np.full_like(x, 0.25)

    zero = np.zeros(1, dtype=int)
    total, error = integrate(integrand, zero, np.zeros(1), np.full(1, 2.0), 1, 1e-6)
    assert total[0] == pytest.approx(2.0)
    assert error[0] == pytest.approx(0.5)


def test_a_hopeless_integral_says_so():
    def integrand(_, x):
        return 1 / x, np.zeros_like(x)

    zero = np.zeros(1, dtype=int)
    with pytest.raises(ArithmeticError, match="rtol"):
        integrate(integrand, zero, np.zeros(1), np.ones(1), 1, 1e-6, max_rounds=20)


@pytest.mark.parametrize("w", [1e-9, 1e-3, 1.0, 4.999, 5.001, 17.3, 150.0])
def test_transit_primitive_against_quad(w):
    def integrand(t):
        return t**-2.5 * j1(t) ** 2

    # sqrt(t) as the variable takes the root at 0 away
    exact = quad(lambda r: 2 * r * integrand(r * r), 0, np.sqrt(w), limit=500, epsabs=0)[0]
    assert bessel.transit_primitive(np.array([w]))[0] == pytest.approx(exact, rel=1e-9)


def test_transit_primitive_joins_its_limit():
    ends = bessel.transit_primitive(np.array([199.999999, 200.000001, 1e9]))
    assert ends[0] == pytest.approx(ends[1], rel=5e-9)
    assert ends[2] == pytest.approx(bessel.TRANSIT_TOTAL, rel=1e-14)


def test_bessel_derivative_squared():
    w = np.geomspace(1e-12, 99, 200)
    expected = jvp(1, w) ** 2
    np.testing.assert_allclose(bessel.bessel_derivative_squared(w), expected, rtol=1e-9, atol=1e-14)
    # Beyond, the mean: half a period apart the oscillation cancels.
    w = np.array([150.0, 150.0 + np.pi / 2])
    exact = w * jvp(1, w) ** 2
    assert np.mean(w * bessel.bessel_derivative_squared(w)) == pytest.approx(exact.mean(), rel=5e-3)
