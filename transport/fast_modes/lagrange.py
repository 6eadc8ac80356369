"""Lagrange weights for equally spaced points."""

from transport.fast_modes.jit import njit


@njit
def lagrange4(x):
    """Weights of the cubic through points -1, 0, 1, 2 at x in [0, 1]."""
    return (
        -x * (x - 1.0) * (x - 2.0) / 6.0,
        (x + 1.0) * (x - 1.0) * (x - 2.0) / 2.0,
        -(x + 1.0) * x * (x - 2.0) / 2.0,
        (x + 1.0) * x * (x - 1.0) / 6.0,
    )


@njit
def lagrange6(x):
    """Weights of the quintic through points -2, -1, 0, 1, 2, 3 at x in [0, 1]."""
    a, b, c, d, e, f = x + 2.0, x + 1.0, x, x - 1.0, x - 2.0, x - 3.0
    return (
        -b * c * d * e * f / 120.0,
        a * c * d * e * f / 24.0,
        -a * b * d * e * f / 12.0,
        a * b * c * e * f / 12.0,
        -a * b * c * d * f / 24.0,
        a * b * c * d * e / 120.0,
    )
