"""The shuffle test against closed forms: Gaussians, a triangle with walls, two modes."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import chi2, multivariate_normal, norm

from pipeline.tuning.estimators.shuffling import EACH
from pipeline.tuning.measures.conspiracy import CRITERIA, KEPT, shuffle_tests
from tests.toy_problems import GaussianProblem


class MediaProblem(GaussianProblem):
    """The Gaussian with media; its "data" are 1 and the model exp(x), so ln(model/data) = x."""

    def __init__(self, media, **options):
        super().__init__(ndim=len(media), **options)
        self.parameters = tuple(
            replace(p, medium=m) for p, m in zip(self.parameters, media, strict=True)
        )
        self.likelihood = self
        self.dataset_names = ("all",)

    def predict(self, values):
        return {"all": np.column_stack(list(values.values()))}

    def log_likelihood_of(self, predictions, values):
        return self.log_likelihood(predictions["all"])

    def max_abs_log_ratio_of(self, predictions):
        return {"all": np.abs(predictions["all"]).max(axis=1)}


class Triangle(MediaProblem):
    """Flat inside x, y > 0 and x + y < 1, a constraint of the prior."""

    def log_prior(self, theta):
        return np.where((theta > 0).all(axis=1) & (theta.sum(axis=1) < 1), np.log(2.0), -np.inf)

    def log_likelihood(self, theta):
        return np.zeros((len(theta), 1))

    def sample_posterior(self, n, rng):
        x, y = rng.random((2, n))
        return np.where((x + y < 1)[:, None], np.column_stack([x, y]), 1 - np.column_stack([x, y]))


class Line(MediaProblem):
    """Nothing but x = y is possible."""

    def log_prior(self, theta):
        return np.where(theta[:, 0] == theta[:, 1], 0.0, -np.inf)


class LoudAndQuiet(MediaProblem):
    """One data set that always is far off and sees x + y, one that fits well and sees x - y."""

    def __init__(self, media, **options):
        super().__init__(media, **options)
        self.dataset_names = ("loud", "quiet")

    def max_abs_log_ratio_of(self, predictions):
        x, y = predictions["all"].T
        return {"loud": 20.0 + np.abs(x + y), "quiet": np.abs(x - y)}


class TwoModes(MediaProblem):
    """Both coordinates near +5, or both near -5, with unit width."""

    def log_prior(self, theta):
        return np.zeros(len(theta))

    def log_likelihood(self, theta):
        modes = [norm.logpdf(theta, loc=centre).sum(axis=1) for centre in (-5.0, 5.0)]
        return np.logaddexp(*modes)[:, None]

    def sample_posterior(self, n, rng):
        return 5.0 * rng.choice([-1.0, 1.0], (n, 1)) + rng.standard_normal((n, 2))


def covariance_of(ndim, seed):
    """A well-mixed covariance of moderate condition."""
    factor = np.random.default_rng(seed).standard_normal((ndim, 2 * ndim))
    return factor @ factor.T / ndim + 0.1 * np.eye(ndim)


def apart(covariance, groups):
    """The covariance with zeros between groups."""
    groups = np.array(groups)
    return covariance * (groups[:, None] == groups[None, :])


def loss(covariance, groups):
    """1/2 (tr C^-1 C' - d)."""
    return 0.5 * (np.trace(np.linalg.solve(covariance, apart(covariance, groups))) - len(groups))


MEDIA = ["injection"] * 2 + ["warm layer"] * 4 + ["halo"] * 3 + ["model error"]


def test_losses_and_links_of_a_gaussian():
    covariance = covariance_of(10, seed=1)
    problem = MediaProblem(MEDIA, covariance=covariance)
    rng = np.random.default_rng(2)
    result = shuffle_tests(problem, problem.sample_posterior(6000, rng), rng)
    assert result.media == ("injection", "warm layer", "halo")
    moving = {name: set(name.split(" + ")) for name in result.tests if name != EACH}
    expected = {name: loss(covariance, [m in s for m in MEDIA]) for name, s in moving.items()}
    # the discrepancy is moved by no test, so it is a fourth partner where all are apart
    expected[EACH] = loss(covariance, MEDIA)
    assert set(expected) == set(result.tests)
    truth = np.array([expected[name] for name in result.tests])
    assert np.all(np.abs(result.mean_loss - truth) < 4.0 * result.mean_loss_error)
    assert np.all(result.mean_loss_error < 0.1 * truth)  # so that the line above says something
    precision = np.linalg.inv(covariance)
    for i, a in enumerate(result.media):
        for j, b in enumerate(result.media):
            if i != j:
                block = np.ix_([m == a for m in MEDIA], [m == b for m in MEDIA])
                link = -np.sum(precision[block] * covariance[block])
                assert abs(result.link[i, j] - link) < 4.0 * result.link_error[i, j]
                assert result.link_error[i, j] < 0.2 * loss(covariance, MEDIA)
    assert np.all(result.median_loss < result.mean_loss)  # the tails are on the side of losses
    assert np.all(result.median_loss > 0)
    assert np.all(result.impossible < 0.01)


def test_independent_media_are_no_conspiracy():
    covariance = apart(covariance_of(10, seed=3), MEDIA)
    problem = MediaProblem(MEDIA, covariance=covariance)
    rng = np.random.default_rng(4)
    result = shuffle_tests(problem, problem.sample_posterior(2000, rng), rng)
    assert np.all(np.abs(result.bits) < 4.0 * result.bits_error)
    assert np.all(result.bits_error < 0.05)
    assert np.all(np.abs(result.mean_loss) < 4.0 * result.mean_loss_error)
    assert np.all(np.abs(result.median_loss) < 4.0 * result.median_loss_error)
    assert not result.is_bound.any()


def test_nuisances_stay_with_the_rest():
    # only amplitude and modulation know of each other, and neither is moved
    covariance = np.eye(4)
    covariance[2, 3] = covariance[3, 2] = 0.99
    problem = MediaProblem(["halo", "warm layer", "heliosphere", "model error"],
                           covariance=covariance)  # fmt: skip
    rng = np.random.default_rng(5)
    result = shuffle_tests(problem, problem.sample_posterior(2000, rng), rng)
    assert result.media == ("warm layer", "halo")
    assert np.all(np.abs(result.bits) < 4.0 * result.bits_error)


@pytest.mark.parametrize("rho", [0.9, 0.999])
def test_acceptable_share_of_a_correlated_pair(rho):
    # shuffled, chi2 = u^2 / (1 + rho) + w^2 / (1 - rho) with u, w unit Gaussians; 95% of the
    # posterior have chi2 below that of two degrees of freedom
    limit = chi2.ppf(KEPT, 2)

    def inside(w):
        left = limit - w**2 / (1 - rho)
        return norm.pdf(w) * chi2.cdf(left * (1 + rho), 1)

    edge = np.sqrt(limit * (1 - rho))
    share = quad(inside, -edge, edge)[0]
    problem = MediaProblem(["halo", "warm layer"], rho=rho)
    rng = np.random.default_rng(6)
    result = shuffle_tests(problem, problem.sample_posterior(4000, rng), rng)
    halo = result.tests.index("halo")
    likelihood, fit = range(len(CRITERIA))
    found, error = result.acceptable[halo], result.acceptable_error[halo]
    assert abs(found[likelihood] - share) < 4.0 * error[likelihood]
    assert error[likelihood] < 0.1 * share
    assert abs(result.bits[halo, likelihood] - np.log2(KEPT / share)) < (
        4.0 * result.bits_error[halo, likelihood]
    )
    # max |ln(model/data)| = max(|x|, |y|); 95% of the posterior are in a square of half-width c
    pair = multivariate_normal(cov=[[1, rho], [rho, 1]])
    c = brentq(lambda c: pair.cdf([c, c], lower_limit=[-c, -c]) - KEPT, 1.0, 4.0)
    assert result.factors == pytest.approx(np.exp(c), rel=0.1)
    assert found[fit] == pytest.approx((2 * norm.cdf(c) - 1) ** 2, abs=4.0 * error[fit])
    assert error[fit] < 0.01


def test_coordination_follows_mutual_information():
    # the share of a strip of width sqrt(1 - rho^2): one bit more for each bit of information
    rng = np.random.default_rng(7)
    bits, information = [], []
    for one_minus in (1e-2, 1e-4):
        problem = MediaProblem(["halo", "warm layer"], rho=1 - one_minus)
        result = shuffle_tests(problem, problem.sample_posterior(4000, rng), rng)
        bits.append(result.bits[0, 0])
        information.append(-0.5 * np.log2(1 - (1 - one_minus) ** 2))
    assert bits[1] - bits[0] == pytest.approx(information[1] - information[0], abs=0.4)


def test_a_data_set_that_fits_badly_does_not_hide_the_others():
    rho = 0.99
    problem = LoudAndQuiet(["halo", "warm layer"], rho=rho)
    rng = np.random.default_rng(14)
    result = shuffle_tests(problem, problem.sample_posterior(4000, rng), rng)
    assert result.datasets == ("loud", "quiet")
    # x + y and x - y are independent, so each keeps to its quantile sqrt(0.95); shuffled, both
    # have variance 2
    c = norm.ppf(0.5 + 0.5 * np.sqrt(KEPT))
    limits = c * np.sqrt([2 * (1 + rho), 2 * (1 - rho)])
    np.testing.assert_allclose(np.log(result.factors) - [20.0, 0.0], limits, rtol=0.05)
    share = np.prod(2 * norm.cdf(limits / np.sqrt(2.0)) - 1)
    first = result.tests.index("halo")
    found, error = result.acceptable[first, 1], result.acceptable_error[first, 1]
    assert found == pytest.approx(share, abs=4 * error)
    assert error < 0.1 * share


def test_states_beyond_the_walls_are_not_acceptable():
    problem = Triangle(["halo", "warm layer"])
    rng = np.random.default_rng(8)
    result = shuffle_tests(problem, problem.sample_posterior(4000, rng), rng)
    first = result.tests.index("halo")
    # x, y of density 2 (1 - x): P(x + y > 1) = 1/6
    assert result.impossible[first] == pytest.approx(1 / 6, abs=0.02)
    error = result.acceptable_error[first, 0]
    assert result.acceptable[first, 0] == pytest.approx(5 / 6, abs=4.0 * error)
    assert error < 0.02
    np.testing.assert_array_equal(result.mean_loss, 0.0)


def test_two_modes_that_know_of_each_other_are_one_bit():
    problem = TwoModes(["halo", "warm layer"])
    rng = np.random.default_rng(9)
    result = shuffle_tests(problem, problem.sample_posterior(4000, rng), rng)
    first = result.tests.index("warm layer")
    assert result.bits[first, 0] == pytest.approx(1.0, abs=4.0 * result.bits_error[first, 0])
    assert result.bits_error[first, 0] < 0.1
    # max |x| is near 5 in the wrong combinations too: a criterion on the fit alone sees nothing
    assert abs(result.bits[first, 1]) < 4.0 * result.bits_error[first, 1] + 0.01


def test_none_acceptable_gives_a_bound():
    problem = MediaProblem(["halo", "warm layer"], rho=1 - 1e-13)
    rng = np.random.default_rng(10)
    result = shuffle_tests(problem, problem.sample_posterior(1000, rng), rng)
    first = result.tests.index("halo")
    assert result.n_shuffled == 4000
    assert result.is_bound[first, 0]
    assert result.bits[first, 0] == pytest.approx(np.log2(KEPT * 4000 / 3))
    assert np.isnan(result.bits_error[first, 0])
    # both together are the posterior again
    both = result.tests.index("warm layer + halo")
    assert result.acceptable[both, 0] == pytest.approx(KEPT, abs=0.01)


def test_no_possible_state_is_no_error():
    problem = Line(["halo", "warm layer"])
    rng = np.random.default_rng(15)
    draws = np.repeat(rng.standard_normal((1000, 1)), 2, axis=1)
    result = shuffle_tests(problem, draws, rng)
    first = result.tests.index("halo")
    assert result.impossible[first] == 1.0
    assert np.isnan(result.mean_loss[first])
    assert np.isnan(result.log_likelihood[1 + first]).all()
    assert result.is_bound[first].all()


def test_errors_are_the_scatter_of_repetitions():
    covariance = covariance_of(4, seed=11)
    problem = MediaProblem(["halo"] * 2 + ["warm layer"] * 2, covariance=covariance)
    rng = np.random.default_rng(12)
    results = [shuffle_tests(problem, problem.sample_posterior(400, rng), rng) for _ in range(30)]
    for field in ("mean_loss", "median_loss", "acceptable"):
        values = np.array([getattr(r, field)[0] for r in results])
        errors = np.array([getattr(r, f"{field}_error")[0] for r in results])
        # a standard deviation of 30 is known to 13%, the errors' own mean to less
        ratio = np.std(values, axis=0, ddof=1) / np.sqrt(np.mean(errors**2, axis=0))
        assert np.all((ratio > 0.65) & (ratio < 1.4)), (field, ratio)


def test_a_constant_parameter_does_no_harm():
    problem = MediaProblem(["halo", "halo", "warm layer"], covariance=np.eye(3))
    rng = np.random.default_rng(13)
    draws = problem.sample_posterior(1000, rng)
    draws[:, 1] = 0.3
    result = shuffle_tests(problem, draws, rng)
    assert np.all(np.isfinite(result.bits))
    assert np.all(np.isfinite(result.mean_loss))


@pytest.mark.parametrize(
    ("media", "shape", "message"),
    [
        (["halo", "halo", "heliosphere"], (1000, 3), "two media"),
        (["halo", "warm layer"], (1000, 3), "expected"),
        (["halo", "warm layer"], (100, 2), "too few"),
    ],
)
def test_what_cannot_be_shuffled_is_refused(media, shape, message):
    with pytest.raises(ValueError, match=message):
        shuffle_tests(MediaProblem(media), np.zeros(shape), np.random.default_rng(1))
