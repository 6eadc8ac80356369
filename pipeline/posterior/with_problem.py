"""What a figure of a run needs: its posterior and the problem that was sampled."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from pipeline.chains.identity import changed_parts, check_same_model
from pipeline.config.load import config_from_toml, config_path
from pipeline.from_config import build_problem
from pipeline.posterior.load import Posterior, load_run
from pipeline.problem import Problem
from transport.errors import CrtuneError


def load_posterior_and_problem(folder: str | Path) -> tuple[Posterior, Problem]:
    """Posterior of a run's folder, and its problem.

    Raises
    ------
    CrtuneError: no chains, or as `problem_of`
    """
    posterior = load_run(folder)
    return posterior, problem_of(posterior, folder)


def problem_of(posterior: Posterior, folder: str | Path) -> Problem:
    """The problem of a posterior, built again from the config that is stored with its chains.

    Parameters
    ----------
    folder : of the run

    Raises
    ------
    CrtuneError: it is no longer that of the chain: other parameters, data or priors, or a model
        that gives other numbers
    """
    folder = Path(folder)
    text = posterior.provenance["config"]
    config = config_from_toml(text, config_path(folder), f"config stored in {folder}")
    problem = build_problem(config)
    if problem.names != posterior.names:
        raise CrtuneError(
            f"{folder}: the chain has the parameters {', '.join(posterior.names)}; the stored "
            f"config gives {', '.join(problem.names)} now. Go back to the code that made the "
            "chain (its commit is in the file) or run it again with --fresh"
        )
    changed = changed_parts(posterior.provenance["fingerprint"], problem.fingerprint())
    if changed:
        raise CrtuneError(
            f"{folder}: the chain was made for another problem than its config gives now:\n  "
            + "\n  ".join(changed)
            + "\nRestore these or run it again with --fresh"
        )
    walkers = SimpleNamespace(coords=posterior.chain[0, -1], log_prob=posterior.log_prob[0, -1])
    check_same_model(posterior.provenance["files"][0], walkers, problem)
    return problem
