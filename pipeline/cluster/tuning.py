"""The cases of a tuning study as a Slurm array, and the job that writes the tables."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pipeline.cluster import slurm
from pipeline.cluster.scripts import BatchScripts

TASKS = 40
"""Tasks that the cases are dealt out to, at most."""
STUDY = "--study"
"""Options of scripts/fine_tuning.py, where no others are given."""
_SHOWN = ("--study", "--priors", "--transport", "--variant")
"""Options that scripts/compare.py takes as well."""


@dataclass(frozen=True)
class TuningScripts(BatchScripts):
    """The two scripts of one study; `config` is the first of `configs`.

    A case takes minutes, so a task makes many, one after another, and requeues itself at the wall
    time; what is stored is never made again.

    Parameters
    ----------
    configs : paths of the configs
    options : of scripts/fine_tuning.py, as one text
    tasks : of the array
    output : folder of the tables
    """

    configs: Sequence[Path] = ()
    options: str = STUDY
    tasks: int = TASKS
    output: Path = Path("runs/comparison")
    names: ClassVar[tuple[str, str]] = ("tuning_array.sh", "tuning_report.sh")

    @property
    def job_name(self) -> str:
        """Name of both jobs."""
        return f"crtune-tuning-{self.config.stem}"

    def array(self) -> str:
        """Script of the array whose tasks make the cases."""
        tasks = f"0-{self.tasks - 1}"
        if self.site.max_running:
            tasks += f"%{self.site.max_running}"
        directives = [
            f'--job-name="{self.job_name}"',
            f"--array={tasks}",
            f"--output={self._log('tuning_%A_%a.log')}",
            "--open-mode=append",
            "--requeue",
            f"--time={self.site.time}",
            f"--signal=B:USR1@{self.site.signal_seconds}",
            "--ntasks=1",
            "--cpus-per-task=1",
        ]
        about = f"# Makes every {self.tasks}-th case of a study of fine-tuning.\n"
        before = "trap '' USR1  # ends nothing before fine_tuning.py listens to it\n"
        share = f'--share "$SLURM_ARRAY_TASK_ID/{self.tasks}"'
        options = f"{_quoted(self.options)} {share} --requeue --workers 1"
        return self._script(about, directives, before, "fine_tuning.py", options)

    def judge(self) -> str:
        """Script of the job that writes tables and figures when all tasks have ended."""
        directives = [
            f'--job-name="{self.job_name}"',
            f"--output={self._log('tuning_report_%j.log')}",
            "--open-mode=append",
            f"--time={self.site.judge_time}",
            "--ntasks=1",
            "--cpus-per-task=1",
        ]
        about = "# Tables and figures of what is there.\n"
        output = shlex.quote(os.path.abspath(self.output))
        options = " ".join(filter(None, (_quoted(shown(self.options)), f"--output {output}")))
        return self._script(about, directives, "", "compare.py", options)

    def submit(self) -> tuple[str, str]:
        """Send what `write` wrote; ids of the array and of the report.

        Raises
        ------
        CrtuneError: Slurm refuses, or is not there
        """
        array_path, report_path = (Path(self.folder) / name for name in self.names)
        array = slurm.submit(array_path)
        return array, slurm.submit(report_path, f"--dependency=afterany:{array}")

    def _runs(self) -> list[Path]:
        return list(self.configs)


def shown(options: str) -> str:
    """Those of the options of scripts/fine_tuning.py that say what scripts/compare.py shows."""
    kept, words = [], shlex.split(options)
    for word, after in zip(words, [*words[1:], ""], strict=True):
        name, equals, _ = word.partition("=")
        if name in _SHOWN:
            kept += [word] if equals or name == STUDY else [word, after]
    return shlex.join(kept)


def _quoted(options: str) -> str:
    return shlex.join(shlex.split(options))
