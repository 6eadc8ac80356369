"""Bad input: each gives one clear error, exit code 2, and nothing is lost.

Every case starts from the same folder: a config, its own priors, its own copy of a table, and the
chains of a finished run. A mutation spoils something, a real script runs, and what it says is
compared. Whatever was in the folder must be there afterwards, byte for byte.
"""

from __future__ import annotations

import os

import pytest

from tests.bad_input.batch import BATCH
from tests.bad_input.calibration import CALIBRATION
from tests.bad_input.case import check_error, contents, filled_in
from tests.bad_input.chains import CHAINS
from tests.bad_input.configs import CONFIGS
from tests.bad_input.holdouts import HOLDOUTS
from tests.bad_input.predictions import PREDICTIONS
from tests.bad_input.prior_files import PRIOR_FILES
from tests.bad_input.rights import RIGHTS
from tests.bad_input.study import STUDY
from tests.bad_input.tables import TABLES

CASES = [
    *CONFIGS, *HOLDOUTS, *TABLES, *PRIOR_FILES, *CHAINS,
    *PREDICTIONS, *CALIBRATION, *BATCH, *STUDY, *RIGHTS,
]  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX")
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_one_clear_error_and_nothing_lost(case, server, folder):
    case.spoil(folder)
    before = contents(folder)
    script, *arguments = filled_in(case.command, folder)
    ended = server.run(script, *arguments, **case.options)
    check_error(ended, case.says, case.code)
    after = contents(folder)
    assert {name: after.get(name) for name in before} == before
    assert set(after) - set(before) <= set(case.made)
