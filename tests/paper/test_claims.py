"""Every claim of the paper that was listed for checking, one test each.

Claims declared to fail must go on failing: docs/paper_claims.md says so with the number found.
"""

import pytest

from tests.paper import section2, section3, section5, section6  # noqa: F401  (they list claims)
from tests.paper.claims import CLAIMS

PARAMETERS = [
    pytest.param(
        c,
        id=c.name,
        marks=pytest.mark.xfail(strict=True, raises=AssertionError, reason=c.fails)
        if c.fails
        else (),
    )
    for c in CLAIMS
]


@pytest.mark.parametrize("claim", PARAMETERS)
def test_claim(claim):
    found = claim.measure()
    assert found.holds, f"{claim.where}: {claim.says} [{claim.tolerance}]; found {found.number}"
