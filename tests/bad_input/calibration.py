"""Calibrations that make no sense."""

from __future__ import annotations

from tests.bad_input.case import Case
from tests.bad_input.prior_files import excludes_everything

CALIBRATION = [
    Case(
        "calibration: fewer sets than bins",
        ("--sets 5 --bins 10", "fewer sets than bins"),
        command=("calibrate", "RUN", "--sets", "5"),
    ),
    Case(
        "calibration: no such share",
        ("--share: 4/4", "I from 0 to N - 1"),
        command=("calibrate", "RUN", "--share", "4/4"),
    ),
    Case(
        "calibration: nothing to judge",
        ("0 sets are fewer than --bins 10",),
        command=("calibrate", "RUN", "--report"),
    ),
    Case(
        "calibration: a prior without draws",
        ("priors.toml", "20 < H", "loosen"),
        excludes_everything,
        ("calibrate", "RUN"),
        made=("run/calibration",),
    ),
]
