"""The straightening map: undone exactly, with the right Jacobian, and worth having on a bend."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from pipeline.sampling.mixture import Mixture, fit_mixture
from pipeline.sampling.straightening import fit_straightening


def bent(n, rng):
    """A ridge in 4-D that bends and widens."""
    x = rng.standard_normal((n, 4)) * [1.0, 0.8, 0.2, 0.05]
    x[:, 2] = 0.4 * (x[:, 0] ** 2 - 1.0) + x[:, 2] * np.exp(0.5 * x[:, 0])
    return x


@pytest.fixture
def fitted():
    z = bent(4000, np.random.default_rng(1))
    return z, fit_straightening(z)


def test_it_is_undone(fitted):
    z, straightening = fitted
    x, log_volume = straightening.forward(z)
    again, log_volume_again = straightening.inverse(x)
    np.testing.assert_allclose(again, z, atol=1e-10)
    np.testing.assert_allclose(log_volume_again, log_volume, atol=1e-10)


def test_jacobian_against_differences(fitted):
    z, straightening = fitted
    step = 1e-6
    for point in z[:20]:
        near = np.concatenate([point + step * np.eye(4), point - step * np.eye(4)])
        x, _ = straightening.forward(near)
        jacobian = (x[:4] - x[4:]) / (2.0 * step)
        log_volume = straightening.forward(point[None])[1][0]
        assert log_volume == pytest.approx(-np.linalg.slogdet(jacobian)[1], abs=1e-6)


def test_one_gaussian_fits_in_straight_coordinates(fitted):
    """Mean ln of the density of fresh draws: higher by more than half a nat."""
    z, straightening = fitted
    fresh, rng = bent(4000, np.random.default_rng(2)), np.random.default_rng(0)
    plain = fit_mixture(z, 1, rng).log_density(fresh).mean()
    x, log_volume = straightening.forward(fresh)
    straight = fit_mixture(straightening.forward(z)[0], 1, rng)
    assert (straight.log_density(x) - log_volume).mean() > plain + 0.5


def test_noise_is_not_fitted():
    """400 draws in 25-D support no quadratic of 325 terms."""
    z = np.random.default_rng(3).standard_normal((400, 25))
    straightening = fit_straightening(z)
    assert np.count_nonzero(np.any(straightening.shifts[:, 1:], axis=1)) <= 1


def test_mixture_density_and_draws():
    rng = np.random.default_rng(4)
    scales = np.array([[[1.0, 0.0], [0.5, 0.3]], [[0.2, 0.0], [0.0, 2.0]]])
    mixture = Mixture(np.array([0.7, 0.3]), np.array([[0.0, 1.0], [4.0, -1.0]]), scales)
    z = mixture.draws(20_000, rng)
    parts = [
        w * multivariate_normal(m, s @ s.T).pdf(z[:50])
        for w, m, s in zip(mixture.weights, mixture.means, mixture.scales, strict=True)
    ]
    np.testing.assert_allclose(mixture.log_density(z[:50]), np.log(np.sum(parts, axis=0)))
    assert np.mean(z[:, 0] > 2.5) == pytest.approx(0.3, abs=0.02)
    again = fit_mixture(z, 2, rng)
    assert np.sort(again.weights) == pytest.approx([0.3, 0.7], abs=0.02)
    lost = mixture.log_density(z).mean() - again.log_density(z).mean()
    assert abs(lost) < 0.01
    weighted = fit_mixture(z, 2, rng, weights=np.where(z[:, 0] > 2.5, 7.0 / 3.0, 1.0))
    assert np.sort(weighted.weights) == pytest.approx([0.5, 0.5], abs=0.03)
