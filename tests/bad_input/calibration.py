"""Calibrations that make no sense."""

from __future__ import annotations

import shutil

from tests.bad_input.case import Case, replaced

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
        lambda folder: (
            shutil.rmtree(folder / "run"),
            replaced(
                "priors.toml",
                "[nuisance]",
                "[constraints.kolmogorov]\nH = { above = 20.0 }\n[nuisance]",
            )(folder),
        ),
        ("calibrate", "RUN"),
        made=("run/calibration",),
    ),
]
