"""Files that users write, mutated at random: each is read, or refused with one clear error."""

from __future__ import annotations

import random
import re
import shutil
import signal
import warnings
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from likelihoods.reading import read_measurement
from pipeline.cluster.site import load_site
from pipeline.cluster.status import run_status
from pipeline.config.load import load_config
from pipeline.from_config import build_problem
from pipeline.posterior.load import load_run
from priors.sets import load_prior_set
from tests.bad_input.case import CONFIG, PRIORS
from tests.reliability.flips import flipped
from transport.checkout import ROOT
from transport.errors import CrtuneError, CrtuneWarning

SECONDS = 30  # that reading one file may take on a busy machine
SITE = (ROOT / "docs" / "site.toml").read_text()
TABLE = (ROOT / "data" / "ams02_proton_2015.ecsv").read_text()

_WORDS = (
    "0", "-1", "1e308", "-1e308", "1e-320", "nan", "inf", "-inf", "true", '""', '"x"', "[]", "{}",
    "[[]]", str(2**63), str(2**63 - 1), 400 * "9", 5000 * "9", 3000 * "[", 3000 * "{ a = ",
    "~nosuchuser/x", '"~nosuchuser/x.toml"', '"' + 5000 * "a" + '/b.ecsv"', '"a\\nb/c.ecsv"',
    '"../../../etc/passwd"', '"/dev/null"', '"/dev/zero/x"', "'''", '"""', "\0", "\r", "\ufeff",
    "é", "\u2028", "1979-05-27", "0x10", "0b1", "1_000", "=", "#", "\\", "''", ",", "None",
)  # fmt: skip


class TracebackError(AssertionError):
    """An input for which a user would have seen a traceback, or waited for ever."""


def mutated(text: str, rng: random.Random) -> bytes:
    """The text with one to three things done to it."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        text = rng.choice(_MUTATIONS)(text, rng)
    raw = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.1 and raw:
        raw = flipped(raw, rng.randrange(8 * len(raw)))
    return raw


def _word(text, rng):
    """Another value, or another name, in the place of one."""
    found = list(re.finditer(r"[\w.+-]+|\"[^\"\n]*\"", text))
    if not found:
        return rng.choice(_WORDS)
    at = rng.choice(found)
    other = rng.choice((rng.choice(_WORDS), rng.choice(found)[0]))
    return text[: at.start()] + other + text[at.end() :]


def _cut(text, rng):
    begin = rng.randrange(len(text) + 1)
    return text[:begin] + text[begin + rng.choice((1, 5, 50, len(text))) :]


def _lines(text, rng):
    """A line twice, gone, or elsewhere."""
    lines = text.split("\n")
    line = lines.pop(rng.randrange(len(lines)))
    for _ in range(rng.choice((0, 1, 2))):
        lines.insert(rng.randrange(len(lines) + 1), line)
    return "\n".join(lines)


def _insert(text, rng):
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(_WORDS) + text[at:]


_MUTATIONS = (_word, _word, _word, _cut, _lines, _insert)


def _config(path):
    build_problem(load_config(path))


KINDS = {
    "run.toml": (CONFIG, _config),
    "priors.toml": (PRIORS, lambda path: _config(path.with_name("run.toml"))),
    "mine.ecsv": (TABLE, read_measurement),
    "site.toml": (SITE, load_site),
    "set.toml": (PRIORS, load_prior_set),
}
"""Files of users: a good one, and what reads it."""


def mutate_inputs(folder: Path, number: int, seed: int = 0) -> Counter:
    """Read `number` mutated files of every kind in turn.

    Returns
    -------
    how many were ``refused`` with one message, and how many ``read``

    Raises
    ------
    TracebackError: naming the file, which is left in the folder
    """
    rng, seen = random.Random(seed), Counter()
    for name, (text, _) in KINDS.items():
        (folder / name).write_text(text)
    for index in range(number):
        name = list(KINDS)[index % len(KINDS)]
        text, read = KINDS[name]
        path = folder / name
        path.write_bytes(mutated(text, rng))
        seen["refused" if _refused(path, read) else "read"] += 1
        path.write_text(text)
    return seen


def mutate_stored(run: Path, number: int, seed: int = 0) -> Counter:
    """Cut, overwrite and lengthen files in a run's folder, and read the run: as `mutate_inputs`.

    `status` must go on whatever it finds.
    """
    rng, seen = random.Random(seed), Counter()
    files = [p for p in sorted(run.iterdir()) if p.suffix in (".h5", ".json")]
    for _ in range(number):
        path = rng.choice(files)
        whole = path.read_bytes()
        path.write_bytes(_damaged(whole, rng))
        seen["refused" if _refused(run, load_run) else "read"] += 1
        _refused(run, run_status, may_refuse=False)
        path.write_bytes(whole)
    return seen


def _damaged(raw: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(raw))
    kind = rng.randrange(5)
    if kind == 0:
        return raw[:at]
    if kind == 1:
        return raw + rng.randbytes(100)
    size = rng.choice((1, 8, 512, 4096))
    new = bytes(size) if kind == 2 else b"\xff" * size if kind == 3 else rng.randbytes(size)
    return raw[:at] + new + raw[at + size :]


def _refused(path: Path, read, may_refuse: bool = True) -> bool:
    try:
        with warnings.catch_warnings(), _limit():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", CrtuneWarning)
            read(path)
    except CrtuneError as error:
        if not may_refuse:
            raise TracebackError(f"{path}: should not stop at: {error}") from error
        return True
    except Exception as error:
        kept = path.with_name(f"traceback-{path.name}")
        if path.is_file():
            shutil.copy(path, kept)
        raise TracebackError(f"{kept}: {type(error).__name__}: {str(error)[:300]}") from error
    return False


@contextmanager
def _limit():
    def stop(number, frame):
        raise TimeoutError(f"not read after {SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
