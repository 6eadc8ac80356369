"""Mutual information against closed forms, and where each estimate fails."""

import numpy as np
import pytest
from scipy.stats import norm

from pipeline.tuning.measures.mutual_information import (
    gaussian_information,
    kraskov,
    media_information,
    normal_scores,
    pair_information,
)
from transport.parameters import Parameter

A, B = np.arange(5), np.arange(5, 10)


def parameters(*media):
    return tuple(
        Parameter(f"x{i}", "", f"x_{{{i}}}", "toy", 1.0, medium=m) for i, m in enumerate(media)
    )


def five_and_five(seed=1):
    """Covariance of 5 + 5 coordinates and their mutual information in bits."""
    factor = np.random.default_rng(seed).standard_normal((10, 14))
    covariance = factor @ factor.T
    log_det = [np.linalg.slogdet(covariance[np.ix_(g, g)])[1] for g in (A, B, np.arange(10))]
    return covariance, 0.5 * (log_det[0] + log_det[1] - log_det[2]) / np.log(2.0)


def draws_of(covariance, n, rng):
    return rng.multivariate_normal(np.zeros(len(covariance)), covariance, size=n, method="cholesky")


def parabola(n, noise, rng):
    """y = x^2 + noise: draws, and I = h(y) - h(noise) in bits by quadrature."""
    x = rng.standard_normal(n)
    y = x**2 + noise * rng.standard_normal(n)

    # density of y: 2 phi(u) N(y; u^2, noise) over u > 0, in steps far below noise / 2u
    u = np.linspace(0.0, 6.0, 6001)
    grid = np.concatenate([np.linspace(-6 * noise, 3, 1200), np.linspace(3, 30, 800)[1:]])
    p = np.trapezoid(2 * norm.pdf(u) * norm.pdf(grid[:, None], u**2, noise), u, axis=1)
    entropy = -np.trapezoid(np.where(p > 0, p * np.log2(np.where(p > 0, p, 1)), 0), grid)
    return x, y, entropy - 0.5 * np.log2(2 * np.pi * np.e * noise**2)


def test_gaussian_of_five_and_five():
    covariance, truth = five_and_five()
    rng = np.random.default_rng(2)
    # exp() of some coordinates: still a Gaussian copula, no longer a Gaussian
    draws = draws_of(covariance, 4000, rng)
    bent = draws.copy()
    bent[:, ::2] = np.exp(draws[:, ::2])
    media = parameters(*["halo"] * 5, *["warm layer"] * 5)
    straight, ranked = (media_information(media, d, rng) for d in (draws, bent))
    assert truth > 1.0
    assert straight.media == ("warm layer", "halo")
    assert straight.gaussian[0, 1] == pytest.approx(truth, abs=4 * straight.gaussian_error[0, 1])
    assert straight.gaussian_error[0, 1] < 0.05 * truth
    assert ranked.ranked[0, 1] == pytest.approx(truth, abs=4 * ranked.ranked_error[0, 1])
    assert ranked.gaussian[0, 1] < truth - 10 * ranked.gaussian_error[0, 1]
    # there is nothing else, so the other medium is all the rest
    assert straight.gaussian_rest == pytest.approx(straight.gaussian[0, 1], rel=1e-9)


def test_no_excess_from_few_draws():
    covariance, truth = five_and_five()
    rng = np.random.default_rng(3)
    found = [gaussian_information(draws_of(covariance, 40, rng), A, B) for _ in range(600)]
    # uncorrected, 25 / 80 nats too much: 0.45 bits
    assert np.mean(found) == pytest.approx(truth, abs=4 * np.std(found) / np.sqrt(600))
    assert np.std(found) / np.sqrt(600) < 0.03


def test_independent_media_share_nothing():
    rng = np.random.default_rng(4)
    draws = rng.standard_normal((2000, 6))
    media = parameters("injection", "halo", "halo", "warm layer", "warm layer", "heliosphere")
    result = media_information(media, draws, rng)
    for kind in ("gaussian", "ranked"):
        off = ~np.eye(4, dtype=bool)
        bits, error = getattr(result, kind)[off], getattr(result, f"{kind}_error")[off]
        # near 0 the estimate is one-sided and quadratic: d_A d_B / 2n nats is its scale
        assert np.all(np.abs(bits) < 4 * error)
        assert np.all(error < 0.005)


def test_errors_are_the_scatter_of_repetitions():
    covariance, _ = five_and_five()
    rng = np.random.default_rng(5)
    media = parameters(*["halo"] * 5, *["warm layer"] * 5)
    results = [media_information(media, draws_of(covariance, 400, rng), rng) for _ in range(30)]
    scatter = np.std([r.gaussian[0, 1] for r in results], ddof=1)
    claimed = np.sqrt(np.mean([r.gaussian_error[0, 1] ** 2 for r in results]))
    assert 0.65 < scatter / claimed < 1.4


