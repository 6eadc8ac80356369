"""Configs and problems, from files or from dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pipeline.from_config
from pipeline.config.load import RUNS, Config, config_from_mapping
from pipeline.config.load import load_config as read_config
from pipeline.problem import Problem
from transport.errors import CrtuneError
from transport.suggest import suggest

Source = str | Path | Mapping | Config


def load_config(source: Source, **changes) -> Config:
    """The checked config of a run.

    Parameters
    ----------
    source : path of a TOML file, bare name of one that comes with crtune, a dictionary with the
        same keys (paths in it are relative to the current folder), or a config
    **changes : keys to set; sections are dictionaries that are merged with what is there, and a
        value None takes a key away

    Raises
    ------
    CrtuneError: listing every problem with file, key, value and what would be right

    Examples
    --------
    >>> import crtune
    >>> config = crtune.load_config("two_phase", sampling={"walkers": 80})
    >>> config.scenario, config.sampling.walkers, config.sampling.ensembles
    ('two_phase', 80, 4)
    >>> content = {"scenario": "kolmogorov", "data": {"ams02_bc_2016": {}}}
    >>> crtune.load_config(content).priors
    'plausible'
    """
    if isinstance(source, Mapping):
        return config_from_mapping(_merged(source, changes))
    config = source if isinstance(source, Config) else read_config(_path(source))
    if not changes:
        return config
    content = _merged(config.model_dump(exclude_none=True), changes)
    return config_from_mapping(content, config.path)


def build_problem(source: Source, **changes) -> Problem:
    """Scenario, data and priors of a config as one object with log-densities of batches.

    Parameters
    ----------
    source, **changes : as of `load_config`

    Raises
    ------
    CrtuneError: anything wrong with config, options, tables, covariance or priors

    Examples
    --------
    >>> import crtune, numpy as np
    >>> problem = crtune.build_problem("kolmogorov")
    >>> theta = problem.sample_prior(3, np.random.default_rng(1))
    >>> log_posterior = problem.log_prob(theta)[:, 0]
    >>> log_posterior.shape, problem.parameters[0].name, problem.parameters[0].unit
    ((3,), 'E_CR', '1e50 erg')
    """
    return pipeline.from_config.build_problem(load_config(source, **changes))


def _path(source: str | Path) -> Path:
    """A bare name is a config that comes with crtune, unless there is a file called so."""
    if not isinstance(source, str | Path):
        raise CrtuneError(f"{source!r} is no config: give a path, a name or a dictionary")
    path = Path(source)
    if len(path.parts) != 1 or path.suffix or path.exists():
        return path
    shipped = {p.stem: p for p in RUNS.glob("*.toml")}
    if path.name not in shipped:
        raise CrtuneError(
            f"no config comes with crtune as {path.name!r}{suggest(path.name, shipped)}; give the "
            f"path of a TOML file or one of {', '.join(sorted(shipped))}"
        )
    return shipped[path.name]


def _merged(content: Mapping, changes: Mapping) -> dict:
    merged = dict(content)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            old = merged.get(key)
            merged[key] = _merged(old if isinstance(old, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged
