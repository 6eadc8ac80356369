"""Which stored results a comparison of runs is made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.config.load import RUNS, config_path
from pipeline.tuning.measures.columns import BASELINES
from pipeline.tuning.study.plan import whole_study
from pipeline.tuning.study.results import CaseResults, load_results
from pipeline.tuning.study.workers import select_cases
from transport.errors import CrtuneError
from transport.suggest import suggest


def collect(
    runs: Sequence[str] = (),
    priors: Sequence[str] | None = None,
    transports: Sequence[str] | None = None,
    variants: Sequence[str] | None = None,
    study: bool = False,
) -> tuple[list[CaseResults], list[str]]:
    """Results of runs, plain baselines first, and what is missing of them.

    Parameters
    ----------
    runs : configs, folders or names; all of ``runs/`` if there are none
    priors, transports, variants : prior sets, transports, variants; None takes the config's own,
        and the plain case
    study : the cases of `pipeline.tuning.study.plan.whole_study` instead, whatever their transport
        and variant

    Returns
    -------
    results : of every case of which anything is stored
    missing : messages about runs without any, and about results that no longer hold, with the
        remedy

    Raises
    ------
    CrtuneError: no such run, or no results at all
    """
    paths = [_config_path(run) for run in runs]
    if study:
        tasks, _ = whole_study(priors, paths)
        cases = list({task.case.folder: task.case for task in tasks}.values())
    else:
        cases = select_cases(paths, priors, transports=transports, variants=variants)
    asked = f" --priors {','.join(priors)}" if priors else ""
    asked += "".join(f" --transport {transport}" for transport in transports or ())
    asked += "".join(f" --variant {variant}" for variant in variants or () if variant)
    # as many as there are: a tension needs all three selections
    every = load_results(cases)
    loaded = [r for r in every if not _is_empty(r)]
    have = {r.case.run.path for r in every if not _is_empty(r) or r.stale}
    missing = [
        f"{path.with_suffix('')}: no results of the tuning study yet; make them with "
        f"scripts/fine_tuning.py {path}{asked}"
        for path in dict.fromkeys(case.run.path for case in cases)
        if path not in have
    ]
    missing += [
        f"{r.case}: left out, being made from other data, priors or options, or by another model "
        f"or version: {', '.join(r.stale)}; make them again with scripts/fine_tuning.py "
        f"{_options(r.case)}, or "
        f"delete them in {r.case.folder}"
        for r in every
        if r.stale
    ]
    if not loaded:
        others = f" (and {len(missing) - 1} more like this)" if len(missing) > 1 else ""
        raise CrtuneError(f"nothing to compare: {missing[0]}{others}")
    return sorted(loaded, key=_order), missing


def check_runs(option: str, names: Sequence[str], results: Sequence[CaseResults]) -> None:
    """Raise CrtuneError if `names`, given to `option`, are not all runs with results."""
    have = sorted({r.case.run.name for r in results})
    for name in names:
        if name not in have:
            raise CrtuneError(
                f"{option} {name}: no results of such a run{suggest(name, have)}; "
                f"there are {', '.join(have)}"
            )


def _options(case) -> str:
    options = f"{case.run.path} --priors {case.priors} --transport {case.transport}"
    return f"{options} --variant {case.variant}" if case.variant else options


def _order(results: CaseResults):
    name = results.case.run.name
    return (BASELINES.index(name) if name in BASELINES else len(BASELINES)), name


def _is_empty(results: CaseResults) -> bool:
    return not results.made


def _config_path(run: str) -> Path:
    path = Path(run)
    path = path if path.suffix == ".toml" else config_path(path)
    here = path.is_file() or len(path.parts) > 1
    return path if here else RUNS / path
