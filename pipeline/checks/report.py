"""All checks of a run: its hold-outs and its fitted data, as tables and a file of results."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.checks.heldout import ENOUGH, HoldoutResult, check_holdouts, evenly
from pipeline.checks.replicated import PredictiveCheck, check_fitted
from pipeline.config.load import (
    Config,
    config_from_toml,
    config_path,
    load_config,
    with_overrides,
    with_sections,
)
from pipeline.config.models import groups_among
from pipeline.files import replacing
from pipeline.posterior.load import Posterior
from pipeline.problem import Problem
from transport.errors import CrtuneError

FILE_NAME = "check.json"
_QUANTILES = (0.025, 0.16, 0.5, 0.84, 0.975)


@dataclass(frozen=True)
class CheckReport:
    """Result of `run_checks`.

    Attributes
    ----------
    holdouts : by name
    fitted : features of the fitted data
    draws, seed : of the posterior, of the replicated data
    identity : checksum of all that the numbers depend on: the problem sampled, the hold-outs, the
        draws and the seed
    """

    holdouts: dict[str, HoldoutResult]
    fitted: list[PredictiveCheck]
    draws: int
    seed: int
    identity: str


def run_checks(
    posterior: Posterior,
    problem: Problem,
    config: Config,
    draws: int = 1000,
    seed: int = 1,
    most: int = 8000,
) -> CheckReport:
    """Check a posterior against data it has not seen, and against those it has.

    Parameters
    ----------
    posterior, problem : what was sampled
    config : with the hold-outs, as of `config_with_holdouts`
    draws, most : of the posterior, evenly spaced: how many at first, and where the density of a
        hold-out rests on few of them
    seed : of every random number used

    Raises
    ------
    CrtuneError: a hold-out that is also fitted, damaged, or without a prior for its nuisances
    """
    theta = evenly(posterior.flat, draws)
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2)]
    holdouts = check_holdouts(config, problem, posterior.flat, streams[0], draws, most)
    fitted = check_fitted(problem, theta, streams[1])
    told = [
        problem.fingerprint(),
        {name: [result.identity, result.draws] for name, result in holdouts.items()},
        {"draws": hashlib.sha256(theta.tobytes()).hexdigest(), "seed": seed},
    ]
    identity = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return CheckReport(holdouts, fitted, len(theta), seed, identity)


def config_with_holdouts(
    posterior: Posterior, folder: str | Path, overrides: tuple[str, ...] = ()
) -> Config:
    """The config that a chain was made with, and the hold-outs of today's.

    Hold-outs may be added when the chain is long there; everything else is what was sampled.

    Raises
    ------
    CrtuneError: a hold-out of today that was fitted then; a bad config
    """
    path = config_path(Path(folder))
    stored = config_from_toml(posterior.provenance["config"], path, f"config stored in {folder}")
    today = with_overrides(load_config(path) if path.exists() else stored, overrides)
    for name in today.holdouts:
        if name in stored.fitted:
            raise CrtuneError(
                f"{path}: data.{name}.holdout = true: the chains in {folder} were fitted to it; "
                "run them again under another name, without it"
            )
    then, now = (c.model_dump(exclude_none=True) for c in (stored, today))
    sections = {
        section: then[section]
        | {"groups": _joined(getattr(stored, section).groups, stored.fitted,
                             getattr(today, section).groups, today.holdouts)}
        for section in ("discrepancy", "modulation")
    }  # fmt: skip
    data = {name: then["data"][name] for name in stored.fitted}
    return with_sections(
        stored, data=data | {name: now["data"][name] for name in today.holdouts}, **sections
    )


def _joined(groups, fitted, groups_today, holdouts) -> dict[str, list[str]]:
    """Groups of the fitted data then, and of the hold-outs today."""
    joined = groups_among(groups, fitted)
    for group, members in groups_among(groups_today, holdouts).items():
        joined[group] = [*joined.get(group, []), *members]
    return joined


def format_report(report: CheckReport) -> str:
    """Both tables as text."""
    return "\n".join([*_holdout_lines(report.holdouts), "", *_fitted_lines(report.fitted)])


def _holdout_lines(holdouts) -> list[str]:
    if not holdouts:
        return ["no hold-outs: set holdout = true on a data set of the config that is not fitted"]
    width = max(len(name) for name in holdouts)
    lines = [
        f"{'not fitted':{width}}  bins    chi2      p    ln pd  if true (sd)        p   PIT p"
        "   in 68%  in 95%   draws"
    ]
    for name, result in holdouts.items():
        s = result.score
        lines.append(
            f"{name:{width}}  {s.n_bins:4d}  {s.chi2:6.1f}  {s.chi2_p:5.3f}  {s.log_density:7.1f}  "
            f"{s.log_density_expected:7.1f} ({s.log_density_sd:4.1f})  {s.log_density_p:5.3f}   "
            f"{s.pit_p:5.3f}   {s.coverage[0]:6.2f}  {s.coverage[1]:6.2f}  {s.effective_draws:6.0f}"
        )
    for name, result in holdouts.items():
        if result.shares:
            lines.append(f"*** {name} IS NO HOLD-OUT: it {result.shares} ***")
        if result.score.effective_draws < ENOUGH:
            lines.append(
                f"{name}: its density rests on {result.score.effective_draws:.0f} of "
                f"{result.draws} draws, so ln pd may be off by some units; give more --draws, if "
                "the chain has more"
            )
        if result.integrated:
            lines.append(f"{name}: integrated over their prior: {', '.join(result.integrated)}")
    return lines


def _fitted_lines(checks) -> list[str]:
    width = max(len(check.dataset) for check in checks)
    wide = max(len(check.name) for check in checks)
    lines = [f"{'fitted':{width}}  {'feature':{wide}}  {'data':>9}  replicated (68%)            p"]
    for check in checks:
        low, middle, high = np.nanquantile(check.replicated, [0.16, 0.5, 0.84])
        lines.append(
            f"{check.dataset:{width}}  {check.name:{wide}}  {np.median(check.observed):9.4g}  "
            f"{middle:9.4g} ({low:.4g} to {high:.4g})  {check.p_value:5.3f}"
        )
    return lines


def save_report(report: CheckReport, verdict, folder: str | Path) -> Path:
    """Write ``check.json`` in a run's folder, whole or not at all."""
    content = {
        "identity": report.identity,
        "verdict": verdict.label,
        "draws": report.draws,
        "seed": report.seed,
        "holdouts": {name: _holdout_entry(r) for name, r in report.holdouts.items()},
        "fitted": [
            {
                "dataset": c.dataset,
                "feature": c.name,
                "data": float(np.median(c.observed)),
                "replicated": np.nanquantile(c.replicated, _QUANTILES).tolist(),
                "p_value": c.p_value,
            }
            for c in report.fitted
        ],
    }
    path = Path(folder) / FILE_NAME
    with replacing(path) as draft:
        draft.write_text(json.dumps(content, indent=1))
    return path


def _holdout_entry(result: HoldoutResult) -> dict:
    score = vars(result.score).items()
    entry = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in score}
    return entry | {
        "shares_events": result.shares,
        "integrated_over_prior": list(result.integrated),
        "draws": result.draws,
        "data": result.identity,
    }
