"""Site files, Slurm and parts of runs."""

from __future__ import annotations

from tests.bad_input.case import ENSEMBLE, Case, cut_to, replaced, written


def site_case(name, content, *says):
    """A case with a site file for Slurm; nothing is submitted."""
    return Case(
        f"site: {name}",
        ("site.toml", *says),
        written("site.toml", content.encode()),
        ("submit", "RUN", "--site", "SITE", "--dry-run"),
    )


NO_SLURM = {"env": {"PATH": "/nonexistent"}}
BATCH = [
    site_case("misspelt key", 'partion = "main"', "partion = 'main'", "mean 'partition'"),
    site_case("time in words", 'time = "four hours"', "time = 'four hours'", "04:00:00"),
    site_case("no time at all", 'time = "00:00:00"', "time = '00:00:00'", "longer than 0"),
    site_case("signal after the end", 'time = "1"', "time = '1'", "signal_seconds"),
    site_case("list in one string", 'modules = "gcc"', "modules = 'gcc'", "list"),
    site_case("no TOML", "partition main", "not valid TOML"),
    Case(
        "site: missing",
        ("site.toml does not exist", "docs/site.toml"),
        command=("submit", "RUN", "--site", "SITE", "--dry-run"),
    ),
    Case(
        "slurm: missing",
        ("sbatch is not on this machine", "--workers"),
        command=("submit", "RUN", "--set", "sampling.max_steps=8"),
        options=NO_SLURM,
        made=("run/slurm/array.sh", "run/slurm/judge.sh"),
    ),
    Case(
        "slurm: a config that cannot run",
        ("sampling.walkers = 6", "twice"),
        replaced("run.toml", "walkers = 24", "walkers = 6"),
        ("submit", "RUN"),
        NO_SLURM,
    ),
    Case("slurm: --requeue alone", ("--ensembles",), command=("run_mcmc", "RUN", "--requeue")),
    Case(
        "slurm: ensembles that are not there",
        ("--ensembles 1,7", "7", "sampling.ensembles = 2"),
        command=("run_mcmc", "RUN", "--ensembles", "1,7"),
    ),
    Case(
        "slurm: ensembles in words",
        ("--ensembles all", "0,2,4-7"),
        command=("run_mcmc", "RUN", "--ensembles", "all"),
    ),
    Case("status: no such run", ("mean 'run'",), command=("status", "DIR/../rum")),
    Case(
        "merge: damaged chain",
        (ENSEMBLE, "damaged"),
        cut_to(ENSEMBLE, 0.5),
        ("merge", "RUN", "--no-plots"),
    ),
]
