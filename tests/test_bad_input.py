"""Bad input and hostile moments: each gives one clear error, exit code 2, and nothing is lost.

Every case starts from the same folder: a config, its own priors, its own copy of a table, and the
chains of a finished run. A mutation spoils something, a real script runs, and what it says is
compared. Whatever was in the folder must be there afterwards, byte for byte.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import pytest

from tests.script_server import ROOT, ScriptServer, run_fresh

CONFIG = """\
scenario = "kolmogorov"
priors = "priors.toml"

[data.mine]
table = "mine.ecsv"
rigidity_min = 10.0
[data.voyager1_proton]
rigidity_min = 0.3

[sampling]
ensembles = 2
walkers = 24
min_steps = 4
max_steps = 4
checkpoint_steps = 2
workers = 1
"""
PRIORS = """\
[parameters]
E_CR = { distribution = "log_normal", median = 1.0, sd = 0.3 }
gamma_inj = { distribution = "truncated_normal", mean = 4.2, sd = 0.1, low = 4.02, high = 4.7 }
r = { distribution = "uniform", low = 5.0, high = 15.0 }
H = { distribution = "uniform", low = 2.0, high = 10.0 }
column = { distribution = "log_normal", median = 250.0, sd = 0.1 }
kappa_0 = { distribution = "log_uniform", low = 0.1, high = 100.0 }
[nuisance]
phi = { distribution = "truncated_normal", mean = 0.65, sd = 0.1, low = 0.0 }
discrepancy = { distribution = "log_uniform", low = 0.01, high = 1.0 }
"""


@dataclass(frozen=True)
class Case:
    """What is spoiled, what is run, what must be said.

    Attributes
    ----------
    name : in words
    says : texts that the error must contain
    spoil : changes the folder
    command : script and arguments; RUN is the config's path, DIR its folder of results, SITE a
        site file beside it
    options : of `ScriptServer.run`
    code : exit code
    made : files that may appear
    """

    name: str
    says: tuple[str, ...]
    spoil: Callable[[Path], object] = lambda folder: None
    command: tuple[str, ...] = ("run_mcmc", "RUN", "--quiet")
    options: dict = field(default_factory=dict)
    code: int = 2
    made: tuple[str, ...] = ()


def replaced(file: str, old: str, new: str):
    """Mutation: another text in a file."""

    def spoil(folder):
        path = folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return spoil


def written(file: str, content: bytes):
    """Mutation: other content of a file."""
    return lambda folder: (folder / file).write_bytes(content)


def cut_to(file: str, share: float):
    """Mutation: only the first part of a file is left."""

    def spoil(folder):
        path = folder / file
        os.truncate(path, int(share * path.stat().st_size))

    return spoil


def cut_at(file: str, text: str):
    """Mutation: a file that ends with this text."""

    def spoil(folder):
        path = folder / file
        head, found, _ = path.read_text().partition(text)
        assert found
        path.write_text(head + found)

    return spoil


def as_folder(file: str):
    """Mutation: a folder where a file should be."""

    def spoil(folder):
        (folder / file).unlink()
        (folder / file).mkdir()

    return spoil


def config_case(name, old, new, *says, **options):
    return Case(f"config: {name}", ("run.toml", *says), replaced("run.toml", old, new), **options)


def table_case(name, old, new, *says):
    return Case(f"table: {name}", ("mine.ecsv", *says), replaced("mine.ecsv", old, new))


def cell_case(name, column, text, *says):
    """A case with another text in one cell of the fifth row of the table."""

    def spoil(folder):
        path = folder / "mine.ecsv"
        lines = path.read_text().splitlines()
        fifth = next(i for i, line in enumerate(lines) if line[0] != "#") + 5
        cells = lines[fifth].split(",")
        cells[column] = text
        lines[fifth] = ",".join(cells)
        path.write_text("\n".join(lines) + "\n")

    return Case(f"table: {name}", ("mine.ecsv", *says), spoil)


def prior_case(name, old, new, *says):
    return Case(f"priors: {name}", ("priors.toml", *says), replaced("priors.toml", old, new))


def predict_case(name, arguments, *says):
    return Case(f"predict: {name}", says, command=("predict", *arguments.split()))


CONFIGS = [
    config_case("misspelt key", "walkers", "walker", "sampling.walker = 24", "mean 'walkers'"),
    config_case("misspelt section", "[sampling]", "[samplng]", "samplng", "mean 'sampling'"),
    config_case("unknown scenario", "kolmogorov", "kolmogorow", "scenario", "mean 'kolmogorov'"),
    config_case("unknown data set", "voyager1_proton", "voyager_proton", "mean 'voyager1_proton'"),
    config_case("unknown prior set", "priors.toml", "plausibel", "priors", "mean 'plausible'"),
    config_case("missing prior file", "priors.toml", "none.toml", "none.toml does not exist"),
    config_case("wrong type", "walkers = 24", 'walkers = "24"', "sampling.walkers", "integer"),
    config_case("negative", "walkers = 24", "walkers = -24", "sampling.walkers = -24", "4"),
    config_case("negative seed", "workers = 1", "seed = -1", "sampling.seed = -1"),
    config_case("missing key", 'scenario = "kolmogorov"\n', "", "scenario", "is missing"),
    config_case("no TOML", "walkers = 24", "walkers 24", "not valid TOML", "line"),
    config_case("key given twice", "workers = 1", "walkers = 1", "not valid TOML"),
    config_case("steps in the wrong order", "max_steps = 4", "max_steps = 2", "min_steps = 4"),
    config_case(
        "unknown option of the scenario",
        "[sampling]",
        "[scenario_options]\nlow_enrgy = 'eta'\n[sampling]",
        "scenario_options",
        "'low_energy'",
    ),
    config_case(
        "impossible option of the scenario",
        "[sampling]",
        "[scenario_options]\nlow_energy = 'beta'\n[sampling]",
        "low_energy = 'beta'",
        "eta",
    ),
    config_case("too few walkers", "walkers = 24", "walkers = 6", "sampling.walkers = 6", "twice"),
    config_case(
        "misspelt systematic error",
        "[sampling]",
        "[covariance.correlation_length]\naceptance = 0.3\ndefault = 0.2\n[sampling]",
        "correlation_length.aceptance",
        "mean 'acceptance'",
    ),
    config_case(
        "misspelt member of a group",
        "[sampling]",
        "[discrepancy.groups]\np = ['mein']\n[sampling]",
        "discrepancy.groups.p = 'mein'",
        "mean 'mine'",
    ),
    Case(
        "config: cuts that keep nothing",
        ("mine.ecsv", "rigidity_min = 1000000.0", "covers"),
        replaced("run.toml", "rigidity_min = 10.0", "rigidity_min = 1e6"),
    ),
    Case("config: empty", ("run.toml", "scenario: is missing"), written("run.toml", b"")),
    Case("config: not text", ("run.toml", "UTF-8"), written("run.toml", b"\xff\xfe\x00\x01")),
    Case("config: a folder", ("run.toml", "cannot be read"), as_folder("run.toml")),
    Case(
        "config: missing",
        ("run.toml", "does not exist"),
        lambda folder: (folder / "run.toml").rename(folder / "ran.toml"),
    ),
    Case(
        "command line: misspelt override",
        ("--set sampling.walkrs=30", "mean 'walkers'"),
        command=("run_mcmc", "RUN", "--set", "sampling.walkrs=30"),
    ),
    Case(
        "command line: no number",
        ("--workers", "many"),
        command=("run_mcmc", "RUN", "--workers", "many"),
    ),
    Case("command line: no config", ("RUN.toml", "required"), command=("run_mcmc", "--quiet")),
]

TABLES = [
    Case("table: missing", ("mine.ecsv",), lambda folder: (folder / "mine.ecsv").unlink()),
    Case("table: empty file", ("mine.ecsv", "ECSV"), written("mine.ecsv", b"")),
    Case("table: not text", ("mine.ecsv", "ECSV"), written("mine.ecsv", b"\xff\xfe\x00\x01")),
    Case("table: cut in its header", ("mine.ecsv", "ECSV"), cut_to("mine.ecsv", 0.1)),
    Case("table: cut in a row", ("mine.ecsv", "ECSV"), cut_at("mine.ecsv", "\n100.0,108.0,")),
    Case("table: a folder", ("mine.ecsv",), as_folder("mine.ecsv")),
    cell_case("NaN", 2, "nan", "row 5", "'flux'", "nan"),
    cell_case("text", 2, "high", "mine.ecsv"),
    cell_case("negative error", 3, "-0.001", "row 5", "'err_stat'", "negative"),
    cell_case("value of zero", 2, "0.0", "row 5", "'flux'", "not positive"),
    cell_case("unsorted edges", 0, "1.0", "row 5", "'rigidity_low'", "sort"),
    cell_case("upper edge below lower", 1, "1.6", "row 5", "'rigidity_high'"),
    table_case("wrong unit", "rigidity_low, unit: GV", "rigidity_low, unit: GeV", "'GeV'", "'GV'"),
    table_case(
        "unknown unit", "rigidity_low, unit: GV", "rigidity_low, unit: GVV", "'GVV'", "'GV'"
    ),
    table_case("missing meta", "- {period: ", "- {perod: ", "'period'", "mean 'perod'"),
    table_case("unknown observable", "observable: proton", "observable: protn", "mean 'proton'"),
    table_case("misspelt role", "role: statistical", "role: statistic", "'statistic'", "choose"),
    table_case("misspelt column", "column: err_stat", "column: err_sta", "mean 'err_stat'"),
]

PRIOR_FILES = [
    prior_case("zero width", "high = 15.0", "high = 5.0", "parameters.r", "zero width", "high"),
    prior_case("inverted", "high = 15.0", "high = 1.0", "parameters.r", "inverted"),
    prior_case("unknown family", '"log_uniform"', '"loguniform"', "kappa_0", "mean 'log_uniform'"),
    prior_case("log of zero", "low = 0.1,", "low = 0.0,", "kappa_0", "above 0"),
    prior_case("NaN", "low = 5.0", "low = nan", "parameters.r", "low = nan", "number"),
    prior_case("missing bound", ", high = 15.0", "", "parameters.r", "needs high"),
    prior_case("sd of zero", "sd = 0.3", "sd = 0.0", "parameters.E_CR", "sd above 0"),
    prior_case("missing parameter", "kappa_0 = ", "H_halo = ", "mean"),
    prior_case("misspelt nuisance", "discrepancy = ", "discrepency = ", "mean 'discrepancy'"),
    prior_case("unknown section", "[nuisance]", "[nuisances]", "mean 'nuisance'"),
    prior_case("no TOML", "[nuisance]", "[nuisance", "not valid TOML"),
    Case(
        "priors: exclude everything",
        ("priors.toml", "20 < H", "loosen"),
        lambda folder: (
            shutil.rmtree(folder / "run"),
            replaced(
                "priors.toml",
                "[nuisance]",
                "[constraints.kolmogorov]\nH = { above = 20.0 }\n[nuisance]",
            )(folder),
        ),
    ),
    prior_case(
        "constraint on nothing known",
        "[nuisance]",
        "[constraints.kolmogorov]\nbeta_warm = { below = 1.0 }\n[nuisance]",
        "beta_warm",
        "known:",
    ),
]


FIRST, ENSEMBLE = "run/ensemble_00.h5", "run/ensemble_01.h5"


def other_hdf5(folder):
    with h5py.File(folder / ENSEMBLE, "w") as file:
        file["x"] = [1.0]


def newer_format(folder):
    with h5py.File(folder / ENSEMBLE, "r+") as file:
        file["crtune"].attrs["format"] = 99


def flipped_byte(folder):
    path = folder / FIRST
    with h5py.File(path, "r") as file:
        offset = file["mcmc/chain"].id.get_offset()
    content = bytearray(path.read_bytes())
    content[offset + 100] ^= 0xFF
    path.write_bytes(content)


def header_gone(folder):
    with h5py.File(folder / ENSEMBLE, "r+") as file:
        del file["crtune/header"]
        file["crtune/header"] = "{not JSON"


def journal_gone(folder):
    path = folder / FIRST
    with h5py.File(path, "r+") as file:
        file["crtune/journal"][...] = 0


def a_third_ensemble(folder):
    shutil.copy(folder / ENSEMBLE, folder / "run/ensemble_02.h5")


SUMMARIZE = ("summarize", "DIR")
MORE = ("run_mcmc", "RUN", "--quiet", "--max-steps", "6")
SALVAGE = (*MORE, "--salvage")
CHAINS = [
    Case("chain: truncated", (ENSEMBLE, "damaged", "--salvage"), cut_to(ENSEMBLE, 0.9), MORE),
    Case("chain: truncated, read", (ENSEMBLE, "--salvage"), cut_to(ENSEMBLE, 0.9), SUMMARIZE),
    Case("chain: no bytes", (ENSEMBLE, "damaged"), written(ENSEMBLE, b""), MORE),
    Case("chain: no bytes, read", (ENSEMBLE, "damaged"), written(ENSEMBLE, b""), SUMMARIZE),
    Case("chain: nothing to salvage", (ENSEMBLE, "move it"), written(ENSEMBLE, b""), SALVAGE),
    Case("chain: not HDF5", (ENSEMBLE, "damaged"), written(ENSEMBLE, b"chain" * 999), MORE),
    Case("chain: a folder", (ENSEMBLE,), as_folder(ENSEMBLE), MORE),
    Case("chain: other HDF5", (ENSEMBLE, "no chain file of crtune"), other_hdf5, MORE),
    Case("chain: of a newer version", (ENSEMBLE, "newer", "update"), newer_format, MORE),
    Case("chain: flipped byte", (FIRST, "after step 0 of 4", "--salvage"), flipped_byte, MORE),
    Case("chain: spoilt header", (ENSEMBLE, "damaged"), header_gone, MORE),
    Case("chain: spoilt header, read", (ENSEMBLE, "damaged"), header_gone, SUMMARIZE),
    Case("chain: spoilt journal", (FIRST, "nothing can be recovered"), journal_gone, MORE),
    Case("chain: more than wanted", ("ensemble_02.h5", "raise it"), a_third_ensemble, MORE),
    Case(
        "chain: other priors",
        ("ensemble_00.h5", "another problem", "prior.r", "high=16", "--fresh"),
        replaced("priors.toml", "high = 15.0", "high = 16.0"),
        MORE,
    ),
    Case(
        "chain: other data",
        ("ensemble_00.h5", "another problem", "data.mine", "sha256"),
        replaced("mine.ecsv", "\n100.0,108.0,", "\n100.1,108.0,"),
        MORE,
    ),
    Case(
        "chain: other scenario",
        ("ensemble_00.h5", "another problem", "scenario: kolmogorov in the file"),
        lambda folder: (
            replaced("run.toml", "kolmogorov", "power_law_diffusion")(folder),
            replaced("run.toml", "priors.toml", "plausible")(folder),
        ),
        MORE,
    ),
    Case(
        "chain: other walkers",
        ("ensemble_00.h5", "nwalkers: 24 in the file, 30 now"),
        replaced("run.toml", "walkers = 24", "walkers = 30"),
        MORE,
    ),
    Case("run: none of this name", ("rn", "mean 'run'"), command=("summarize", "DIR/../rn")),
    Case(
        "run: not started",
        ("no results yet", "run_mcmc.py"),
        lambda folder: shutil.move(folder / "run.toml", folder / "new.toml"),
        ("summarize", "DIR/../new"),
    ),
    Case(
        "run: no chains",
        ("run: holds no chains",),
        lambda folder: [path.unlink() for path in (folder / "run").iterdir()],
        ("plot_corner", "DIR"),
    ),
    Case(
        "corner: unknown parameter",
        ("--params", "kapa_0", "mean 'kappa_0'"),
        command=("plot_corner", "DIR", "--params", "kapa_0"),
    ),
    Case("spectra: no draws", ("--draws 0",), command=("plot_spectra", "DIR", "--draws", "0")),
]

PREDICTIONS = [
    predict_case("unknown scenario", "two_fase --rigidity 1", "mean 'two_phase'", "known:"),
    predict_case("no scenario", "--rigidity 1", "SCENARIO is missing"),
    predict_case("no rigidity", "kolmogorov", "--rigidity is missing", "GV"),
    predict_case("unknown parameter", "kolmogorov --set kapa_0=1 --rigidity 1", "'kappa_0'"),
    predict_case("a logarithm", "kolmogorov --set log10_column=2 --rigidity 1", "column=..."),
    predict_case("no number", "kolmogorov --set H=high --rigidity 1", "'high'", "kpc"),
    predict_case("negative", "kolmogorov --set column=-1 --rigidity 1", "positive"),
    predict_case("infinite", "kolmogorov --set H=inf --rigidity 1", "finite"),
    predict_case("no flux", "kolmogorov --set H=-4 --rigidity 1", "H = -4"),
    predict_case("no source", "kolmogorov --set gamma_inj=400 --rigidity 1", "gamma_inj"),
    predict_case("rigidity of zero", "kolmogorov --rigidity 1,0", "--rigidity 1,0", "GV"),
    predict_case("rigidity in words", "kolmogorov --rigidity ten", "--rigidity ten", "GV"),
    predict_case("empty rigidity", "kolmogorov --rigidity ,", "--rigidity ,"),
    predict_case("huge rigidity", "kolmogorov --rigidity 1e300", "1e300"),
    predict_case("tiny rigidity", "two_phase --rigidity 1e-300", "1e-300"),
    predict_case("negative potential", "kolmogorov --phi -1 --rigidity 1", "--phi -1", "GV"),
    predict_case("potential in words", "kolmogorov --phi high --rigidity 1", "--phi", "'high'"),
    predict_case("unknown option", "kolmogorov --option x=1 --rigidity 1", "'x'", "low_energy"),
    predict_case("no such flag", "kolmogorov --rigidities 1", "--rigidities"),
    Case("figures: no such number", ("figure 7", "1 to 6"), command=("paper_figures", "7")),
    Case(
        "figures: unknown scenario",
        ("--scenario two_fase", "mean 'two_phase'"),
        command=("paper_figures", "4", "--scenario", "two_fase"),
    ),
]


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


RESULT = "run/tuning/priors/earth_proton/evidence.h5"


def damaged_result(folder):
    path = folder / RESULT
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no HDF5")


STUDY = [
    Case("study: no such run", ("rum.toml",), command=("fine_tuning", "DIR/../rum.toml")),
    Case(
        "study: misspelt measure",
        ("--measures acceptible", "mean 'acceptable'"),
        command=("fine_tuning", "RUN", "--measures", "acceptible"),
    ),
    Case(
        "study: seeds in words",
        ("--seeds", "'two'"),
        command=("fine_tuning", "RUN", "--seeds", "two"),
    ),
    Case("study: no seed", ("--seeds 0", "1"), command=("fine_tuning", "RUN", "--seeds", "0")),
    Case(
        "study: data that the run lacks",
        ("no case is left", "run.toml"),
        command=("fine_tuning", "RUN", "--selections", "bc"),
    ),
    Case(
        "study: table with a hole",
        ("mine.ecsv", "nan"),
        cell_case("NaN", 2, "nan").spoil,
        ("fine_tuning", "RUN"),
    ),
    Case("comparison: no results", ("no results", "fine_tuning.py"), command=("compare", "RUN")),
    Case(
        "comparison: damaged result",
        (RESULT, "damaged", "delete it"),
        damaged_result,
        ("compare", "RUN"),
    ),
]


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
        ("ensemble_00.h5", "File too large", "free some space"),
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
CASES = [*CONFIGS, *TABLES, *PRIOR_FILES, *CHAINS, *PREDICTIONS, *BATCH, *STUDY, *RIGHTS]


@pytest.fixture(scope="module")
def server():
    server = ScriptServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def finished(server, tmp_path_factory):
    """A folder with everything that a run needs, and the run."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "run.toml").write_text(CONFIG)
    (folder / "priors.toml").write_text(PRIORS)
    shutil.copy(ROOT / "data" / "ams02_proton_2015.ecsv", folder / "mine.ecsv")
    ended = server.run("run_mcmc", folder / "run.toml", "--quiet")
    assert ended.code == 3, ended.stderr
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    copy = tmp_path / "runs"
    shutil.copytree(finished, copy)
    yield copy
    for path in (copy, copy / "run", *copy.glob("run/*"), *copy.glob("*")):
        if path.exists():
            path.chmod(0o700)


