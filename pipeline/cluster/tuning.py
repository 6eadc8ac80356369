"""The cases of a tuning study as a Slurm array, and the job that writes the tables."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pipeline.cluster.dealt import Call, DealtScripts

TASKS = 40
"""Tasks that the cases are dealt out to, at most."""
STUDY = "--study"
"""Options of scripts/fine_tuning.py, where no others are given."""
_SHOWN = ("--study", "--priors", "--transport", "--variant")
"""Options that scripts/compare.py takes as well."""


@dataclass(frozen=True)
class TuningScripts(DealtScripts):
    """The two scripts of one study; `config` is the first of `configs`.

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
    kind: ClassVar[str] = "tuning"

    @property
    def job_name(self) -> str:
        """Name of both jobs."""
        return f"crtune-tuning-{self.config.stem}"

    def make(self) -> Call:
        """A share of the cases."""
        about = f"# Makes every {self.tasks}-th case of a study of fine-tuning.\n"
        return Call(about, "fine_tuning.py", _quoted(self.options), "--workers 1")

    def report(self) -> Call:
        """Tables and figures are written."""
        output = f"--output {shlex.quote(os.path.abspath(self.output))}"
        options = " ".join(filter(None, (_quoted(shown(self.options)), output)))
        return Call("# Tables and figures of what is there.\n", "compare.py", options)

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
