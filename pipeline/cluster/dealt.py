"""Many small pieces of work dealt out to the tasks of a Slurm array, and a job that reports."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple

from pipeline.cluster import slurm
from pipeline.cluster.scripts import BatchScripts


class Call(NamedTuple):
    """What a batch script calls, and a line on it.

    Attributes
    ----------
    about : the line, a comment of the shell
    script : of scripts/
    options, more : of the script, before and after a task's share
    """

    about: str
    script: str
    options: str
    more: str = ""


class DealtScripts(BatchScripts):
    """The two scripts of such work: a task makes every `tasks`-th piece, one after another, and
    requeues itself at the wall time; what is finished is never made again.

    Subclasses are dataclasses with a field `tasks`, the number of tasks of the array.
    """

    kind: ClassVar[str]
    """What the work is: the beginning of the names of scripts and logs."""

    @property
    def names(self) -> tuple[str, str]:
        """Of the two files."""
        return f"{self.kind}_array.sh", f"{self.kind}_report.sh"

    def make(self) -> Call:
        """What a task calls; its share is added."""
        raise NotImplementedError

    def report(self) -> Call:
        """What the job after all tasks calls."""
        raise NotImplementedError

    def array(self) -> str:
        """Script of the array whose tasks make the pieces."""
        call = self.make()
        tasks = f"0-{self.tasks - 1}"
        if self.site.max_running:
            tasks += f"%{self.site.max_running}"
        directives = [
            f'--job-name="{self.job_name}"',
            f"--array={tasks}",
            f"--output={self._log(f'{self.kind}_%A_%a.log')}",
            "--open-mode=append",
            "--requeue",
            f"--time={self.site.time}",
            f"--signal=B:USR1@{self.site.signal_seconds}",
            "--ntasks=1",
            "--cpus-per-task=1",
        ]
        before = f"trap '' USR1  # ends nothing before {call.script} listens to it\n"
        share = f'--share "$SLURM_ARRAY_TASK_ID/{self.tasks}" --requeue'
        options = f"{call.options} {share} {call.more}"
        return self._script(call.about, directives, before, call.script, options)

    def judge(self) -> str:
        """Script of the job that reports when all tasks have ended."""
        call = self.report()
        directives = [
            f'--job-name="{self.job_name}"',
            f"--output={self._log(f'{self.kind}_report_%j.log')}",
            "--open-mode=append",
            f"--time={self.site.judge_time}",
            "--ntasks=1",
            "--cpus-per-task=1",
        ]
        return self._script(call.about, directives, "", call.script, call.options)

    def submit(self) -> tuple[str, str]:
        """Send what `write` wrote; ids of the array and of the report.

        Raises
        ------
        CrtuneError: Slurm refuses, or is not there
        """
        array_path, report_path = (Path(self.folder) / name for name in self.names)
        array = slurm.submit(array_path)
        return array, slurm.submit(report_path, f"--dependency=afterany:{array}")
