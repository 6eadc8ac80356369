"""delta under the posterior."""

import numpy as np
import pytest

from pipeline.tuning.measures.diffusion_slope import diffusion_slope
from pipeline.tuning.measures.measure import measures
from tests.tuning.linear_toy import linear_problem


def test_quantiles_of_delta():
    draws = np.zeros((4000, 4))
    draws[:, 3] = np.random.default_rng(0).normal(0.4, 0.05, 4000)
    found = diffusion_slope(linear_problem(), draws)
    np.testing.assert_allclose(found.quantiles, [0.35, 0.4, 0.45], atol=0.004)
    # 1/3 is 1.33 sd below
    assert found.below == pytest.approx(0.091, abs=0.02)
    rows = {m.measure: m.value for m in measures()["diffusion_slope"].rows(found, None)}
    assert rows["diffusion_slope_50"] == found.quantiles[1]
