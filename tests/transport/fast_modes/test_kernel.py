"""The fast kernel against reference values, its own building blocks and limits."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import j1, jvp

from tests.transport.fast_modes.reference_values import (
    FAST_WAVES,
    HARD_RIGIDITIES,
    HARDEST,
    RIGIDITIES,
    STATES,
)
from transport.constants import PC
from transport.fast_modes.cone import (
    collisionless_cutoff,
    cone_edges,
    log_k_collisionless,
    log_k_viscous,
    viscous_cutoff,
)
from transport.fast_modes.kernel import kappa_turb
from transport.fast_modes.reference import kappa_reference
from transport.fast_modes.tables import H_MIN, H_STEP, T_MIN, T_STEP, universal_tables
from transport.fast_modes.transit_time import nodes_of_all_angles, transit_time
from transport.fast_modes.undamped import kappa_undamped, undamped_plasma
from transport.plasma import alfven_speed, braginskii_viscosity, plasma_beta, thermal_speed

HARD = np.array(HARD_RIGIDITIES, float)
RIGIDITY = np.array(RIGIDITIES, float)


@pytest.mark.parametrize("name", STATES)
def test_reference_values(name):
    state, rigidity, expected = STATES[name]
    assert kappa_turb(np.array(rigidity, float), *state)[0] == pytest.approx(expected, rel=1e-3)


def test_batches_do_not_mix():
    states = np.array([s for s, _, _ in STATES.values()])
    together = kappa_turb(HARD, *states.T)
    for row, state in zip(together, states, strict=True):
        assert row == pytest.approx(kappa_turb(HARD, *state)[0], rel=1e-12)


def test_a_rigidity_does_not_depend_on_its_company():
    state, _, _ = STATES["sec5_warm"]
    alone = [kappa_turb(np.array([r]), *state)[0, 0] for r in RIGIDITY]
    assert kappa_turb(RIGIDITY, *state)[0] == pytest.approx(alone, rel=3e-4)


def test_what_the_kernel_cannot_do_is_nan_and_its_company_is_untouched():
    state, rigidity, _ = STATES["sec5_warm"]
    rigidity = np.array([*rigidity, 1e8], float)
    batch = np.array([state, state, state, state], float)
    batch[1, 3], batch[2, 3], batch[3, 2] = 0.01, np.nan, -1.0
    got = kappa_turb(rigidity, *batch.T)
    assert np.isnan(got[1:]).all()
    assert np.isnan(got[0, -1])  # the gyroradius is larger than the outer scale
    assert got[0, :-1] == pytest.approx(kappa_turb(rigidity[:-1], *state)[0], rel=1e-3)


def test_cone_table_is_the_integral_of_the_docstring():
    tables = universal_tables()
    t = np.exp(np.log(T_MIN) + T_STEP * np.arange(tables.cone.shape[0]))
    for i, j in [(100, 5), (300, 30), (420, 12), (500, 20)]:
        u = tables.u[j]
        expected = quad(
            lambda s, u=u: s * (1 + s * s) ** -2.75 * jvp(1, s / u) ** 2, 0, t[i], limit=500
        )[0]
        got = tables.cone[i, j] * t[i] ** 2 / (1 + t[i] ** 2) / np.sqrt(u)
        assert got == pytest.approx(expected, rel=1e-6)


def test_h_table_is_the_integral_of_the_docstring():
    table = universal_tables().h_deficit
    u = H_MIN * np.exp(H_STEP * np.arange(table.size))
    for i in (0, 100, 250, 400):
        expected = quad(lambda s: 2 * s**-4 * j1(s * s) ** 2, 0, np.sqrt(u[i]), limit=500)[0]
        assert table[i] == pytest.approx(expected, rel=1e-6)


def test_gaussian_weights_integrate_powers():
    tables = universal_tables()
    i = 60
    ma, j = np.exp(tables.log_ma[i]), 18
    y = tables.y[i, j]
    for weights, slope in [(0, 1.0), (0, 1.5), (2, 1.5), (2, 2.0)]:
        expected = quad(lambda u, s=slope: u**s * np.exp(-((y - u) ** 2) / ma), 0, 20, limit=200)[0]
        got = tables.gauss[i, weights, :, j] @ tables.u**slope
        assert got == pytest.approx(expected, rel=1e-6 if slope in (1.0, 2.0) else 1e-3)


@pytest.mark.parametrize("state", [s for s, _, _ in STATES.values()])
def test_cone_edges_equate_cascade_and_damping(state):
    """At an edge the rates of A4 and of A5 or A6 are equal, in the paper's own variables."""
    b, n, t, ma, scale, mfp = state
    v_a, beta = alfven_speed(b, n), plasma_beta(b, n, t)
    viscosity = braginskii_viscosity(mfp, thermal_speed(t))
    n_line, step, first = 40, 0.3, 20
    start = np.log(mfp) - first * step
    _, edges, *_ = cone_edges(start, step, n_line, first, v_a, beta, viscosity, ma, scale, mfp)
    for m in range(n_line):
        tangent = np.exp(edges[m, 0])
        cos = 1 / np.sqrt(1 + tangent**2)
        sin2 = tangent**2 * cos**2
        k = np.exp(-start - m * step) / cos
        cascade = np.sqrt(k / scale) * ma**2 * v_a  # A4 with delta V = Ma v_A, V_ph = v_A
        viscous = viscosity * k**2 * sin2 / 6  # A5
        ratio = np.sqrt(1 / 1836.15267)
        bracket = ratio * np.exp(-(ratio**2) / (beta * cos**2)) + 5 * np.exp(-1 / (beta * cos**2))
        collisionless = np.sqrt(np.pi * beta) * sin2 / (4 * cos) * k * v_a * bracket  # A6
        if m >= first:
            assert viscous == pytest.approx(cascade, rel=1e-5)
        elif edges[m, 0] < edges[first, 0] - 1e-6:  # narrower than what viscosity left
            assert collisionless == pytest.approx(cascade, rel=1e-5)
        else:
            assert collisionless <= cascade


