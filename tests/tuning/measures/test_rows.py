"""Numbers that tables take from results, where more is done than to copy them."""

import numpy as np
import pytest

from pipeline.tuning.measures.tempered import TemperedCurve
from pipeline.tuning.tables.entries import entries
from tests.tuning.fake_results import case, evidence, information, made_up, results


def test_the_tempered_cost_is_that_of_a_tenth_of_the_likelihood():
    """On the grid of the curve, 46 points from 1e-3 to 1, in bits."""
    beta = np.geomspace(1e-3, 1.0, 46)
    curve = made_up(TemperedCurve, beta=beta, cost=7.0 * beta**0.3, cost_error=0.1 * beta)
    made = results(
        case("two_phase"), evidence=evidence(), information=information(reasons=["few draws"]),
        tempered=curve,
    )  # fmt: skip
    (found,) = [e.measured for e in entries([made]) if e.measured.measure == "cost_tempered"]
    assert found.value == pytest.approx(7.0 * 0.1**0.3 / np.log(2.0))
    assert found.error == pytest.approx(0.01 / np.log(2.0))
    assert (found.unit, found.note, found.flags) == ("bits", "of L^0.1", ("few draws",))
