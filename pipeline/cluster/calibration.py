"""The sets of a calibration as a Slurm array, and the job that judges their ranks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pipeline.cluster.dealt import Call, DealtScripts

TASKS = 20
"""Tasks that the sets are dealt out to, at most."""


@dataclass(frozen=True)
class CalibrationScripts(DealtScripts):
    """The two scripts of one calibration; `sets` mock data sets are dealt out to `tasks`."""

    sets: int = 200
    tasks: int = TASKS
    kind: ClassVar[str] = "calibration"

    @property
    def job_name(self) -> str:
        """Name of both jobs."""
        return f"crtune-calibrate-{self.config.stem}"

    def make(self) -> Call:
        """A share of the sets."""
        about = f"# Makes every {self.tasks}-th of {self.sets} calibration sets of the run.\n"
        return Call(about, "calibrate.py", f"--sets {self.sets}", "--quiet")

    def report(self) -> Call:
        """The ranks are judged."""
        about = "# Judges the ranks of the sets that are there.\n"
        return Call(about, "calibrate.py", f"--sets {self.sets} --report")