def test_bands_at_large_angles_are_found():
    """Around beta = 0.3 collisionless damping dips again beyond tens of degrees."""
    v_a, beta, ma, scale, mfp = 1e7, 0.3, 1.0, 100 * PC, 30 * PC
    viscosity = 1e-9 * mfp * v_a  # damps nothing but the last degrees
    n = 60
    start = np.log(mfp) - 25.0
    top, edges, points, weights = cone_edges(start, 0.4, n, n, v_a, beta, viscosity, ma, scale, mfp)
    cells = np.unique(np.floor((points[weights > 0] - start) / 0.4))
    assert cells.size >= 1
    assert weights.sum() == pytest.approx(cells.size)
    theta = np.arctan(np.exp(np.linspace(-12, top, 20001)))
    log_kc = log_k_collisionless(beta, ma, scale)
    log_k = np.array([collisionless_cutoff(np.log(np.tan(a)), beta)[0] for a in theta]) + log_kc
    bands = 0
    for m in range(n):
        surviving = log_k > -start - 0.4 * m
        crossings = int(np.sum(surviving[1:] != surviving[:-1]))
        row = edges[m]
        n_bands = int(np.sum(row[1::2] < row[2::2]))
        bands += n_bands
        inside = theta < np.arctan(np.exp(row[0]))
        for e in range(1, row.size, 2):
            low, high = np.arctan(np.exp(row[e])), np.arctan(np.exp(row[e + 1]))
            inside |= (theta > low) & (theta < high)
        assert np.mean(inside != surviving) < 2e-3 * max(1, crossings)
    assert bands > 0


def test_viscous_cutoff_derivative():
    for x in (-6.0, -1.0, 0.5, 3.0):
        numeric = (viscous_cutoff(x + 1e-5)[0] - viscous_cutoff(x - 1e-5)[0]) / 2e-5
        assert viscous_cutoff(x)[1] == pytest.approx(numeric, rel=1e-6)
        for beta in (0.05, 0.3, 5.0):
            up, down = (
                collisionless_cutoff(x + 1e-5, beta)[0],
                collisionless_cutoff(x - 1e-5, beta)[0],
            )
            assert collisionless_cutoff(x, beta)[1] == pytest.approx(
                (up - down) / 2e-5, rel=1e-5, abs=1e-6
            )
    assert log_k_viscous(1.0, 6.0, 1.0, 1.0) == pytest.approx(0.0)


@pytest.mark.parametrize("case", HARDEST[:-1], ids=lambda c: f"{c[5]:.4g}GV")
def test_states_where_fast_kernels_were_worst(case):
    """Found by climbing from random states towards larger errors of this and earlier kernels."""
    b, n, t, ma, scale, rigidity, expected = case
    got = kappa_turb([rigidity], 1e-6 * b, n, t, ma, scale * PC)[0, 0]
    assert got == pytest.approx(expected, rel=1.5e-3)


@pytest.mark.parametrize("case", FAST_WAVES, ids=lambda c: f"{c[0]:g}uG, {c[5]:g}GV")
def test_states_with_a_large_alfven_speed(case):
    b, n, t, ma, scale, rigidity, expected = case
    alone = kappa_turb([rigidity], 1e-6 * b, n, t, ma, scale * PC)[0, 0]
    assert alone == pytest.approx(expected, rel=1e-3)
    # among easy rigidities the hard ones are found and done alike
    grid = np.sort(np.append(np.geomspace(0.05, 1e5, 30), rigidity))
    together = kappa_turb(grid, 1e-6 * b, n, t, ma, scale * PC)[0, grid == rigidity]
    assert together == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("name", ["sec5_warm", "fig2_halo", "hard_high_beta"])
def test_the_sum_over_all_angles_is_that_of_few_angles(name):
    """Without the resonance, both quadratures in theta give M_0."""
    b, n, t, ma, scale, mfp = STATES[name][0]
    v_a, beta = alfven_speed(b, n), plasma_beta(b, n, t)
    viscosity = braginskii_viscosity(mfp, thermal_speed(t))
    plasma = (v_a, beta, viscosity, ma, scale, mfp)
    top, edges, *_ = cone_edges(np.log(mfp), 0.12, 1, 0, *plasma)
    arguments = (np.log(1e12), 40, universal_tables().h_deficit, edges[1], top, *plasma)
    coarse = transit_time(*arguments)[0]
    _, values = nodes_of_all_angles(*arguments, 1e4)
    assert values.sum(axis=1) == pytest.approx(coarse, rel=3e-3)


@pytest.mark.parametrize("rigidity", [0.3, 30.0])
def test_undamped_cascade_against_the_reference(rigidity):
    b, n, ma, scale = 8e-6, 0.03, 0.5, 40 * PC
    t, mfp = undamped_plasma()
    expected = kappa_reference(rigidity, b, n, t, ma, scale, mean_free_path=mfp)
    assert kappa_undamped([rigidity], b, n, ma, scale)[0, 0] == pytest.approx(expected, rel=1e-3)
