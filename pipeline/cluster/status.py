"""What runs, how far, how converged: read from live files without locks, and from the queue."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.chains.ensembles import ensemble_files
from pipeline.chains.files import read_header
from pipeline.chains.lock import STALE_AFTER, describe_owner, live_owner, read_owner
from pipeline.chains.reader import read_journal, read_progress
from pipeline.cluster import slurm
from pipeline.cluster.campaign import submissions
from pipeline.config.load import run_name
from pipeline.posterior.verdict import Verdict
from pipeline.sampling.ensemble import ensemble_path
from transport.errors import CrtuneError


@dataclass(frozen=True)
class RunStatus:
    """One run at a glance.

    Attributes
    ----------
    name, folder : which
    ensembles, begun : how many it is to have, how many have begun
    steps, max_steps : sampler steps of the shortest and the longest ensemble, and the budget
    warming, warm_up : ensembles still in their warm-up, and the least share of it that is made
    acceptance : mean fraction
    rate : sampler steps per second and ensemble in the last block
    age : s since the last checkpoint
    verdict : ``converged``, ``NOT CONVERGED``, or ``""`` before the first test
    judged, tau, n_tau, rhat : steps at the last test, and its worst numbers
    writers : who writes now
    jobs : in the queue, e.g. ``12_0 RUNNING``
    problems : in words
    """

    name: str
    folder: str
    ensembles: int
    begun: int
    steps: tuple[int, int]
    max_steps: int | None
    warming: int
    warm_up: float
    acceptance: float
    rate: float
    age: float | None
    verdict: str
    judged: int
    tau: float
    n_tau: float
    rhat: float
    writers: tuple[str, ...]
    jobs: tuple[str, ...]
    problems: tuple[str, ...]

    def as_dict(self) -> dict:
        """For JSON."""
        return asdict(self)


NAN = float("nan")


def run_status(folder: str | Path, jobs: Sequence[slurm.Job] = ()) -> RunStatus:
    """Look at one run; nothing is written, and a writer notices nothing.

    Parameters
    ----------
    jobs : the queue; those of this run's submissions are picked out
    """
    folder = Path(folder)
    problems, seen, rates, ages, acceptances = [], [], [], [], []
    sampling, thin, expected, budget = None, 1, 0, None
    paths = ensemble_files(folder)
    for path in paths:
        try:
            if sampling is None:
                header = read_header(path)
                thin = header.thin
                sampling = _stored_sampling(header.config)
        except CrtuneError as error:
            problems.append(str(error).splitlines()[0])
        try:
            stored, accepted = read_progress(path)
            seen.append(stored * thin)
            acceptances.append(accepted)
            journal = read_journal(path)
        except CrtuneError as error:
            problems.append(str(error).splitlines()[0])
            continue
        if len(journal):
            last = journal[-1]
            ages.append(time.time() - float(last["time"]))
            rates.append((last["stop"] - last["start"]) * thin / max(last["seconds"], 1e-9))
    warming = _warm_up(folder, problems)
    if sampling is None and warming:
        sampling = warming[0][0]
    if sampling is not None:
        expected, budget = int(sampling.get("ensembles", 1)), sampling.get("max_steps")
    expected = max(expected, len(paths))
    if len(paths) < expected or not seen:
        seen.append(0)
    verdict = _verdict(folder)
    tau, n_tau, rhat = verdict.worst() if verdict else (NAN, NAN, NAN)
    return RunStatus(
        name=run_name(folder),
        folder=str(folder),
        ensembles=expected,
        begun=len(paths),
        steps=(min(seen), max(seen)),
        max_steps=budget,
        warming=len(warming),
        warm_up=min((share for _, share in warming), default=NAN),
        acceptance=_mean(acceptances),
        rate=_mean(rates),
        age=min(ages) if ages else None,
        verdict=verdict.label if verdict else "",
        judged=verdict.steps if verdict else 0,
        tau=tau,
        n_tau=n_tau,
        rhat=rhat,
        writers=_writers(folder, expected),
        jobs=_jobs(folder, jobs, problems),
        problems=tuple(dict.fromkeys(problems)),
    )


def _warm_up(folder: Path, problems: list[str]) -> list[tuple[dict, float]]:
    """Of each ensemble that has no chain yet: the section ``sampling``, the share that is made."""
    found = []
    for path in sorted(folder.glob("warm_up_*.h5")):
        number = path.stem.removeprefix("warm_up_")
        if not number.isdigit() or ensemble_path(folder, int(number)).exists():
            continue  # a leftover, which the next writer removes
        try:
            header = read_header(path)
            made = read_progress(path)[0] * header.thin / header.warm_up["steps"]
            found.append((_stored_sampling(header.config), made))
        except CrtuneError as error:
            problems.append(str(error).splitlines()[0])
    return found


def _stored_sampling(config: str) -> dict:
    """That section as it is, since the config may be of an earlier version."""
    try:
        return tomllib.loads(config).get("sampling", {})
    except ValueError:
        return {}


def _mean(numbers) -> float:
    finite = [x for x in numbers if x == x]
    return float(sum(finite) / len(finite)) if finite else NAN


def _verdict(folder: Path) -> Verdict | None:
    try:
        return Verdict.load(folder)
    except (OSError, ValueError, TypeError):
        return None


def _writers(folder: Path, ensembles: int) -> tuple[str, ...]:
    found = []
    for target in (folder / "run", *(ensemble_path(folder, i) for i in range(ensembles))):
        try:
            owner = live_owner(target)
        except OSError:  # a folder of somebody else: the age of the lock must do
            owner = _owner_by_age(target.with_suffix(".lock"))
        if owner:
            found.append(owner)
    return tuple(dict.fromkeys(found))


def _owner_by_age(lock: Path) -> str:
    try:
        fresh = time.time() - lock.stat().st_mtime < STALE_AFTER
    except OSError:
        return ""
    return describe_owner(read_owner(lock)) if fresh else ""


def _jobs(folder: Path, jobs, problems) -> tuple[str, ...]:
    try:
        sent = submissions(folder)
    except CrtuneError as error:
        problems.append(str(error))
        return ()
    role = {s.array: "array" for s in sent} | {s.judge: "judge" for s in sent}
    return tuple(
        f"{role[job.array_id]} {job.id} {job.state}"
        + (f" ({job.reason})" if job.state == "PENDING" else f" {job.elapsed}/{job.limit}")
        for job in jobs
        if job.array_id in role
    )


def format_status(rows: Sequence[RunStatus]) -> str:
    """A table, and below each run what there is to say about its jobs and problems."""
    head = ["run", "ens", "steps", "of", "step/s", "accept", "last", "tau", "N/tau", "R-hat", ""]
    lines = [head]
    for row in rows:
        low, high = row.steps
        lines.append(
            [
                row.name,
                f"{row.begun}/{row.ensembles or '?'}",
                f"{low}" if low == high else f"{low}-{high}",
                f"{row.max_steps}" if row.max_steps else "?",
                _number(row.rate, ".3g"),
                _number(row.acceptance, ".2f"),
                _age(row.age),
                _number(row.tau, ".3g"),
                _number(row.n_tau, ".3g"),
                _number(row.rhat, ".3f"),
                _told(row),
            ]
        )
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = []
    for line, row in zip(lines, [None, *rows], strict=True):
        cells = [
            line[0].ljust(widths[0]),
            *(c.rjust(w) for c, w in zip(line[1:-1], widths[1:-1], strict=True)),
        ]
        text.append("  ".join([*cells, line[-1]]).rstrip())
        if row:
            if row.warming:
                text.append(f"    in the warm-up: {row.warming}, {100 * row.warm_up:.0f}% at least")
            text += [f"    job {job}" for job in row.jobs]
            text += [f"    writing: {writer}" for writer in row.writers if not row.jobs]
            text += [f"    ! {problem}" for problem in row.problems]
    return "\n".join(text)


def _told(row: RunStatus) -> str:
    if row.verdict:
        return f"{row.verdict} at {row.judged}"
    return "not judged yet" if row.begun or row.warming or row.jobs else "no chains here"


def _number(value: float, form: str) -> str:
    return format(value, form) if value == value else "-"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