def test_a_parabola_is_invisible_to_the_gaussian_estimate():
    rng = np.random.default_rng(6)
    x, y, truth = parabola(2000, 0.1, rng)
    points = np.column_stack([x, y])
    assert truth > 2.0
    assert gaussian_information(points, [0], [1]) < 0.1
    assert gaussian_information(normal_scores(points), [0], [1]) < 0.1
    result = pair_information(parameters("halo", "warm layer"), points, rng)
    assert result.bits[0, 1] == pytest.approx(truth, abs=4 * result.bits_error[0, 1] + 0.02)
    assert result.bits_error[0, 1] < 0.06
    assert result.bits[0, 1] > result.null_limit


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.95, 0.999])
def test_neighbours_of_gaussian_pairs(rho):
    rng = np.random.default_rng(7)
    truth = -0.5 * np.log2(1 - rho**2)
    found = [kraskov(*draws_of([[1, rho], [rho, 1]], 1000, rng).T) for _ in range(30)]
    bits, claimed = np.array(found).T
    assert bits.mean() == pytest.approx(truth, abs=4 * bits.std() / np.sqrt(30) + 0.01)
    assert bits.std(ddof=1) / claimed.mean() == pytest.approx(1.0, abs=0.4)  # 13% from 30


def test_neighbours_do_not_resolve_a_thin_line():
    rng = np.random.default_rng(13)
    rho = 1 - 5e-9
    truth = -0.5 * np.log2(1 - rho**2)
    found = kraskov(*draws_of([[1, rho], [rho, 1]], 1000, rng).T)[0]
    assert truth > 13.0
    assert 6.0 < found < 0.8 * truth  # seen as dependence, but not how much


def test_neighbours_agree_with_scikit_learn():
    library = pytest.importorskip("sklearn.feature_selection")
    rng = np.random.default_rng(8)
    points = draws_of([[1, 0.8], [0.8, 1]], 1500, rng)
    points /= points.std(axis=0)
    theirs = library.mutual_info_regression(points[:, :1], points[:, 1], n_neighbors=4)[0]
    assert kraskov(*points.T)[0] == pytest.approx(theirs / np.log(2.0), abs=1e-3)


def test_independent_pairs_keep_to_the_null():
    rng = np.random.default_rng(9)
    draws = np.exp(rng.standard_normal((1000, 12)))
    result = pair_information(parameters(*["halo"] * 12), draws, rng)
    bits = result.bits[np.triu_indices(12, 1)]
    # 66 pairs at 1% each: 4 or more in 0.4% of cases
    assert np.sum(bits > result.null_limit) < 4
    assert abs(result.null_mean) < 0.01
    assert abs(bits.mean() - result.null_mean) < 4 * bits.std() / np.sqrt(len(bits))


def test_two_modes_are_one_bit():
    rng = np.random.default_rng(10)
    draws = 5.0 * rng.choice([-1.0, 1.0], (2000, 1)) + rng.standard_normal((2000, 2))
    result = pair_information(parameters("halo", "warm layer"), draws, rng)
    assert result.bits[0, 1] == pytest.approx(1.0, abs=4 * result.bits_error[0, 1] + 0.02)
    # a correlation of 25/26 makes it 1.9 bits for the Gaussian estimate
    assert gaussian_information(draws, [0], [1]) > 1.7


def test_degenerate_directions():
    rng = np.random.default_rng(11)
    covariance, _ = five_and_five()
    draws = draws_of(covariance, 1000, rng)
    plain = gaussian_information(draws, A, B)
    extra = np.column_stack([draws, draws[:, 0] - 2 * draws[:, 1], np.full(1000, 7.0)])
    # a combination of others of its own group and a constant say nothing new
    assert gaussian_information(extra, [*A, 10, 11], B) == pytest.approx(plain, abs=1e-6)
    assert gaussian_information(extra, [11], B) == 0.0
    # one group that fixes a direction of the other: as much as doubles can tell
    assert gaussian_information(extra, A, [10]) > 20.0


def test_pairs_of_repeated_draws_and_constants():
    rng = np.random.default_rng(12)
    draws = np.column_stack([rng.standard_normal((500, 2)), np.full(500, 3.0)])
    media = parameters("halo", "warm layer", "injection")
    once = pair_information(media, draws, np.random.default_rng(1))
    thrice = pair_information(media, np.repeat(draws, 3, axis=0), np.random.default_rng(1))
    assert once.n_draws == thrice.n_draws == 500
    np.testing.assert_array_equal(once.bits, thrice.bits)
    assert once.bits[0, 2] == once.bits[2, 1] == 0.0
    assert np.isnan(np.diag(once.bits)).all()
