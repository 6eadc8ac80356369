"""Campaigns: runs as arrays and judges in Slurm, round after round until they are done."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.cluster import slurm
from pipeline.cluster.scripts import ARRAY, JUDGE, BatchScripts
from pipeline.cluster.shares import Standing
from pipeline.config.load import Config, load_config, with_overrides
from pipeline.config.variants import with_priors, with_transport
from pipeline.files import replacing
from transport.errors import CrtuneError

RECORD = "submissions.json"


@dataclass(frozen=True)
class Submission:
    """One array and the judge that waits for it.

    Attributes
    ----------
    array, judge : job ids
    number : 1 for a submit.py by hand, then counted by the judge
    steps : made of each ensemble, warm-up included, when it was submitted
    time : unix
    """

    array: str
    judge: str
    number: int
    steps: tuple[int, ...]
    time: float


def submissions(folder: str | Path) -> list[Submission]:
    """All submissions of the run with this folder, oldest first."""
    path = Path(folder) / "slurm" / RECORD
    try:
        entries = json.loads(path.read_text())
        return [Submission(**{**entry, "steps": tuple(entry["steps"])}) for entry in entries]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CrtuneError(
            f"{path}: cannot be read ({error}); delete it to start a new record"
        ) from error


def submit_round(folder: Path, now: Standing, number: int) -> Submission:
    """Submit the array for the ensembles that are behind, and the judge after it.

    The scripts are taken as they are on disk, so that edits last.

    Raises
    ------
    CrtuneError: Slurm refuses, or is not there
    """
    scripts = folder / "slurm"
    array = slurm.submit(scripts / ARRAY)
    judge = slurm.submit(scripts / JUDGE, f"--dependency=afterany:{array}")
    submission = Submission(array, judge, number, now.made, time.time())
    record = [vars(s) for s in (*submissions(folder), submission)]
    with replacing(scripts / RECORD) as draft:
        draft.write_text(json.dumps(record, indent=1))
    return submission


def next_round(folder: Path, now: Standing, most: int) -> Submission | str:
    """What a judge does about an unfinished run: submit again, or say why not.

    Parameters
    ----------
    most : submissions allowed since the last one by hand
    """
    earlier = submissions(folder)
    last = earlier[-1] if earlier else None
    number = last.number + 1 if last else 1
    if number > most:
        return f"max_submissions = {most} is used up; scripts/submit.py starts counting anew"
    if last:
        if slurm.was_cancelled(last.array):
            return f"array {last.array} was cancelled; scripts/submit.py goes on from there"
        if sum(now.made) <= sum(last.steps):
            return (
                f"array {last.array} made no progress, see {folder}/slurm/array_{last.array}_*.log;"
                " mend what they say, then scripts/submit.py goes on"
            )
    return submit_round(folder, now, number)


def alive(folder: Path) -> list[slurm.Job]:
    """Jobs of a run's submissions that are in the queue."""
    ids = [job for s in submissions(folder) for job in (s.array, s.judge)]
    return slurm.queue(ids)


def runs_of_campaign(
    configs: Sequence[str | Path],
    priors: Sequence[str],
    overrides: Sequence[str] = (),
    transports: Sequence[str] = (),
) -> list[Config]:
    """Every config with every prior set and transport: NAME.toml, NAME_SET.toml, NAME_full.toml ...

    Without `priors` or `transports` the configs' own are taken. Files that are missing are written.

    Raises
    ------
    CrtuneError: a bad config, an unknown set or effect, or a file NAME_SET.toml that is something
        else
    """
    found = []
    for path in dict.fromkeys(Path(c) for c in configs):
        config = with_overrides(load_config(path), overrides)
        for name in priors or [None]:
            chosen = config if name is None else with_priors(config, name, overrides)
            found += [
                chosen if transport is None else with_transport(chosen, transport, overrides)
                for transport in transports or [None]
            ]
    names = [config.run_dir.resolve() for config in found]
    for config in found:
        if names.count(config.run_dir.resolve()) > 1:
            raise CrtuneError(f"{config.path}: given twice in one campaign")
    return found


def scripts_of(config: Config, site, overrides=()) -> BatchScripts:
    """The batch scripts of a run."""
    return BatchScripts(config.path, config.sampling.ensembles, site, tuple(overrides))
