"""Subset simulation against volumes known in closed form."""

import numpy as np
import pytest
from scipy.special import gammaln

from pipeline.tuning.estimators.mixture import fit_mixture
from pipeline.tuning.estimators.subset import SubsetSettings, subset_simulation
from pipeline.tuning.estimators.subset_moves import Walkers

LN2 = np.log(2)


def log_prior(theta):
    return np.where(np.all(np.abs(theta) <= 1, axis=1), 0.0, -np.inf)


def sample_prior(ndim):
    return lambda n, rng: rng.uniform(-1, 1, (n, ndim))


def sup(theta):
    return np.abs(theta).max(axis=1)


def radius(theta):
    return np.sqrt((theta**2).sum(axis=1))


def log_box(t, ndim):
    return ndim * np.log(t)


def log_ball(t, ndim):
    return 0.5 * ndim * np.log(np.pi) - gammaln(0.5 * ndim + 1) + ndim * np.log(0.5 * t)


def repeat(g, ndim, lowest, n, **settings):
    options = SubsetSettings(**settings)
    return [
        subset_simulation(g, log_prior, sample_prior(ndim), lowest, options, rng)
        for rng in np.random.default_rng(3).spawn(n)
    ]


@pytest.mark.parametrize(
    ("g", "exact", "ndim", "lowest"),
    [
        (sup, log_box, 5, 0.03),  # 25 bits
        (radius, log_ball, 8, 0.3),  # 20 bits
    ],
)
def test_volumes(g, exact, ndim, lowest):
    """Runs scatter by 0.2 bits, so that the mean of four is good to 0.1."""
    runs = repeat(g, ndim, lowest, 4)
    for t in np.array([1.0, 2.0]) * lowest:
        off = np.array([run.log_fraction([t])[0] for run in runs]) - exact(t, ndim)
        assert abs(off.mean()) < 0.35 * LN2
        assert off.std(ddof=1) < 0.5 * LN2
        claimed = np.sqrt(np.mean([run.log_variance([t])[0] for run in runs]))
        assert 0.25 < off.std(ddof=1) / claimed < 3.0  # chi2 of 3: 99% within 0.15 and 2.1
    assert all(run.memory.max() < 0.2 for run in runs)


def test_few_moves_are_wrong_and_the_run_says_so():
    """Off by more than half a bit at 13 bits, with a high `memory`; fewer still give no number."""
    runs = repeat(radius, 6, 0.3, 4, min_moves=8, max_moves=8, walkers=120)
    off = np.array([run.log_fraction([0.3])[0] for run in runs]) - log_ball(0.3, 6)
    assert np.sqrt(np.mean(off**2)) > 0.5 * LN2
    assert min(run.memory.max() for run in runs) > 0.5
    runs = repeat(radius, 10, 0.3, 4, min_moves=3, max_moves=3, walkers=120)
    assert all(np.isneginf(run.log_fraction([0.3])[0]) for run in runs)


def test_two_separate_boxes_keep_their_shares():
    """|x0| near 0.6: a lost part would cost a whole bit."""

    def g(theta):
        shifted = theta.copy()
        shifted[:, 0] = np.abs(theta[:, 0]) - 0.6
        return sup(shifted)

    ndim, t = 5, 0.1
    runs = repeat(g, ndim, t, 3)
    log_f = np.array([run.log_fraction([t])[0] for run in runs])
    assert np.mean(log_f) == pytest.approx(np.log(2) + ndim * np.log(t), abs=0.3)
    assert all({-1.0, 1.0} == set(np.sign(run.best[:, 0])) for run in runs)


def test_walkers_stay_in_equilibrium():
    """Started uniform in a ball, they stay uniform in it: radii and one coordinate, by KS."""
    from scipy import stats

    rng = np.random.default_rng(5)
    ndim, n, t = 4, 2000, 0.9
    start = rng.standard_normal((n, ndim))
    start *= t * rng.random((n, 1)) ** (1 / ndim) / radius(start)[:, None]
    skew = start[start[:, 0] > 0.1]  # a proposal that does not fit must not matter
    fits = fit_mixture(skew, 2, rng), fit_mixture(-skew, 1, rng)
    walkers = Walkers(radius, log_prior, start, radius(start), t, fits, 1.0)
    for _ in range(40):
        walkers.move(rng)
    assert walkers.memory() < 0.1
    assert stats.kstest((walkers.values / t) ** ndim, "uniform").pvalue > 1e-3
    assert stats.kstest((walkers.theta[:, 0] + t) / (2 * t), stats.beta(2.5, 2.5).cdf).pvalue > 1e-3
    np.testing.assert_array_equal(walkers.values, radius(walkers.theta))


def test_a_prior_that_is_not_flat():
    """Standard normals: P(r <= t) is the chi distribution's."""
    from scipy import stats

    ndim, t = 5, 0.4
    runs = [
        subset_simulation(
            radius,
            lambda theta: -0.5 * (theta**2).sum(axis=1),
            lambda n, rng: rng.standard_normal((n, ndim)),
            t,
            SubsetSettings(),
            rng,
        )
        for rng in np.random.default_rng(7).spawn(3)
    ]
    log_f = np.mean([run.log_fraction([t])[0] for run in runs])
    assert log_f == pytest.approx(stats.chi(ndim).logcdf(t), abs=0.3)


def test_it_ends_where_nothing_is_lower():
    """g with a flat bottom of mass 1/8, and g that is impossible almost everywhere."""
    stairs = repeat(lambda x: np.where((x > 0).all(axis=1), 0.5, 0.5 + radius(x)), 3, 0.1, 1)[0]
    np.testing.assert_allclose(stairs.log_fraction([0.5]), np.log(1 / 8), atol=0.1)
    assert np.isneginf(stairs.log_fraction([0.4]))
    nothing = repeat(lambda x: np.full(len(x), np.inf), 2, 0.1, 1)[0]
    assert nothing.best.shape == (0, 2)
    assert np.isneginf(nothing.log_fraction([1.0]))
