"""Samplers side by side on a Gaussian: each is right, counted, kept, and fairly measured."""

import numpy as np
import pytest

from pipeline.accuracy import samplers, side_by_side
from pipeline.accuracy.efficiency import efficiency
from pipeline.config.load import load_config, with_overrides
from tests.toy_problems import GaussianProblem
from transport.checkout import ROOT
from transport.errors import CrtuneError

ALWAYS = ("crtune", "emcee, stretch", "emcee, differential evolution")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    problem = GaussianProblem(ndim=3, rho=0.5, mean=[1.0, -2.0, 3.0])
    folder = tmp_path_factory.mktemp("kept")
    found = [side_by_side.compare(problem, name, 30_000, 20, 1, folder) for name in ALWAYS]
    return problem, folder, found


@pytest.mark.parametrize("index", range(len(ALWAYS)))
def test_means_and_widths(results, index):
    problem, _, found = results
    drawn = found[index]
    assert drawn.effective > 300
    error = 5.0 / np.sqrt(drawn.effective)
    np.testing.assert_allclose(drawn.mean, problem.mean, atol=error)
    np.testing.assert_allclose(drawn.sd, 1.0, atol=error)
    assert 0.3 * drawn.by_tau < drawn.effective < 1.5 * drawn.by_tau
    assert 0 < drawn.evaluations <= 30_000
    assert drawn.before > 0


def test_results_are_found_again(results, monkeypatch):
    problem, folder, found = results
    monkeypatch.setattr(side_by_side, "SAMPLERS", {})
    again = side_by_side.compare(problem, ALWAYS[0], 30_000, 20, 1, folder)
    assert again.line() == found[0].line()
    np.testing.assert_array_equal(again.mean, found[0].mean)


def test_table(results):
    problem, _, found = results
    table = side_by_side.as_table(found, problem.names)
    for name in ALWAYS:
        assert f"| {name} |" in table
    assert "| emcee, stretch | 0.0" in table  # shift in standard deviations


def test_a_peer_that_is_not_installed_is_said_to_be(results, monkeypatch):
    def absent(*arguments):
        raise ModuleNotFoundError("no", name="absent")

    monkeypatch.setitem(side_by_side.SAMPLERS, "zeus", absent)
    drawn = side_by_side.compare(results[0], "zeus", 30_000, 20, 1)
    assert drawn.line() == "| zeus | not installed (absent) | | | | | |"


def test_a_sampler_that_is_still_exploring_is_said_to_be(results, monkeypatch):
    def exploring(*arguments):
        nothing = np.full(3, np.nan)
        return nothing, nothing, np.nan, np.nan, np.nan, 30_000, 0

    monkeypatch.setitem(side_by_side.SAMPLERS, "nautilus", exploring)
    drawn = side_by_side.compare(results[0], "nautilus", 30_000, 20, 1)
    assert "still exploring after 30000 evaluations" in drawn.line()


def test_too_few_evaluations_are_refused(results):
    with pytest.raises(CrtuneError, match="--evaluations 100: too few for 20 walkers; give 2000"):
        side_by_side.compare(results[0], "zeus", 100, 20, 1)


def test_a_walker_in_a_corner_lowers_the_effective_draws_and_not_tau():
    chain = np.random.default_rng(0).standard_normal((2000, 20, 2))
    free = samplers._of_chain(chain, 0, 1)
    chain[500:1000, 3, 1] = 3.0 + 0.1 * chain[500:1000, 3, 1]
    stuck = samplers._of_chain(chain, 0, 1)
    assert stuck[2] < 0.1 * free[2]
    assert stuck[3] > 0.5 * free[3]


def test_one_row_of_this_samplers_own_table():
    config = load_config(ROOT / "runs" / "kolmogorov.toml")
    config = with_overrides(config, ["sampling.warm_up=40", "sampling.walkers=24"])
    found = efficiency(config, 80)
    assert found.evaluations <= 80 * 24
    assert found.warm_up >= 40 * 12
    assert 0.0 < found.acceptance < 1.0
    cells = found.line().split(" | ")
    assert cells[:2] == ["| `kolmogorov`", "paper"]
    assert found.effective == min(*found.bulk, *found.tail)
