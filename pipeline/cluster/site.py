"""The site file: what Slurm and the environment of one cluster need, checked like any config."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.config.errors import complaints_of, raise_complaints
from transport.errors import CrtuneError
from transport.suggest import suggest
from transport.user_files import parse_toml, read_text, user_path

_TIME = re.compile(r"(?:(\d+)-)?(\d{1,2}):(\d{2})(?::(\d{2}))?|(\d+)")


def slurm_seconds(text: str) -> int:
    """Seconds of a Slurm time: minutes, minutes:seconds, hours:minutes:seconds, or days-...

    Raises
    ------
    ValueError: not such a time, or 0
    """
    match = _TIME.fullmatch(text)
    if not match:
        raise ValueError("should be a time such as 04:00:00 (h:m:s), 2-00:00:00 (with days) or 90")
    days, first, second, third, minutes = (int(g) if g else None for g in match.groups())
    if minutes is not None:
        seconds = 60 * minutes
    elif days is not None:  # days-hours:minutes[:seconds]
        seconds = 86400 * days + 3600 * first + 60 * second + (third or 0)
    elif third is None:  # minutes:seconds
        seconds = 60 * first + second
    else:
        seconds = 3600 * first + 60 * second + third
    if seconds == 0:
        raise ValueError("should be longer than 0")
    return seconds


def _checked_time(text: str) -> str:
    slurm_seconds(text)
    return text


def _one_line(text: str) -> str:
    if not text.replace("\t", " ").isprintable():
        raise ValueError(
            "should be one line without control characters; give several lines as a list of strings"
        )
    return text


Line = Annotated[str, AfterValidator(_one_line), Field(min_length=1)]
Time = Annotated[str, AfterValidator(_checked_time)]


class Site(BaseModel):
    """Keys of a site file; all have defaults.

    Attributes
    ----------
    partition, account, qos, constraint : as sbatch takes them
    time : wall time of a task of the array; it is requeued as often as needed
    signal_seconds : how long before its end a task is told to write its checkpoint
    memory_per_cpu : e.g. ``2G``
    ensembles_per_task : how many ensembles one task extends side by side, a core each
    max_running : tasks of one run's array that may run at once
    judge_time : wall time of the job that tests convergence, summarises and plots
    max_submissions : arrays that a run may use up before it needs a new submit.py
    modules : for ``module load``
    environment : shell lines before Python starts, e.g. ``source ~/crtune/.venv/bin/activate``
    python : interpreter, by default the one that runs submit.py
    sbatch_options : further options, e.g. ``--exclusive``
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    partition: Line | None = None
    account: Line | None = None
    qos: Line | None = None
    constraint: Line | None = None
    time: Time = "04:00:00"
    signal_seconds: Annotated[int, Field(ge=1, le=65535)] = 120
    memory_per_cpu: Line | None = None
    ensembles_per_task: Annotated[int, Field(ge=1, le=1024)] = 1
    max_running: Annotated[int, Field(ge=1)] | None = None
    judge_time: Time = "00:30:00"
    max_submissions: Annotated[int, Field(ge=1)] = 50
    modules: list[Line] = []
    environment: list[Line] = []
    python: Line | None = None
    sbatch_options: list[Annotated[Line, Field(pattern=r"^-")]] = []

    @model_validator(mode="after")
    def _time_for_work(self):
        if slurm_seconds(self.time) <= self.signal_seconds:
            raise ValueError(
                f"time = {self.time!r} should be longer than signal_seconds = "
                f"{self.signal_seconds}, or tasks are told to stop as soon as they start"
            )
        return self


def load_site(path: str | Path | None) -> Site:
    """Read and check a site file; without one, Slurm's own defaults.

    Raises
    ------
    CrtuneError: listing every problem with file, key, value and what would be right
    """
    if path is None:
        return Site()
    path = user_path(path)
    try:
        content = parse_toml(read_text(path, "site file"), path)
    except FileNotFoundError:
        known = [str(p) for p in sorted(path.parent.glob("*.toml"))]
        raise CrtuneError(
            f"site file {path} does not exist{suggest(str(path), known)}; "
            "docs/site.toml is an example to copy"
        ) from None
    try:
        return Site.model_validate(content)
    except ValidationError as error:
        raise_complaints(str(path), complaints_of(error, Site))
        raise  # pydantic found no complaint to make: cannot be
