"""All results of a study as one long, tidy list: a measure, its value and error, of one case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.tuning.measures.columns import BASELINE, BASELINES
from pipeline.tuning.measures.excess import excess
from pipeline.tuning.measures.measure import Measured, measures

NOT_CONVERGED = "NOT CONVERGED"
UNKNOWN = "convergence unknown"
BETWEEN_NOTES = "; "
"""In a row's note, between what the measure says and each doubt."""
NO_BASELINE = "baseline_"
"""What the measures begin with that say why there is no baseline, in their note."""


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


def entries(results: Sequence, baselines: Sequence[str] = BASELINES) -> list[Entry]:
    """Everything that was measured, case by case.

    Parameters
    ----------
    results : `pipeline.tuning.study.results.CaseResults`; the baselines of a case are sought among
        them
    baselines : names of runs
    """
    return [
        Entry(*identity(result.case), measured)
        for result in results
        for measured in _measured(result, results, baselines)
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
    """Results of the run `name` given the same data in the same way, range, transport and variant,
    under the same prior set or the nearest that it extends; None where there are none."""
    found, _ = _baseline(result, results, name)
    return found


def _baseline(result, results, name):
    """The results, and why there are none, in words."""
    wanted, others = _place(result.case) | {"run": name}, []
    for priors in result.case.prior_sets:
        here = wanted | {"priors": priors}
        others = others or [other for other in results if _place(other.case) == here]
    if not others:
        place = ", ".join(v for k, v in wanted.items() if v and k != "run")
        return None, f"no results of {name} for {place}"
    reason = ""
    for other in others:
        ours, theirs = result.case.fits, other.case.fits
        if differ := [key for key in ours if ours[key] != theirs[key]]:
            reason = f"{name} was given other {' and '.join(differ)}"
        else:
            return other, ""
    return None, reason


def _place(case) -> dict[str, str]:
    names = ("run", "scenario", "options", "range", "selection", "priors", "transport", "variant")
    place = dict(zip(names, identity(case), strict=True))
    return {name: place[name] for name in names if name not in ("scenario", "options")}


def _measured(result, results, baselines) -> Iterator[Measured]:
    parts = (sibling(result, results, selection=one) for one in ("proton", "bc"))
    theirs = [flag for part in parts if part is not None for flag in sampling_flags(part)]
    own = sampling_flags(result)
    flags = {"draws": (), "chains": (), "posterior": own, "cases": (*own, *theirs)}
    for measure in measures().values():
        if (made := result.made.get(measure.name)) is not None:
            doubts = flags[measure.source] if measure.of_posteriors else ()
            yield from _flagged(measure.rows(made, result), doubts)
    for name in baselines:
        yield from _against(name, result, results)


def _flagged(measured: Iterable[Measured], flags) -> Iterator[Measured]:
    for m in measured:
        yield m._replace(flags=tuple(dict.fromkeys((*flags, *m.flags))))


def _against(name, result, results):
    if result.information is None:
        return
    base, reason = _baseline(result, results, name)
    if base is not None and base.information is None:
        base, reason = None, f"the evidence of {name} is not made"
    if base is None:
        yield Measured(f"{NO_BASELINE}{name}", float("nan"), note=reason)
        return
    flags = tuple(dict.fromkeys((*sampling_flags(result), *sampling_flags(base))))
    for key, value, error, unit in _differences(result, base):
        difference = Measured(f"{key}_over_{name}", value, error, unit, "", flags, name)
        if base is result:
            difference = difference._replace(value=0.0, error=0.0, note=BASELINE, flags=())
        yield difference


def _differences(result, base):
    more = excess(result.information, base.information)
    yield "log_z", more.log_z, more.log_z_error, "nats"
    yield "fit", more.fit, more.fit_error, "nats"
    yield "cost", more.cost_bits, more.cost_bits_error, "bits"
    ours, theirs = result.stiffness_matched, base.stiffness_matched
    if ours is not None and theirs is not None:
        error = float(np.hypot(ours.bits_error, theirs.bits_error))
        yield "cost_matched", ours.bits - theirs.bits, error, "bits"
