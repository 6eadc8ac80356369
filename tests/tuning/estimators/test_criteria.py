"""How far a state is from the data, on the widths of real bins."""

from types import SimpleNamespace

import numpy as np
import pytest

from likelihoods.joint import JointLikelihood
from pipeline.tuning.estimators.criteria import CRITERIA
from tests.likelihoods.toy_scenario import CurvedPowerLaw, default_datasets


@pytest.fixture
def alone():
    name = "ams02_proton_2015"
    likelihood = JointLikelihood(CurvedPowerLaw(), {name: default_datasets()[name]})
    return SimpleNamespace(likelihood=likelihood), likelihood.datasets[name]


@pytest.mark.parametrize("name", CRITERIA)
def test_a_model_30_per_cent_off_everywhere_is_30_per_cent_off(alone, name):
    problem, m = alone
    ratios = np.full((1, m.n_bins), -np.log(1.3))
    assert CRITERIA[name].norm(problem, ratios)[0] == pytest.approx(np.log(1.3), rel=1e-12)


def test_the_rms_is_a_mean_over_log_rigidity_and_half_a_range_counts_for_half(alone):
    problem, m = alone
    split = 20
    ratios = np.where(np.arange(m.n_bins) < split, 1.0, 0.0)[None]
    share = np.log(m.rigidity_high[split - 1] / m.rigidity_low[0])
    share /= np.log(m.rigidity_high[-1] / m.rigidity_low[0])
    assert CRITERIA["rms"].norm(problem, ratios)[0] == pytest.approx(np.sqrt(share), rel=1e-12)
    assert CRITERIA["max"].norm(problem, ratios)[0] == 1.0
