"""Data that are held out and fitted as well."""

from __future__ import annotations

import shutil

from tests.bad_input.case import Case, replaced
from tests.bad_input.configs import config_case

TWIN = '[data.twin]\ntable = "{}"\nholdout = true\n'


HOLDOUTS = [
    Case(
        "hold-out: also fitted, the same table",
        ("run.toml", "data.twin.holdout", "also fitted, as mine", "the table mine.ecsv"),
        replaced("run.toml", "[sampling]", TWIN.format("mine.ecsv") + "[sampling]"),
        ("check", "DIR"),
    ),
    Case(
        "hold-out: also fitted, its twin of the same publication",
        ("run.toml", "data.twin.holdout", "also fitted, as mine", "doi"),
        lambda folder: (
            shutil.copy(folder / "mine.ecsv", folder / "twin.ecsv"),
            replaced("twin.ecsv", "\n1.0,1.16,", "\n1.00,1.16,")(folder),
            replaced("run.toml", "[sampling]", TWIN.format("twin.ecsv") + "[sampling]")(folder),
        ),
        ("check", "DIR"),
    ),
    Case(
        "hold-out: fitted by the chains that are there",
        ("run.toml", "data.mine.holdout", "were fitted to it"),
        replaced("run.toml", "[data.mine]", "[data.mine]\nholdout = true"),
        ("check", "DIR"),
    ),
    config_case(
        "hold-out: nothing is left to fit",
        "rigidity_min = 10.0\n[data.voyager1_proton]",
        "holdout = true\n[data.voyager1_proton]\nholdout = true",
        "nothing is fitted",
    ),
]
