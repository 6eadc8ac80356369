"""Everything that is stored of a case, read back for tables and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.tuning.estimators.bridged import BRIDGED_ESTIMATOR
from pipeline.tuning.measures.measure import Measure, measures
from pipeline.tuning.study import store
from pipeline.tuning.study.cases import Case
from pipeline.tuning.study.closest import candidates, with_lowest_floors


def version_of(measure: Measure) -> str:
    """Version of the estimator of a result, that of the posterior included where it matters."""
    own = str(measure.version)
    return own if measure.source == "draws" else f"{BRIDGED_ESTIMATOR}.{own}"


@dataclass(frozen=True)
class CaseResults:
    """Everything stored for one case.

    A result is an attribute by the name of its measure (`pipeline.tuning.measures`), None where it
    is not made: ``results.evidence``, ``results.stiffness_bare``.

    Attributes
    ----------
    case : which
    made : results by name of their measure
    stale : names of stored results that are left out, being made from another problem or by
        another version
    """

    case: Case
    made: Mapping[str, Any] = field(default_factory=dict)
    stale: tuple[str, ...] = ()

    def __getattr__(self, name: str):
        if name.startswith("_") or name not in measures():
            raise AttributeError(f"{name!r} is no measure; there are {', '.join(measures())}")
        return self.made.get(name)


def load_results(cases: Sequence[Case]) -> list[CaseResults]:
    """What is stored of each case and still true, and what follows from several of them.

    Floors are those of `pipeline.tuning.study.closest`.

    A result that was made from other data, priors or options, by a model that gave other numbers or
    by another version of the estimator, is left out. By which settings a result was made, e.g. how
    many seeds, is all the same.

    Raises
    ------
    CrtuneError: a damaged file, or a case that cannot be built
    """
    found = _with_lowest_floors([_load(case) for case in cases])
    across = [m for m in measures().values() if m.source == "cases"]
    return [
        CaseResults(
            one.case,
            {**one.made, **{m.name: r for m in across if (r := m.make(one, found)) is not None}},
            one.stale,
        )
        for one in found
    ]


def _with_lowest_floors(found):
    states = {}
    for run in {one.case.run.run_dir for one in found}:
        states[run] = candidates(one.made for one in found if one.case.run.run_dir == run)
    return [
        replace(one, made=with_lowest_floors(one.made, one.case, states[one.case.run.run_dir]))
        for one in found
    ]


def _load(case):
    paths = {
        measure: case.folder / f"{measure.name}.h5"
        for measure in measures().values()
        if measure.source != "cases"
    }
    there = {measure: path for measure, path in paths.items() if path.is_file()}
    now = {}
    if there:
        now = {
            True: store.identity_of(case.problem()),
            False: store.identity_of(case.bare_problem),
        }
    made, stale = {}, []
    for measure, path in there.items():
        made_from = (now[measure.source != "draws"], version_of(measure))
        result = store.load(path, measure.result) if store.made_from(path) == made_from else None
        if result is None:
            stale.append(measure.name)
        else:
            made[measure.name] = result
    return CaseResults(case, made, tuple(stale))
