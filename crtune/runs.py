"""Sampling in a notebook."""

from __future__ import annotations

import contextlib
import sys
from functools import cached_property, partial
from pathlib import Path

import pipeline.from_config
from crtune.configs import Source, load_config
from crtune.posteriors import RunPosterior, load_run
from pipeline.config.load import Config, config_from_mapping
from pipeline.config.load import load_config as read_config
from pipeline.files import replacing
from pipeline.problem import Problem
from pipeline.sampling import rounds
from transport.errors import CrtuneError

_MARK = "# Written by crtune.Run"


class Run:
    """A run of a config: the same chains, in the same files, as ``scripts/run_mcmc.py`` makes.

    Parameters
    ----------
    config : as of `crtune.load_config`
    folder : where the chains go. By default beside the config's file; a config without a file, or
        another folder, is written down as ``FOLDER.toml``, with which every script can go on
    **changes : as of `crtune.load_config`

    Raises
    ------
    CrtuneError: a bad config; no folder; ``FOLDER.toml`` is there and describes another problem

    Examples
    --------
    >>> import crtune
    >>> run = crtune.Run(
    ...     {"scenario": "kolmogorov", "data": {"ams02_bc_2016": {"rigidity_min": 5.0}}},
    ...     folder="runs/mine",
    ...     sampling={"ensembles": 2, "walkers": 16, "min_steps": 20, "max_steps": 20},
    ... )
    >>> posterior = run.sample(workers=1, progress=False)
    >>> posterior.verdict.steps, posterior.verdict.converged
    (20, False)
    >>> run
    Run of kolmogorov in runs/mine: 2 ensembles x 16 walkers, 20 of at most 20 steps
    """

    def __init__(self, config: Source, folder: str | Path | None = None, **changes):
        config = load_config(config, **changes)
        if folder is not None:
            config = _written_down(config, Path(folder))
        elif config.path is None:
            raise CrtuneError("this config has no file: say where to, crtune.Run(..., folder=...)")
        self.config = config

    @property
    def folder(self) -> Path:
        """Where the chains are."""
        return self.config.run_dir

    @cached_property
    def problem(self) -> Problem:
        """What is sampled."""
        return pipeline.from_config.build_problem(self.config)

    def sample(self, workers: int | None = None, progress: bool = True) -> RunPosterior:
        """Sample until converged, ``max_steps`` or interrupted; called again, it goes on.

        An interrupt of the kernel ends it after the present step, with a checkpoint.

        Parameters
        ----------
        workers : local processes, by default the config's
        progress : show a bar

        Raises
        ------
        CrtuneError: the files are another problem's or damaged, another process writes, no space;
            a number of workers that cannot be
        """
        if workers is not None and (not isinstance(workers, int) or workers < 1):
            raise CrtuneError(f"workers = {workers!r}: should be a whole number of at least 1")
        with _main_hidden():
            outcome = self._rounds().execute(workers=workers, progress=progress)
        if outcome.interrupted:
            print(f"interrupted; the checkpoint is in {self.folder}, sample() goes on from there")
        return self.posterior()

    def posterior(self) -> RunPosterior:
        """What there is already, as `crtune.load_run` gives it."""
        return load_run(self.folder)

    @property
    def steps(self) -> int:
        """Steps that all ensembles have."""
        return min(self._rounds().steps())

    def _rounds(self) -> rounds.Run:
        return rounds.Run(
            build=partial(pipeline.from_config.build_problem, self.config),
            folder=self.folder,
            sampling=self.config.sampling,
            convergence=self.config.convergence,
            config_text=self.config.to_toml(),
        )

    def __repr__(self):
        s = self.config.sampling
        return (
            f"Run of {self.config.scenario_name} in {self.folder}: {s.ensembles} ensembles x "
            f"{s.walkers} walkers, {self.steps} of at most {s.max_steps} steps"
        )


@contextlib.contextmanager
def _main_hidden():
    """Keep worker processes from running the caller's script again, of which they need nothing.

    A fresh process imports the main module by its ``__file__`` or ``__spec__``: a script would
    start a run of its own in each, and there is no file of what comes from a pipe.
    """
    main = vars(sys.modules["__main__"])
    kept = {name: main.pop(name) for name in ("__file__", "__spec__") if name in main}
    main["__spec__"] = None
    try:
        yield
    finally:
        main.update(kept)


def _written_down(config: Config, folder: Path) -> Config:
    """The config as that of ``FOLDER.toml``, which is written unless it is somebody's own."""
    path = folder.with_name(f"{folder.name}.toml")
    config = config_from_mapping(config.model_dump(exclude_none=True), path)
    known = path.exists()
    if known and _problem_part(read_config(path)) != _problem_part(config):
        raise CrtuneError(
            f"{path}: is there and describes another problem; use it, crtune.Run({str(path)!r}), "
            "or choose another folder"
        )
    if not known or path.read_text(encoding="utf-8").startswith(_MARK):
        rounds.make_folder(path.parent)
        with replacing(path) as draft:
            draft.write_text(f"{_MARK}\n{config.to_toml()}", encoding="utf-8")
    return config


def _problem_part(config: Config) -> dict:
    """What no resumed run may change; steps, workers and the stopping rule may."""
    return config.model_dump(exclude={"sampling", "convergence"})
