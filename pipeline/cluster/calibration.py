"""The sets of a calibration as a Slurm array, and the job that judges their ranks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pipeline.cluster import slurm
from pipeline.cluster.scripts import BatchScripts

TASKS = 20
"""Tasks that the sets are dealt out to, at most."""


@dataclass(frozen=True)
class CalibrationScripts(BatchScripts):
    """The two scripts of one calibration; `sets` mock data sets are dealt out to `tasks`.

    A set takes minutes, so a task makes many, one after another, and requeues itself at the wall
    time; finished sets are never made again.
    """

    sets: int = 200
    tasks: int = TASKS
    names: ClassVar[tuple[str, str]] = ("calibration_array.sh", "calibration_report.sh")

    @property
    def job_name(self) -> str:
        """Name of both jobs."""
        return f"crtune-calibrate-{self.config.stem}"

    def array(self) -> str:
        """Script of the array whose tasks make the sets."""
        tasks = f"0-{self.tasks - 1}"
        if self.site.max_running:
            tasks += f"%{self.site.max_running}"
        directives = [
            f"--job-name={self.job_name}",
            f"--array={tasks}",
            f"--output={self._log('calibration_%A_%a.log')}",
            "--open-mode=append",
            "--requeue",
            f"--time={self.site.time}",
            f"--signal=B:USR1@{self.site.signal_seconds}",
            "--ntasks=1",
            "--cpus-per-task=1",
        ]
        about = f"# Makes every {self.tasks}-th of {self.sets} calibration sets of the run.\n"
        before = "trap '' USR1  # ends nothing before calibrate.py listens to it\n"
        share = f'--share "$SLURM_ARRAY_TASK_ID/{self.tasks}"'
        options = f"--sets {self.sets} {share} --requeue --quiet"
        return self._script(about, directives, before, "calibrate.py", options)

    def judge(self) -> str:
        """Script of the job that judges the ranks when all tasks have ended."""
        directives = [
            f"--job-name={self.job_name}",
            f"--output={self._log('calibration_report_%j.log')}",
            "--open-mode=append",
            f"--time={self.site.judge_time}",
            "--ntasks=1",
            "--cpus-per-task=1",
        ]
        about = "# Judges the ranks of the sets that are there.\n"
        return self._script(about, directives, "", "calibrate.py", f"--sets {self.sets} --report")

    def submit(self) -> tuple[str, str]:
        """Send what `write` wrote; ids of the array and of the report.

        Raises
        ------
        CrtuneError: Slurm refuses, or is not there
        """
        array_path, report_path = (Path(self.folder) / name for name in self.names)
        array = slurm.submit(array_path)
        return array, slurm.submit(report_path, f"--dependency=afterany:{array}")
