"""The measurement of the kernel's accuracy: its states, its search, its page."""

import itertools

import numpy as np
import pytest

from pipeline.accuracy.kernel import measure as m
from pipeline.accuracy.kernel.figure import error_figure
from pipeline.accuracy.kernel.measure import Case, Errors
from pipeline.accuracy.kernel.report import page, verdict
from pipeline.accuracy.kernel.states import GROUPS, PRIOR_SETS, RIGIDITY_RANGE
from priors.sets import load_prior_set
from transport import plasma, warm_layer
from transport.diagnostics import GRID
from transport.fast_modes import undamped
from transport.scenario import get_scenario, scenario_names
from transport.scenarios import fast_modes

WARM = GROUPS[0]


def scenarios():
    """Every shipped scenario with every choice of its options."""
    for name in scenario_names():
        kind = type(get_scenario(name))
        if kind.__module__.startswith("transport.scenarios."):
            choices = {k: tuple(o.choices) for k, o in kind.options.items()}
            for values in itertools.product(*choices.values()):
                yield get_scenario(name, **dict(zip(choices, values, strict=True)))


@pytest.mark.parametrize("prior_set", PRIOR_SETS)
def test_every_state_that_a_scenario_asks_for_is_in_a_group(prior_set, monkeypatch):
    asked = []

    def recorder(rigidity, b, n, t, ma, scale, mean_free_path=None):
        columns = np.broadcast_arrays(b, n, t, ma, scale)
        asked.append((mean_free_path is None, np.array(columns).T))
        return np.full((len(columns[0]), len(rigidity)), 1e28)

    for module in (warm_layer, fast_modes, undamped):
        monkeypatch.setattr(module, "kappa_turb", recorder)
    for scenario in scenarios():
        prior = load_prior_set(prior_set).prior(scenario)
        values = prior.values(prior.sample(200, np.random.default_rng(3)))
        scenario.spectra(values, np.array([1.0, 10.0]))
    assert {damped for damped, _ in asked} == {True, False}
    for damped, states in asked:
        boxes = []
        for group in (g for g in GROUPS if g.prior_set == prior_set and g.damped == damped):
            corners = group.states_at(np.array([np.full(group.ndim, x) for x in (1e-9, 1 - 1e-9)]))
            low, high = corners[0]
            boxes.append(np.all((states >= 0.999 * low) & (states <= 1.001 * high)))
        assert any(boxes)


def test_rigidities_are_those_that_a_scenario_can_be_asked_for():
    np.testing.assert_allclose(RIGIDITY_RANGE, GRID[[0, -1]])


@pytest.mark.parametrize("group", GROUPS, ids=lambda g: g.name)
def test_states_fill_the_prior_and_keep_its_constraints(group):
    u = group.draw(2000, np.random.default_rng(3))
    states, allowed = group.states_at(u)
    assert states.shape == (2000, 5)
    assert allowed.all()
    assert u[:, -1].mean() == pytest.approx(0.5, abs=0.03)  # L, which no constraint touches
    if group.damped:
        assert (plasma.plasma_beta(*states.T[:3]) < 1).all()


def test_rigidities_hold_the_lowest_and_the_meeting_of_regimes():
    rng = np.random.default_rng(4)
    for state in WARM.states_at(WARM.draw(200, rng))[0]:
        rigidities = WARM.draw_rigidities(state, rng)
        assert rigidities[0] == RIGIDITY_RANGE[0]
        assert np.all(np.diff(rigidities) > 0)
        ratio = plasma.gyroradius(rigidities, state[0]) / plasma.ion_mean_free_path(*state[1:3])
        assert ((ratio > 0.5) & (ratio < 10)).any()


def test_climbing_finds_a_larger_error_inside_the_prior(monkeypatch):
    """With a kernel whose error grows towards a corner, the climb gets there and not beyond."""
    u = WARM.draw(1, np.random.default_rng(6))[0]

    def kernel(task):
        _, state, rigidities = task
        return np.array([1.0 + 1e-3 * (1.0 - state[3]) * np.log10(rigidities[0] + 1.0)])

    monkeypatch.setattr(m, "kernel", kernel)
    monkeypatch.setattr(m, "kappa_with_error", lambda *_, **__: (1.0, 0.0))
    before = kernel((WARM, WARM.states_at(u)[0][0], [10.0]))[0] - 1.0
    error, top, rigidity = m.climb((WARM, u, 10.0, 400))
    assert error > 1.5 * before
    assert error == pytest.approx(kernel((WARM, top, [rigidity]))[0] - 1.0)
    assert top[3] == pytest.approx(0.2, abs=0.01)
    assert rigidity == pytest.approx(RIGIDITY_RANGE[1], rel=0.05)


@pytest.fixture
def measured():
    rng = np.random.default_rng(5)
    result = []
    for group in GROUPS:
        states = group.states_at(group.draw(3, rng))[0]
        rigidities = np.geomspace(1, 10, 12).reshape(3, 4)
        errors = np.full((3, 4), 2e-4)
        sought = (Case(-3e-4, states[0], 1.5),) if group is WARM else ()
        result.append(Errors(group, states, rigidities, errors, 0 * errors, sought))
    return result


def test_an_error_beyond_the_limit_is_named(measured):
    assert verdict(measured, 1e-3) == (True, "Limit 0.001: kept everywhere, also by search.")
    kept, sentence = verdict(measured, 2.5e-4)
    assert not kept
    assert "exceeded** by warm layer, plausible, sought (3.0e-04)." in sentence
    assert sentence in page(measured, 2.5e-4, "command")


def test_no_number_is_beyond_every_limit(measured):
    measured[3].errors[1, 2] = np.nan
    assert not verdict(measured, 1.0)[0]


def test_the_figure_shows_every_coefficient(measured):
    figure = error_figure(measured, 1e-3)
    points = sum(len(line.get_xdata()) for ax in figure.axes[::2] for line in ax.lines[:4])
    assert points == 12 * len(GROUPS)


@pytest.mark.slow
def test_a_small_measurement_is_within_the_limit():
    measured = m.measure(1, 1, 1, 0, groups=GROUPS[:2])
    assert [e.errors.shape for e in measured] == [(1, 4)] * 2
    assert verdict(measured, 1e-3)[0]
