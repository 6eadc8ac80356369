"""All results of a study as one long, tidy list: a measure, its value and error, of one case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.config.models import groups_among
from pipeline.tuning.measures.columns import BASELINE, BASELINES
from pipeline.tuning.measures.excess import excess
from pipeline.tuning.measures.measure import Measured, measures

NOT_CONVERGED = "NOT CONVERGED"
UNKNOWN = "convergence unknown"


@dataclass(frozen=True)
class Entry:
    """A measure of a case.

    Attributes
    ----------
    run, scenario, options, range, selection, priors, transport, variant : which case
    measured : the number
    """

    run: str
    scenario: str
    options: str
    range: str
    selection: str
    priors: str
    transport: str
    variant: str
    measured: Measured


def entries(results: Sequence) -> list[Entry]:
    """Everything that was measured, case by case.

    Parameters
    ----------
    results : `pipeline.tuning.study.results.CaseResults`; the baselines of a case are sought among
        them
    """
    return [
        Entry(*identity(result.case), measured)
        for result in results
        for measured in _measured(result, results)
    ]


def identity(case) -> tuple[str, ...]:
    """Run, scenario, options, range, selection, priors, transport and variant of a case."""
    options = ", ".join(f"{k} = {v}" for k, v in sorted(case.run.scenario_options.items()))
    priors = Path(case.priors).stem
    place = case.range, case.selection, priors, case.transport, case.change.name
    return case.run.name, case.run.scenario_name, options, *place


def sampling_flags(result) -> tuple[str, ...]:
    """What to say beside every number that rests on the posterior of a case."""
    if result.evidence is None:
        return (UNKNOWN,)
    return () if result.evidence.converged else (NOT_CONVERGED,)


def sibling(result, results: Sequence, **changes):
    """The results of the case that differs by `changes` alone (selection=..., ...), or None."""
    wanted = _place(result.case) | changes
    return next((r for r in results if _place(r.case) == wanted), None)


def baseline_of(result, results: Sequence, name: str):
    """Results of the run and scenario `name` given the same data, range and priors, or None."""
    run, wanted = result.case.run, _place(result.case) | {"run": name}
    for other in results:
        theirs = other.case.run
        same = _fits(theirs) == _fits(run)
        if same and theirs.scenario_name == name and _place(other.case) == wanted:
            return other
    return None


def _fits(run) -> tuple:
    """What a config fits, and how; hold-outs make no other problem."""
    groups = groups_among(run.discrepancy.groups, run.fitted)
    return (
        {name: run.data[name] for name in run.fitted},
        run.covariance,
        run.discrepancy.model_copy(update={"groups": groups}),
        groups_among(run.modulation.groups, run.fitted),
    )


def _place(case) -> dict[str, str]:
    names = ("run", "scenario", "options", "range", "selection", "priors", "transport", "variant")
    place = dict(zip(names, identity(case), strict=True))
    return {name: place[name] for name in names if name not in ("scenario", "options")}


def _measured(result, results) -> Iterator[Measured]:
    parts = (sibling(result, results, selection=one) for one in ("proton", "bc"))
    theirs = [flag for part in parts if part is not None for flag in sampling_flags(part)]
    own = sampling_flags(result)
    flags = {"draws": (), "chains": (), "posterior": own, "cases": (*own, *theirs)}
    for measure in measures().values():
        if (made := result.made.get(measure.name)) is not None:
            yield from _flagged(measure.rows(made, result), flags[measure.source])
    yield from _against_baselines(result, results)


def _flagged(measured: Iterable[Measured], flags) -> Iterator[Measured]:
    for m in measured:
        yield m._replace(flags=tuple(dict.fromkeys((*flags, *m.flags))))


def _against_baselines(result, results):
    for name in BASELINES:
        base = baseline_of(result, results, name)
        if base is None or base.information is None or result.information is None:
            continue
        flags = tuple(dict.fromkeys((*sampling_flags(result), *sampling_flags(base))))
        for key, value, error, unit in _differences(result, base):
            if base is result:
                yield Measured(f"{key}_over_{name}", 0.0, 0.0, unit, BASELINE)
            else:
                yield Measured(f"{key}_over_{name}", value, error, unit, "", flags)


def _differences(result, base):
    more = excess(result.information, base.information)
    yield "log_z", more.log_z, more.log_z_error, "nats"
    yield "fit", more.fit, more.fit_error, "nats"
    yield "cost", more.cost_bits, more.cost_bits_error, "bits"
    ours, theirs = result.stiffness_matched, base.stiffness_matched
    if ours is not None and theirs is not None:
        error = float(np.hypot(ours.bits_error, theirs.bits_error))
        yield "cost_matched", ours.bits - theirs.bits, error, "bits"
