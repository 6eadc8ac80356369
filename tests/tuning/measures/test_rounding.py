"""Numbers as text, to the digits that their errors leave."""

import math

import pytest

from pipeline.tuning.measures.rounding import interval, plain, rounded


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (12.3456, 0.147, "12.35 ± 0.15"),
        (-0.04321, 0.0009, "-0.04321 ± 0.00090"),
        (12.3456, 0.0996, "12.35 ± 0.10"),
        (12345.6, 789.0, "12350 ± 790"),
        (7.0, math.nan, "7.00"),
        (6.912, 3.2e-15, "6.91"),
        (0.0, 0.0, "0"),
        (math.inf, math.nan, "inf"),
    ],
)
def test_rounding_to_the_error(value, error, text):
    assert rounded(value, error) == text


def test_rounding_without_an_error():
    assert plain(123456.0) == "123000"
    assert plain(1.23456e-9) == "1.23e-09"
    assert interval(0.4512, 0.3141, 0.6249) == "0.45 [0.31, 0.62]"
    assert interval(0.5, 0.5, 0.5) == "0.5000 [0.5000, 0.5000]"
    assert interval(1.2, -0.001, 3.4) == "1.2 [0.0, 3.4]"
