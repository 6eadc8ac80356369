"""Rates and cutoffs of eqs. A4-A6 against their definitions and small-angle limits."""

import itertools

import numpy as np
import pytest

from transport.constants import ELECTRON_MASS, PC, PROTON_MASS
from transport.fast_modes import damping
from transport.fast_modes.damping import Cascade

WARM = Cascade.from_plasma(6e-6, 0.2, 1e4, 0.6, 50 * PC)
HALO = Cascade.from_plasma(6e-6, 1e-3, 2e6, 1.0, 100 * PC)
HIGH_BETA = Cascade.from_plasma(1.73e-6, 0.107, 17386.0, 1.03, 39 * PC)
U = np.linspace(-15, 9, 97)


def test_direction_is_exact_at_both_ends():
    sine, cosine = damping.direction(U)
    np.testing.assert_allclose(sine / cosine, np.exp(U), rtol=1e-14)
    np.testing.assert_allclose(sine**2 + cosine**2, 1.0, rtol=1e-14)


@pytest.mark.parametrize("cascade", [WARM, HALO])
@pytest.mark.parametrize(
    ("cutoff", "rate"),
    [
        (damping.viscous_cutoff, damping.viscous_damping_rate),
        (damping.collisionless_cutoff, damping.collisionless_damping_rate),
    ],
)
def test_cutoff_is_where_damping_overtakes_the_cascade(cascade, cutoff, rate):
    u = np.linspace(-15, 3, 50)  # beyond, nothing of the exponentials is left at low beta
    k = cutoff(u, cascade)
    np.testing.assert_allclose(rate(k, u, cascade), damping.cascade_rate(k, cascade), rtol=1e-12)
    assert np.all(rate(2 * k, u, cascade) > damping.cascade_rate(2 * k, cascade))


def test_small_angle_limits_printed_in_the_paper():
    theta, k = 1e-4, 1e-14
    u = np.log(np.tan(theta))
    viscous = HALO.nu_B * k**2 * theta**2 / 6
    assert damping.viscous_damping_rate(k, u, HALO) == pytest.approx(viscous, rel=1e-7)
    # A6: at low beta electrons alone damp; the paper's limit drops their exponential.
    low_beta = WARM._replace(beta=0.02)
    electrons = np.sqrt(np.pi * 0.02 * ELECTRON_MASS / PROTON_MASS) * theta**2 / 4 * k * WARM.v_A
    electrons *= np.exp(-ELECTRON_MASS / PROTON_MASS / 0.02)
    rate = damping.collisionless_damping_rate(k, u, low_beta)
    assert rate == pytest.approx(electrons, rel=1e-6)


def test_ions_damp_at_high_beta_and_not_at_low_beta():
    root = np.sqrt(ELECTRON_MASS / PROTON_MASS)
    both = root * np.exp(-(root**2) / 30) + 5 * np.exp(-1 / 30)
    electrons = root * np.exp(-(root**2) / 0.02)
    high, low = (
        damping.collisionless_damping_rate(1.0, -9.0, WARM._replace(beta=beta)) / np.sqrt(beta)
        for beta in (30.0, 0.02)
    )
    assert high / low == pytest.approx(both / electrons, rel=1e-6)
    assert high / low > 200


@pytest.mark.parametrize("cascade", [WARM, HALO, HIGH_BETA])
def test_k_max_follows_the_rule_of_the_appendix(cascade):
    for u, k in zip(U, damping.k_max(U, cascade), strict=True):
        cosine = damping.direction(u)[1]
        viscous = damping.viscous_cutoff(u, cascade)
        if viscous * cosine * cascade.l_mfp < 1:
            assert k == pytest.approx(viscous, rel=1e-14)
        else:
            collisionless = damping.collisionless_cutoff(u, cascade)
            clamp = 1 / (cascade.l_mfp * cosine)
            assert k == pytest.approx(max(collisionless, clamp), rel=1e-14)
            assert k * cosine * cascade.l_mfp >= 1 - 1e-12


def test_all_three_regimes_occur_in_order_at_high_beta():
    """From parallel to perpendicular: collisionless, clamped (flat in k_par), viscous."""
    k = damping.k_max(U, HIGH_BETA)
    parallel = k * damping.direction(U)[1] * HIGH_BETA.l_mfp
    regime = np.select([parallel > 1 + 1e-9, parallel > 1 - 1e-9], [0, 1], 2)
    assert set(regime) == {0, 1, 2}
    assert (np.diff(regime) >= 0).all()


def test_k_max_is_not_monotonic():
    """It drops at the switch to viscous damping, from a clamp that rises."""
    k = damping.k_max(U, HIGH_BETA)
    assert (np.diff(k) > 0).any()
    drop = damping.switches(WARM)[0]
    below, above = damping.k_max(np.array([drop - 1e-9, drop + 1e-9]), WARM)
    assert below / above > 5


@pytest.mark.parametrize("cascade", [WARM, HALO, HIGH_BETA])
def test_switches_leave_smooth_pieces_on_one_side_of_the_outer_scale(cascade):
    """Between two switches nothing jumps, and k_max L - 1 keeps its sign."""
    edges = np.concatenate([[-16.0], damping.switches(cascade), [11.0]])
    for low, high in itertools.pairwise(edges):
        if high - low < 1e-6 or low < -16 or high > 11:
            continue
        u = np.linspace(low, high, 4001)[1:-1]
        k = damping.k_max(u, cascade)
        assert np.abs(np.diff(np.log(k))).max() < 12 * (u[1] - u[0]) * max(1, 2 / cascade.beta)
        assert len(np.unique(np.sign(k * cascade.L - 1))) == 1
