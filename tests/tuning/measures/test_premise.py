"""Bits of a premise, in the prior that does not know of it."""

import numpy as np
import pytest

from pipeline.tuning.measures.acceptable import NARROWER
from pipeline.tuning.measures.acceptable_at import acceptable_at
from pipeline.tuning.measures.measure import measures
from pipeline.tuning.measures.premise import premise
from priors.prior import KeptShare
from tests.tuning.fake_results import acceptable, case, results


def test_the_share_that_meets_it_counts():
    fraction = acceptable(floor=0.2)
    found = premise(fraction, KeptShare(0.2, 0.002, 10_000, {}), KeptShare(0.8, 0.004, 10_000, {}))
    bits, error, _ = acceptable_at(fraction, 1.0)
    assert found.share == pytest.approx(0.25)
    assert found.bits == pytest.approx(bits + 2.0)
    relative = np.hypot(0.01, 0.005)
    assert found.share_error == pytest.approx(0.25 * relative)
    assert found.bits_error == pytest.approx(np.hypot(error, relative / np.log(2)))


def test_nothing_acceptable_stays_nothing():
    kept = KeptShare(0.5, 0.01, 1000, {})
    found = premise(acceptable(floor=2.5), kept, kept)
    assert np.isinf(found.bits)
    assert found.note.startswith("none")


def test_a_plain_case_has_none():
    made = results(case(), acceptable_max=acceptable())
    assert measures()["premise"].make(made, [made]) is None


def test_the_tables_say_which_prior_the_bits_are_of():
    fraction = acceptable(floor=0.2)
    kept = KeptShare(0.5, 0.01, 1000, {})
    narrow = results(case(), acceptable_max=fraction, premise=premise(fraction, kept, kept))
    for made, told in ((narrow, True), (results(case(), acceptable_max=fraction), False)):
        first = next(iter(measures()["acceptable_max"].rows(fraction, made)))
        assert (NARROWER in first.flags) == told
    assert "of the prior meets it" in [c.header for c in measures()["premise"].columns]
