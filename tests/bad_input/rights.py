"""Files that may not be read or written, disks that are too small."""

from __future__ import annotations

import shutil

from tests.bad_input.case import ENSEMBLE, FIRST, MORE, SUMMARIZE, Case, cut_to
from tests.bad_input.chains import SALVAGE


def forbidden(*files, mode=0o500):
    """Mutation: permissions that forbid something."""
    return lambda folder: [(folder / file).chmod(mode) for file in files]


ORDINARY = {"ordinary": True}
RIGHTS = [
    Case(
        "rights: config",
        ("run.toml", "Permission denied"),
        forbidden("run.toml", mode=0),
        options=ORDINARY,
    ),
    Case(
        "rights: table",
        ("mine.ecsv", "Permission denied"),
        forbidden("mine.ecsv", mode=0),
        options=ORDINARY,
    ),
    Case(
        "rights: priors",
        ("priors.toml", "Permission denied"),
        forbidden("priors.toml", mode=0),
        options=ORDINARY,
    ),
    Case(
        "rights: chain cannot be read",
        (ENSEMBLE, "ermission denied"),
        forbidden(ENSEMBLE, mode=0),
        SUMMARIZE,
        ORDINARY,
    ),
    Case(
        "rights: chain cannot be written",
        (FIRST, "ermission denied"),
        forbidden(FIRST, mode=0o400),
        MORE,
        ORDINARY,
    ),
    Case(
        "rights: folder of results",
        ("run/run.lock", "Permission denied", "write permission"),
        forbidden("run"),
        MORE,
        ORDINARY,
    ),
    Case(
        "rights: folder of the config",
        ("new", "Permission denied", "where you may write"),
        lambda folder: (
            shutil.copy(folder / "run.toml", folder / "new.toml"),
            folder.chmod(0o500),
        ),
        ("run_mcmc", "DIR/../new.toml", "--quiet"),
        ORDINARY,
    ),
    Case(
        "rights: study",
        ("run/tuning", "cannot be written", "write permission"),
        forbidden("run"),
        ("fine_tuning", "RUN", "--selections", "proton", "--ranges", "earth"),
        ORDINARY,
    ),
    Case(
        "rights: set aside",
        ("run", "Permission denied"),
        forbidden("run"),
        (*MORE, "--fresh"),
        ORDINARY,
    ),
    Case(
        "rights: salvage",
        ("run", "Permission denied"),
        lambda folder: (cut_to(ENSEMBLE, 0.9)(folder), forbidden("run")(folder)),
        SALVAGE,
        ORDINARY,
    ),
    Case(
        "rights: summary", ("summary", "Permission denied"), forbidden("run"), SUMMARIZE, ORDINARY
    ),
    Case(
        "rights: corner plot",
        ("corner", "Permission denied"),
        forbidden("run"),
        ("plot_corner", "DIR", "--params", "kappa_0"),
        ORDINARY,
    ),
    Case(
        "disk: too small for more steps",
        (FIRST, "File too large", "4 steps stored so far are safe"),
        command=(
            "run_mcmc",
            "RUN",
            "--quiet",
            "--max-steps",
            "4000",
            "--set",
            "sampling.min_steps=4000",
        ),
        options={"most_bytes": 4_000_000},
    ),
    Case(
        "disk: too small to begin",
        ("warm_up_00.h5", "File too large", "free some space"),
        lambda folder: shutil.rmtree(folder / "run"),
        ("run_mcmc", "RUN", "--quiet"),
        options={"most_bytes": 1_000_000},
    ),
    Case(
        "disk: too small for the summary",
        ("run/", "File too large"),
        command=SUMMARIZE,
        options={"most_bytes": 20_000},
        made=("run/summary.csv",),
    ),
]
