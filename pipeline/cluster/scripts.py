"""The batch scripts of a run: plain text that can be read, edited and sent by hand."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pipeline.chains.lock import STALE_AFTER
from pipeline.cluster.site import Site
from transport.checkout import ROOT
from transport.errors import CrtuneError

ARRAY, JUDGE = "array.sh", "judge.sh"
_PATIENCE = int(STALE_AFTER) + 60  # s; the lock of a lost node is stale after STALE_AFTER


@dataclass(frozen=True)
class BatchScripts:
    """The two scripts of one run.

    Parameters
    ----------
    config : path of the run's config
    ensembles : how many the run has
    site : of the cluster
    overrides : ``key=value`` assignments, as of ``--set``
    """

    config: Path
    ensembles: int
    site: Site
    overrides: Sequence[str] = ()

    names: ClassVar[tuple[str, str]] = (ARRAY, JUDGE)
    """Of the two files."""

    @property
    def job_name(self) -> str:
        """Name of all jobs of the run: ``scancel --name`` stops them together."""
        return f"crtune-{self.config.stem}"

    @property
    def folder(self) -> Path:
        """Where the scripts and the jobs' logs go."""
        return Path(os.path.abspath(self.config)).with_suffix("") / "slurm"

    def __post_init__(self):
        # quoted for the shell everywhere; but sbatch reads its own lines by rules of its own
        bad = [c for c in os.path.abspath(self.config) if c in '"\\' or not c.isprintable()]
        if bad:
            raise CrtuneError(
                f"{str(self.config)!r}: sbatch cannot be told of a path with {bad[0]!r} in it; "
                "rename it"
            )

    def write(self) -> list[Path]:
        """Write both; files that differ, edited by hand perhaps, are kept as ``*.old``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for name, text in zip(self.names, (self.array(), self.judge()), strict=True):
            path = self.folder / name
            if path.exists() and path.read_text() != text:
                path.replace(path.with_name(f"{name}.old"))
            path.write_text(text)
            path.chmod(0o755)
            paths.append(path)
        return paths

    def array(self) -> str:
        """Script of the array whose tasks extend the ensembles."""
        site, each = self.site, self.site.ensembles_per_task
        tasks = f"0-{self.ensembles - 1}" + (f":{each}" if each > 1 else "")
        if site.max_running:
            tasks += f"%{site.max_running}"
        directives = [
            f'--job-name="{self.job_name}"',
            f"--array={tasks}",
            f"--output={self._log('array_%A_%a.log')}",
            "--open-mode=append",
            "--requeue",
            f"--time={site.time}",
            # B: the batch shell, which exec has turned into Python.
            f"--signal=B:USR1@{site.signal_seconds}",
            "--ntasks=1",
            f"--cpus-per-task={min(each, self.ensembles)}",
        ]
        chosen = '"$SLURM_ARRAY_TASK_ID"'
        # Slurm may send the signal up to a minute early: while Python starts, nobody would answer.
        before = "trap '' USR1  # ends nothing before run_mcmc.py listens to it\n"
        if each > 1:
            end = f"first + {each - 1} < {self.ensembles} ? first + {each - 1}"
            before += (
                "first=$SLURM_ARRAY_TASK_ID\n"
                f"last=$(( {end} : {self.ensembles - 1} ))  # not beyond the last ensemble\n"
            )
            chosen = '"$first-$last"'
        options = (
            f"--ensembles {chosen} --workers {min(each, self.ensembles)} --requeue "
            f"--wait-for-lock {_PATIENCE} --quiet"
        )
        about = (
            f"# Extends the ensembles of {self.config.name}, {each} per array task, to the next "
            "test of convergence.\n"
            "# Before the wall time ends Slurm sends SIGUSR1: the task writes its checkpoint and "
            "requeues itself.\n"
        )
        return self._script(about, directives, before, "run_mcmc.py", options)

    def judge(self) -> str:
        """Script of the job that tests convergence, then submits another round or plots."""
        directives = [
            f'--job-name="{self.job_name}"',
            f"--output={self._log('judge_%j.log')}",
            "--open-mode=append",
            "--requeue",
            f"--time={self.site.judge_time}",
            "--ntasks=1",
            "--cpus-per-task=1",
        ]
        about = (
            f"# Merges the ensembles of {self.config.name} and tests convergence; then summary "
            "and plots,\n"
            f"# or {ARRAY} once more. To send it by hand: "
            f"sbatch --dependency=afterany:ARRAY_JOB {JUDGE}\n"
        )
        options = f"--resubmit --max-submissions {self.site.max_submissions}"
        return self._script(about, directives, "", "merge.py", options)

    def _runs(self) -> list[Path]:
        """Configs that a script is called with."""
        return [self.config]

    def _script(self, about, directives, before, script, options) -> str:
        site = self.site
        directives = [
            *directives,
            *(
                f"--{key}={value}"
                for key, value in (
                    ("partition", site.partition),
                    ("account", site.account),
                    ("qos", site.qos),
                    ("constraint", site.constraint),
                    ("mem-per-cpu", site.memory_per_cpu),
                )
                if value
            ),
            *site.sbatch_options,
        ]
        lines = [f"module load {' '.join(map(shlex.quote, site.modules))}"] if site.modules else []
        lines += [*site.environment, "export OMP_NUM_THREADS=1"]
        # An interpreter given by name is looked up after modules and environment are set up.
        python = site.python or sys.executable
        overrides = "".join(f" --set {shlex.quote(text)}" for text in self.overrides)
        config = " ".join(shlex.quote(os.path.abspath(path)) for path in self._runs())
        return (
            "#!/bin/bash\n"
            f"{about}"
            "# Written by scripts/submit.py; edit it as you like, submit.py keeps it as *.old "
            "before it writes anew.\n"
            + "".join(f"#SBATCH {directive}\n" for directive in directives)
            + "\n"
            + "".join(f"{line}\n" for line in lines)
            + f"cd {shlex.quote(str(ROOT))} || exit 1\n"
            + before
            + "# exec: Slurm's signals must reach Python, not a shell around it.\n"
            + f"exec {shlex.quote(python)} scripts/{script} {config}{overrides} \\\n"
            + f"    {options}\n"
        )

    def _log(self, name: str) -> str:
        return '"' + str(self.folder).replace("%", "%%") + f'/{name}"'
