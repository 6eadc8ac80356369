"""Joint constraints as walls, the share of prior volume they keep, and rejection sampling."""

import math

import numpy as np
import pytest

from priors.constraints import Constraint, constraint_from_table
from priors.distributions import log_uniform, uniform
from priors.prior import LEAST_SHARE, Prior
from transport.errors import CrtuneError
from transport.parameters import Parameter

PARAMETERS = (
    Parameter("a", "", "a", "first", 0.5),
    Parameter("b", "K", "b", "second", 0.5, scale="log10"),
)


def derived(values):
    return {"sum": values["a"] + values["b"], "ratio": values["a"] / values["b"]}


def make_prior(*constraints):
    # b is uniform in the value although its coordinate is log10(b): the unit square in (a, b).
    return Prior(
        PARAMETERS, [uniform(0.0, 1.0), uniform(1e-9, 1.0)], constraints, derived, "test.toml"
    )


@pytest.mark.parametrize(
    ("constraint", "share"),
    [
        (Constraint("sum", high=1.0), 0.5),
        (Constraint("sum", high=0.5), 0.125),
        (Constraint("sum", 0.5, 1.5), 0.75),
        (Constraint("a", low=0.9), 0.1),
        (Constraint("ratio", high=2.0), 0.75),
    ],
)
def test_kept_share_of_known_volumes(constraint, share):
    kept = make_prior(constraint).kept_share
    assert kept.share == pytest.approx(share, abs=4 * kept.error)
    assert kept.error == pytest.approx(math.sqrt(share * (1 - share) / kept.draws), rel=0.1)
    assert kept.log == pytest.approx(math.log(share), abs=4 * kept.log_error)
    assert str(constraint) in str(kept)


def test_kept_share_is_the_missing_normalisation():
    prior = make_prior(Constraint("sum", high=1.0))
    a, log_b = np.meshgrid(np.linspace(0, 1, 801), np.linspace(-6, 0, 1601), indexing="ij")
    theta = np.column_stack([a.ravel(), log_b.ravel()])
    density = np.exp(prior.log_density(theta)).reshape(a.shape)
    volume = np.trapezoid(np.trapezoid(density, log_b[0], axis=1), a[:, 0])
    assert volume == pytest.approx(0.5, abs=2e-3)
    assert math.exp(prior.kept_share.log) == pytest.approx(volume, abs=0.01)


def test_several_constraints_and_none():
    prior = make_prior(Constraint("sum", high=1.0), Constraint("a", low=0.5))
    kept = prior.kept_share
    assert kept.share == pytest.approx(0.125, abs=4 * kept.error)
    assert kept.each["sum < 1"] == pytest.approx(0.5, abs=0.02)
    assert kept.each["0.5 < a"] == pytest.approx(0.5, abs=0.02)
    free = make_prior().kept_share
    assert (free.share, free.error, free.log) == (1.0, 0.0, 0.0)


def test_draws_at_which_a_quantity_is_no_number_are_outside_and_told():
    def half_defined(values):
        return {"root": np.sqrt(values["a"] - 0.25)}

    prior = Prior(
        PARAMETERS, [uniform(0.0, 1.0), uniform(1e-9, 1.0)], [Constraint("root", low=-1.0)],
        half_defined, "test.toml",
    )  # fmt: skip
    kept = prior.kept_share
    assert kept.share == pytest.approx(0.75, abs=4 * kept.error)
    assert kept.undefined == round((1.0 - kept.share) * kept.draws)
    assert f"at {kept.undefined} of {kept.draws} draws a constrained quantity" in str(kept)
    assert make_prior(Constraint("sum", high=1.0)).kept_share.undefined == 0


def test_density_is_the_unconstrained_one_inside_and_minus_infinity_outside():
    prior = make_prior(Constraint("sum", high=1.0))
    theta = prior.transform(np.random.default_rng(5).random((500, 2)))
    inside = theta[:, 0] + 10 ** theta[:, 1] < 1.0
    log_density = prior.log_density(theta)
    np.testing.assert_array_equal(np.isfinite(log_density), inside)
    expected = prior.log_density_unconstrained(theta[inside])
    np.testing.assert_array_equal(log_density[inside], expected)


@pytest.mark.parametrize("n", [0, 1, 1000])
def test_draws_satisfy_the_constraint_and_are_uniform_inside(n):
    prior = make_prior(Constraint("sum", high=0.5))
    theta = prior.sample(n, np.random.default_rng(6))
    assert theta.shape == (n, 2)
    a, b = theta[:, 0], 10 ** theta[:, 1]
    assert np.all(a + b < 0.5)
    if n == 1000:  # the mean of a triangle is at a third of its sides
        np.testing.assert_allclose([a.mean(), b.mean()], 0.5 / 3, atol=0.012)


def test_draws_depend_on_the_generator_only():
    prior = make_prior(Constraint("sum", high=0.5))
    first, second = (prior.sample(50, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    "act", [lambda p: p.kept_share, lambda p: p.sample(1, np.random.default_rng(8))]
)
def test_a_constraint_that_contradicts_the_prior_is_named(act):
    with pytest.raises(CrtuneError, match=r"test\.toml.*sum < 1e-06.*loosen"):
        act(make_prior(Constraint("sum", high=LEAST_SHARE / 100)))


def test_a_constraint_on_an_unknown_quantity_names_the_nearest():
    with pytest.raises(CrtuneError, match=r"test\.toml: ratoi .*did you mean 'ratio'"):
        make_prior(Constraint("ratoi", high=1.0))


def test_a_quantity_that_is_nan_violates_every_constraint():
    constraint = Constraint("x", high=1.0)
    np.testing.assert_array_equal(
        constraint.satisfied({"x": np.array([0.5, np.nan])}), [True, False]
    )


def test_values_undo_the_coordinates():
    prior = Prior(PARAMETERS, [uniform(0, 1), log_uniform(0.1, 10)])
    values = prior.values(np.array([[0.25, -1.0], [0.5, 1.0]]))
    np.testing.assert_allclose(values["a"], [0.25, 0.5])
    np.testing.assert_allclose(values["b"], [0.1, 10.0])


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ({"below": 1.0}, -math.inf, 1.0),
        ({"above": 2}, 2.0, math.inf),
        ({"between": [1, 3]}, 1.0, 3.0),
        ({"above": 1, "below": 3}, 1.0, 3.0),
    ],
)
def test_tables(table, low, high):
    assert constraint_from_table("x", table) == Constraint("x", low, high)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"belw": 1.0}, "did you mean 'below'"),
        ({"between": [3, 1]}, "nothing between"),
        ({"between": [1]}, "between"),
        ({"between": [1, 2], "below": 3}, "between"),
        ({"below": "1"}, "number"),
        ({"below": math.nan}, "number"),
        ({}, "no constraint"),
        (1.0, "no constraint"),
    ],
)
def test_bad_tables(table, words):
    with pytest.raises(CrtuneError, match=words):
        constraint_from_table("x", table)


def test_where_there_is_no_wall_infinity_is_inside():
    quantities = {"cutoff": np.array([np.inf, -np.inf, np.nan, 1.0])}
    assert Constraint("cutoff", low=0.5).satisfied(quantities).tolist() == [
        True,
        False,
        False,
        True,
    ]
    assert Constraint("cutoff", high=2.0).satisfied(quantities).tolist() == [
        False, True, False, True,
    ]  # fmt: skip
    assert Constraint("cutoff", 0.5, 2.0).satisfied(quantities).tolist() == [
        False, False, False, True,
    ]  # fmt: skip
