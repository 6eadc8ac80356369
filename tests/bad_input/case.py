"""What one case of bad input is: a folder that works, a way to spoil it, what must be said."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

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


FIRST, ENSEMBLE = "run/ensemble_00.h5", "run/ensemble_01.h5"
SUMMARIZE = ("summarize", "DIR")
MORE = ("run_mcmc", "RUN", "--quiet", "--max-steps", "6")


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
