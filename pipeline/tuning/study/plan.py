"""What is made of which case: a plain list of tasks, and the whole study of ``make tuning``.

The study, headlines first, so that an interrupted one is already of use:

1. headline runs, protons and B/C together, paper and full transport: every measure;
2. all other runs: acceptable fractions down to 20%, without `rms`;
3. variants and single effects of the headline runs with everything else as in full (variants) or
   as in the paper (single effects): acceptable fractions and evidence;
4. evidence of four headline runs by nested sampling, full transport;
5. all other runs: every other measure, with one run of the posterior instead of two;
6. protons and B/C by themselves: the fraction within a factor, and the evidence of headline runs.

What has a small place in the results is measured less often: `SHORT`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.config.load import RUNS, load_config
from pipeline.tuning.estimators.acceptable import AcceptableSettings
from pipeline.tuning.estimators.bridged import BridgedSettings
from pipeline.tuning.estimators.floors import FloorSettings
from pipeline.tuning.estimators.subset import SubsetSettings
from pipeline.tuning.measures.measure import default_groups
from pipeline.tuning.study.cases import Case, cases_of
from pipeline.tuning.study.study import StudySettings
from pipeline.tuning.study.variants import SHIPPED, variants_in
from transport.errors import CrtuneError
from transport.full.effects import EFFECTS, FULL, PAPER

HEADLINES = (
    "two_phase",
    "stratified_halo",
    "kolmogorov",
    "kolmogorov_break",
    "power_law_diffusion",
)
CHECKED = HEADLINES[:4]
"""Runs whose evidence nested sampling measures, too."""
SHORT = StudySettings(
    seeds=(1,),
    bridged=BridgedSettings(
        prior_draws=3000,
        wanted=400.0,
        walkers=200,
        adapting=(40,),
        proposal_draws=3000,
        n_eff=500.0,
    ),
    criteria=("max", "beyond"),
    acceptable=AcceptableSettings(
        epsilon_min=0.5,
        points=12,
        subset=SubsetSettings(walkers=128, max_moves=60, max_bits=20.0),
        floor=FloorSettings(starts=2, iterations=20),
    ),
)
"""One, shorter run of the posterior, and fractions down to 50%."""


def settings_of(run: str) -> StudySettings:
    """How much work the study puts into the posterior of a run's protons and B/C together."""
    return StudySettings() if run in HEADLINES else SHORT


@dataclass(frozen=True)
class Task:
    """Measures of one case.

    Attributes
    ----------
    case : which
    groups : of measures
    settings : how much work
    guess : seconds, in any unit: what one takes in relation to others
    """

    case: Case
    groups: tuple[str, ...]
    settings: StudySettings = field(default_factory=StudySettings)
    guess: float = 1.0


def whole_study(
    priors: Sequence[str] | None = None, runs: Sequence[str | Path] = ()
) -> tuple[list[Task], list[str]]:
    """All tasks in order, and what is left out, in sentences.

    Parameters
    ----------
    priors : prior sets; None takes that of each config
    runs : configs; all of ``runs/`` if there are none

    Raises
    ------
    CrtuneError: a bad config
    """
    configs = {config.name: config for config in map(load_config, config_paths(runs))}
    heads = [configs[name] for name in HEADLINES if name in configs]
    others = [config for name, config in configs.items() if name not in HEADLINES]
    every = default_groups()
    brief = ("acceptable", "evidence")
    deep = replace(SHORT.acceptable.subset, max_bits=36.0)
    once = replace(
        SHORT, acceptable=replace(SHORT.acceptable, epsilon_min=0.2, points=20, subset=deep)
    )
    only_max = replace(SHORT, criteria=("max",))
    left_out: list[str] = []

    def cases(config, selections, transports, variants=("",)):
        found = cases_of(config, selections, ("voyager", "earth"), priors, transports, variants)
        return _possible(found, left_out)

    tasks = []
    for config in heads:
        tasks += [Task(c, every, guess=110.0) for c in cases(config, ("both",), (FULL, PAPER))]
    rest = [c for config in others for c in cases(config, ("both",), (FULL, PAPER))]
    tasks += [Task(c, ("acceptable",), once, 24.0) for c in rest]
    for config in heads:
        found = [
            *cases(config, ("both",), (FULL,), tuple(variants_in(SHIPPED))),
            *cases(config, ("both",), tuple(EFFECTS)),
        ]
        tasks += [Task(c, brief, SHORT, 35.0) for c in found]
    for config in heads:
        if config.name in CHECKED:
            tasks += [Task(c, ("nested",), guess=75.0) for c in cases(config, ("both",), (FULL,))]
    tasks += [Task(c, every, once, 45.0) for c in rest]
    for config in heads:
        found = cases(config, ("proton", "bc"), (FULL, PAPER))
        tasks += [Task(c, brief, only_max, 25.0) for c in found]
    for config in others:
        found = cases(config, ("proton", "bc"), (FULL, PAPER))
        tasks += [Task(c, ("acceptable",), only_max, 15.0) for c in found]
    return tasks, list(dict.fromkeys(left_out))


def config_paths(runs: Sequence[str | Path] = ()) -> list[Path]:
    """Those given, each once; all of ``runs/`` if there are none.

    Raises
    ------
    CrtuneError: ``runs/`` holds none
    """
    paths = list(dict.fromkeys(map(Path, runs))) or sorted(RUNS.glob("*.toml"))
    if not paths:
        raise CrtuneError(f"{RUNS}: holds no configs (*.toml)")
    return paths


def _possible(cases: Sequence[Case], left_out: list[str]) -> list[Case]:
    """Cases that their scenarios can have; `left_out` is told of the others."""
    kept, known = [], {}
    for case in cases:
        key = (case.run.path, case.priors, case.transport, case.variant)
        if key not in known:
            known[key] = why_not(case)
        if known[key] is None:
            kept.append(case)
        else:
            left_out.append(known[key])
    return kept


def why_not(case: Case) -> str | None:
    """Why a case is none: a variant or transport that the scenario cannot have, or that changes
    nothing of it; None where all is well."""
    what = " ".join(filter(None, (case.transport, case.change.name)))
    plain = case.variant == "" and case.transport in (PAPER, FULL)
    try:
        problem = case.problem()
    except CrtuneError as error:
        if plain:
            raise
        return f"{case.run.name}, {what}: left out: {error}"
    if not plain:
        simpler = replace(case, variant="") if case.variant else replace(case, transport=PAPER)
        if simpler.problem().fingerprint() == problem.fingerprint():
            return f"{case.run.name}, {what}: left out, it changes nothing of this run"
    return None
