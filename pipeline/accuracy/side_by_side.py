"""Samplers side by side: what each gave, kept in a folder, and the table of all."""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from pipeline.accuracy.samplers import SAMPLERS, Counted
from pipeline.files import replacing
from pipeline.json_values import read_with_checksum, text_with_checksum
from transport.errors import CrtuneError


@dataclass(frozen=True)
class Drawn:
    """What a sampler gave.

    Attributes
    ----------
    name : of the sampler
    mean, sd : (ndim,) of every coordinate
    effective : draws, of the slowest coordinate by the stricter measure
    by_tau : the same by the autocorrelation time, which flatters; NaN for weighted points
    length : steps in units of its autocorrelation time; NaN for nested samplers
    before, evaluations : of the model: thrown away, and for the draws kept
    cpu_seconds : all of it
    missing : why there is nothing, in words; "" if there is something
    """

    name: str
    mean: np.ndarray
    sd: np.ndarray
    effective: float
    by_tau: float
    length: float
    before: int
    evaluations: int
    cpu_seconds: float
    missing: str = ""

    def line(self) -> str:
        """One row of the table."""
        if self.missing:
            return f"| {self.name} | {self.missing} | | | | | |"
        per_evaluation = 1000.0 * self.effective / self.evaluations
        by_tau = 1000.0 * self.by_tau / self.evaluations
        per_second = self.effective / self.cpu_seconds
        return (
            f"| {self.name} | {per_evaluation:.2f} | {by_tau:.2f} | {per_second:.1f} | "
            f"{self.evaluations} | {self.before} | {self.length:.0f} |"
        )


def compare(problem, name: str, evaluations: int, walkers: int, seed: int, folder=None) -> Drawn:
    """Run one of `SAMPLERS`; a peer that is not installed is said to be missing.

    Parameters
    ----------
    folder : where results are kept, and found again by a later call of the same problem; None
        keeps nothing

    Raises
    ------
    CrtuneError: too few evaluations for anything
    """
    if evaluations < 100 * walkers:
        raise CrtuneError(
            f"--evaluations {evaluations}: too few for {walkers} walkers; give {100 * walkers}"
        )
    whose = hashlib.sha256(repr(sorted(problem.fingerprint().items())).encode()).hexdigest()[:12]
    stem = f"{name}_{evaluations}_{walkers}_{seed}_{whose}".replace(" ", "_").replace(",", "")
    path = None if folder is None else Path(folder) / f"{stem}.json"
    if path is not None and path.exists():
        return _read(path)
    began = time.process_time()
    try:
        found = SAMPLERS[name](Counted(problem), evaluations, walkers, seed)
    except ImportError as error:
        return _nothing(problem, name, f"not installed ({error.name})")
    drawn = Drawn(name, *found, time.process_time() - began)
    if not drawn.evaluations:
        return _nothing(problem, name, f"still exploring after {drawn.before} evaluations")
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        fields = asdict(drawn) | {"mean": drawn.mean.tolist(), "sd": drawn.sd.tolist()}
        with replacing(path) as draft:
            draft.write_text(text_with_checksum(fields), encoding="utf-8")
    return drawn


def _nothing(problem, name: str, why: str) -> Drawn:
    unknown = np.full(problem.ndim, np.nan)
    return Drawn(name, unknown, unknown, 0.0, 0.0, 0.0, 0, 0, 0.0, why)


def _read(path: Path) -> Drawn:
    fields = read_with_checksum(path)
    return Drawn(**fields | {key: np.array(fields[key]) for key in ("mean", "sd")})


def as_table(results: list[Drawn], names) -> str:
    """Markdown: efficiency, then means and widths against the first sampler's."""
    lines = [
        "| sampler | effective draws per 1000 evaluations | by tau | per CPU second | evaluations "
        "| before | N/tau |",
        "|---|---|---|---|---|---|---|",
        *(result.line() for result in results),
        "",
        f"Against {results[0].name}: means off by, in its standard deviations, and ratio of widths",
        "",
        "| sampler | largest shift | of | least ratio | of | largest ratio | of |",
        "|---|---|---|---|---|---|---|",
    ]
    first = results[0]
    for result in results[1:]:
        if result.missing:
            continue
        shift, ratio = np.abs(result.mean - first.mean) / first.sd, result.sd / first.sd
        cells = []
        for values, at in ((shift, np.argmax), (ratio, np.argmin), (ratio, np.argmax)):
            index = int(at(values))
            cells += [f"{values[index]:.2f}", names[index]]
        lines.append(f"| {result.name} | {' | '.join(cells)} |")
    return "\n".join(lines)
