"""Problems that several figures are drawn of."""

from __future__ import annotations

import pytest

from tests.pipeline.figures.fake_posterior import (
    make_problem,
)


@pytest.fixture(scope="module")
def kolmogorov():
    return make_problem("kolmogorov")


@pytest.fixture(scope="module")
def two_phase():
    return make_problem("two_phase")