def contents(folder: Path) -> dict[str, str]:
    """Checksum of every file below a folder, but locks that are free to go."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def filled_in(command, folder):
    places = {
        "RUN": str(folder / "run.toml"),
        "DIR": str(folder / "run"),
        "SITE": str(folder / "site.toml"),
    }
    for name, place in places.items():
        command = [part.replace(name, place) for part in command]
    return command


def check_error(ended, says, code=2):
    """One error, all of `says` in it, nothing that only a programmer would read."""
    message = ended.stderr
    assert ended.code == code, (ended.code, message, ended.stdout)
    assert message.count("error:") == 1, message
    for word in ("Traceback", "Warning", "Errno", 'File "'):
        assert word not in message
    for text in says:
        assert text in message
    return message


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


def test_own_table_of_any_name_is_drawn(server, folder):
    ended = server.run("plot_spectra", folder / "run", "--draws", "2")
    assert ended.code == 0, ended.stderr
    assert (folder / "run" / "spectra.png").stat().st_size > 0


def test_run_locked_by_another_process(server, folder):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pipeline.lock import WriterLock\n"
            "with WriterLock(sys.argv[1]): print('locked', flush=True); time.sleep(60)",
            str(folder / FIRST),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "locked\n"
        before = contents(folder)
        for extra in ([], ["--fresh"], ["--salvage"]):
            ended = server.run("run_mcmc", folder / "run.toml", "--quiet", *extra)
            check_error(ended, (FIRST, f"process {holder.pid}", "delete"))
            assert contents(folder) == before
    finally:
        holder.kill()
        holder.wait()
    # A dead owner does not keep the next one out.
    ended = server.run(*filled_in(MORE, folder)[:1], *filled_in(MORE, folder)[1:])
    assert ended.code == 3, ended.stderr


def test_disk_that_is_really_full(server, folder, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(small)], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs root")
    try:
        shutil.copytree(folder, small / "runs")
        before = contents(small)
        more = "sampling.min_steps=4000"
        command = ("run_mcmc", small / "runs/run.toml", "--quiet", "--set", more)
        ended = server.run(*command, "--max-steps", "4000")
        check_error(ended, (FIRST, "No space left", "4 steps stored so far are safe", "free some"))
        assert contents(small) == before
        (small / "filler").write_bytes(b"0" * (shutil.disk_usage(small).free - 3 * 4096))
        before = contents(small)
        check_error(server.run("summarize", small / "runs/run"), ("runs/run/", "No space left"))
        after = contents(small)
        assert {name: after[name] for name in before} == before
        assert set(after) - set(before) <= {"runs/run/summary.csv"}
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def predict_command(*extra):
    script = ROOT / "scripts" / "predict.py"
    return (sys.executable, script, "kolmogorov", "--rigidity", "10", *extra)


@pytest.mark.parametrize(
    "package", ["raise ImportError('No module named mpi4py')", "MPI = 1 / 0  # no library"]
)
def test_missing_mpi(folder, tmp_path, package):
    broken = tmp_path / "packages" / "mpi4py"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text(package.replace("1 / 0", "__import__('none').x"))
    before = contents(folder)
    command = (ROOT / "scripts" / "run_mcmc.py", folder / "run.toml", "--mpi")
    ended = run_fresh(
        sys.executable,
        *command,
        env={"PYTHONPATH": f"{broken.parent}{os.pathsep}{ROOT}"},
    )
    check_error(ended, ("--mpi", "MPI cannot be used", "mpi4py", "--workers"))
    assert contents(folder) == before


def test_full_and_closed_output():
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with open("/dev/full", "w") as full:
        check_error(run_fresh(*predict_command(), stdout=full), ("No space left",))
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        ended = run_fresh(*predict_command(), stdout=closed)
    assert (ended.code, ended.stderr) == (141, "")


@pytest.mark.parametrize("home", [None, "/nonexistent", "forbidden"])
def test_home_that_cannot_be_used_costs_time_only(tmp_path, home):
    if home == "forbidden":
        home = str(tmp_path / "home")
        (tmp_path / "home").mkdir(mode=0o500)
    places = dict.fromkeys(("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"))
    if home is None:  # the password file still knows one; numba falls back to it
        places["XDG_CACHE_HOME"] = "/proc/none"
    ended = run_fresh(*predict_command(), env={"HOME": home, **places}, ordinary=True)
    assert (ended.code, ended.stderr) == (0, "")
    assert "kolmogorov" in ended.stdout.lower()


def test_numba_cache_that_cannot_be_written(tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o500)
    ended = run_fresh(
        sys.executable,
        "-c",
        "import numpy as np; from transport.fast_modes.jit import njit\n"
        "print(njit(lambda x: x + 1)(1))",
        env={"NUMBA_CACHE_DIR": str(cache)},
        ordinary=True,
    )
    assert (ended.code, ended.stdout.strip()) == (0, "2"), ended.stderr


def test_data_that_cannot_be_written_are_read(server, folder):
    (folder / "mine.ecsv").chmod(0o400)
    (folder / "priors.toml").chmod(0o400)
    ended = server.run(*filled_in(MORE, folder), ordinary=True)
    assert ended.code == 3, ended.stderr


@pytest.mark.parametrize(
    ("version", "refused"), [((3, 8), True), ((3, 10), True), ((3, 14), True), ((3, 12), False)]
)
def test_make_refuses_other_pythons(tmp_path, version, refused):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    python = tmp_path / "other-python"
    # Says that it is another version, and makes no environment.
    python.write_text(
        f'#!/bin/sh\n[ "$1" = -c ] || {{ echo venv >&2; exit 9; }}\n'
        f"exec {sys.executable} -c 'import collections, sys\n"
        f'V = collections.namedtuple("V", "major minor")\n'
        f'sys.version_info = V{version}\nexec(sys.argv[1])\' "$2"\n'
    )
    python.chmod(0o755)
    ended = run_fresh("make", "setup", f"PYTHON={python}", cwd=tmp_path)
    assert ended.code == 2
    said = f"crtune needs Python 3.11 to 3.13, but {python} is {version[0]}.{version[1]}"
    assert (said in ended.stderr) is refused
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / ".venv").exists()
