"""Shuffles of acceptable states, where the share that survives is known."""

import numpy as np
import pytest

from pipeline.tuning.measures.coincidence import Coincidence, shuffle_acceptable
from transport.errors import CrtuneError
from transport.parameters import Parameter

EPSILON = 1.0


PARAMETERS = tuple(
    Parameter(name, "", name, name, 0.5, medium=medium)
    for name, medium in (("x", "warm layer"), ("y", "halo"))
)
"""Of the unit square, one coordinate in the warm layer, the other in the halo."""


def cells(count):
    """g is 0 where x and y are in the same of `count` cells, infinite elsewhere."""

    def distance(theta):
        same = np.floor(theta[:, 0] * count) == np.floor(theta[:, 1] * count)
        return np.where(same, 0.0, np.inf)

    return distance


def acceptable_states(distance, n=4000, seed=0):
    theta = np.random.default_rng(seed).random((20 * n, 2))
    return theta[distance(theta) <= np.log1p(EPSILON)][:n]


def shuffled(distance):
    states = acceptable_states(distance)
    return shuffle_acceptable(PARAMETERS, distance, states, EPSILON, np.random.default_rng(1))


@pytest.mark.parametrize("count", [2, 8])
def test_parts_that_must_match_survive_by_chance(count):
    found = shuffled(cells(count))
    warm = found.tests.index("warm layer")
    # the partner is in the right one of `count` equal cells with probability 1 / count
    assert found.share[warm] == pytest.approx(1 / count, abs=4 * found.share_error[warm] + 1e-3)
    assert found.bits[warm] == pytest.approx(np.log2(count), abs=0.1)
    assert found.bits_error[warm] < 0.1
    # both together are what they were, only under another name
    together = found.tests.index("warm layer + halo")
    assert found.share[together] == 1.0


def test_parts_that_know_nothing_of_each_other_survive():
    found = shuffled(lambda theta: np.where((theta < 0.3).all(axis=1), 0.0, np.inf))
    np.testing.assert_array_equal(found.share, 1.0)
    np.testing.assert_array_equal(found.bits, 0.0)
    assert not found.is_bound.any()


def test_states_outside_the_constraints_do_not_survive():
    """x + y < 1 is all there is: of independent x and y with density 2 (1 - x), 5/6 are inside."""
    found = shuffled(lambda theta: np.where(theta.sum(axis=1) < 1.0, 0.0, np.inf))
    share = found.share[found.tests.index("halo")]
    assert share == pytest.approx(5 / 6, abs=0.02)


def test_copies_that_markov_chains_leave_do_not_count():
    """150 states twenty times, y moved in half of them. Their cells meet once in 512 pairs, they
    themselves once in 150; 4 sd of the 22 pairs of states that are in one cell."""
    theta = np.random.default_rng(7).random((100_000, 2))
    states = theta[cells(512)(theta) == 0.0][:150]
    copies = np.repeat(states, 20, axis=0)
    cell = np.floor(512 * copies[::2, 0])
    copies[::2, 1] = (cell + np.random.default_rng(2).random(len(cell))) / 512
    found = shuffle_acceptable(PARAMETERS, cells(512), copies, EPSILON, np.random.default_rng(3))
    warm = found.tests.index("warm layer")
    assert 1 - found.n_fair[warm] / found.n_shuffled == pytest.approx(1 / 150, rel=0.3)
    assert found.share[warm] == pytest.approx(1 / 512, abs=0.0017)


def test_no_survivor_gives_a_bound():
    exact = acceptable_states(lambda theta: np.zeros(len(theta)))[:400]
    exact[:, 1] = exact[:, 0]
    found = shuffle_acceptable(
        PARAMETERS,
        lambda theta: np.where(theta[:, 0] == theta[:, 1], 0.0, np.inf),
        exact,
        EPSILON,
        np.random.default_rng(0),
    )
    warm = found.tests.index("warm layer")
    assert found.is_bound[warm]
    # 0 of n happens in 5% of all cases where 3 are expected
    assert found.bits[warm] == pytest.approx(np.log2(found.n_shuffled / 3), abs=0.01)
    assert np.isnan(found.bits_error[warm])


def test_few_survivors_give_a_bound():
    """95% of 0, 1, 2 of n: 3.00, 4.74, 6.30 over n."""
    share = np.array([0, 1, 2]) / 4000
    found = Coincidence(("a", "b", "c"), 1.0, share, share, 2000, 4000, np.full(3, 4000))
    assert found.is_bound.all()
    limits = np.array([2.996, 4.744, 6.296])
    np.testing.assert_allclose(found.bits, -np.log2(limits / 4000), atol=1e-3)
    many = Coincidence(
        ("a",), 1.0, np.array([0.25]), np.array([0.01]), 2000, 4000, np.array([4000])
    )
    assert many.bits[0] == 2.0
    assert many.bits_error[0] == pytest.approx(0.04 / np.log(2.0))


def test_too_few_states_are_refused():
    with pytest.raises(CrtuneError, match="acceptable states"):
        shuffle_acceptable(
            PARAMETERS, cells(2), np.full((10, 2), 0.1), EPSILON, np.random.default_rng(0)
        )


def test_states_that_are_all_copies_tell_nothing():
    states = acceptable_states(cells(2), 400)
    states[:, 1] = states[0, 1]
    found = shuffle_acceptable(
        PARAMETERS, lambda theta: np.zeros(len(theta)), states, EPSILON, np.random.default_rng(3)
    )
    apart = [found.tests.index(medium) for medium in ("warm layer", "halo")]
    assert np.isnan(found.share[apart]).all()
    assert np.isnan(found.bits[apart]).all()
    assert not found.is_bound.any()
