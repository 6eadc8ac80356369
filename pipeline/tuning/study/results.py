"""Everything that is stored of a case, read back for tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.tuning.estimators.nested import NESTED_ESTIMATOR
from pipeline.tuning.measures.acceptable import AcceptableFraction
from pipeline.tuning.measures.agreement import Agreement
from pipeline.tuning.measures.bridge import BridgeEvidence
from pipeline.tuning.measures.coincidence import Coincidence
from pipeline.tuning.measures.conspiracy import Conspiracy
from pipeline.tuning.measures.evidence import Evidence
from pipeline.tuning.measures.information import Information
from pipeline.tuning.measures.mutual_information import MediaInformation, PairInformation
from pipeline.tuning.measures.needed import NeededDiscrepancy
from pipeline.tuning.measures.sensitivity import Sensitivity
from pipeline.tuning.measures.stiffness import Stiffness
from pipeline.tuning.measures.tempered import TemperedCurve
from pipeline.tuning.measures.tension import Tension, suspiciousness
from pipeline.tuning.measures.universality import Universality
from pipeline.tuning.study import store
from pipeline.tuning.study.cases import Case

SCATTERS = ("prior", "factor")
"""Of other galaxies' plasma; see `pipeline.tuning.measures.universality`."""

CLASSES = {
    "evidence": Evidence,
    "information": Information,
    "tempered": TemperedCurve,
    "needed": NeededDiscrepancy,
    "acceptable_max": AcceptableFraction,
    "acceptable_rms": AcceptableFraction,
    "coincidence": Coincidence,
    "stiffness": Stiffness,
    "stiffness_bare": Stiffness,
    "stiffness_matched": Stiffness,
    "sensitivity": Sensitivity,
    "conspiracy": Conspiracy,
    "mutual_information": PairInformation,
    "media_information": MediaInformation,
    "bridge": BridgeEvidence,
    "agreement": Agreement,
    **{f"universality_{scatter}": Universality for scatter in SCATTERS},
}
"""Of the results, by the name that each is stored under."""

WITHOUT_DISCREPANCY = ("acceptable_max", "acceptable_rms", "coincidence")
"""Results that are made of prior draws and of the problem without its discrepancy."""

VERSIONS = {
    **dict.fromkeys(WITHOUT_DISCREPANCY, 2),
    "coincidence": 4,
    "mutual_information": 2,
    **dict.fromkeys(("stiffness", "stiffness_bare"), 2),
    **{f"universality_{scatter}": 2 for scatter in SCATTERS},
}
"""Of estimators that have changed what they give, 1 of the others. Raised with every such change,
so that older results are made again and never shown."""


def version_of(name: str) -> str:
    """Version of the estimator of a result, that of nested sampling included where it matters."""
    own = str(VERSIONS.get(name, 1))
    return own if name in WITHOUT_DISCREPANCY else f"{NESTED_ESTIMATOR}.{own}"


@dataclass(frozen=True)
class CaseResults:
    """Everything stored for one case; None where it is not made.

    Attributes
    ----------
    case : which
    evidence : `pipeline.tuning.measures.evidence.Evidence`
    universality : for each kind of scatter, empty if not made
    stale : names of stored results that are left out, being made from another problem or by
        another version
    others : as their classes say; ``stiffness_bare`` is without model discrepancy,
        ``stiffness_matched`` with one of `pipeline.tuning.measures.stiffness.MATCHED` in every
        theory
    """

    case: Case
    evidence: Evidence | None = None
    information: Information | None = None
    tempered: TemperedCurve | None = None
    needed: NeededDiscrepancy | None = None
    acceptable_max: AcceptableFraction | None = None
    acceptable_rms: AcceptableFraction | None = None
    coincidence: Coincidence | None = None
    stiffness: Stiffness | None = None
    stiffness_bare: Stiffness | None = None
    stiffness_matched: Stiffness | None = None
    sensitivity: Sensitivity | None = None
    universality: tuple[Universality, ...] = ()
    conspiracy: Conspiracy | None = None
    mutual_information: PairInformation | None = None
    media_information: MediaInformation | None = None
    tension: Tension | None = None
    bridge: BridgeEvidence | None = None
    agreement: Agreement | None = None
    stale: tuple[str, ...] = ()


def load_results(cases: Sequence[Case]) -> list[CaseResults]:
    """What is stored of each case and still true; tensions where all selections are there.

    A result that was made from other data, priors or options, by a model that gave other numbers or
    by another version of the estimator, is left out. By which settings a result was made, e.g. how
    many seeds, is all the same.

    Raises
    ------
    CrtuneError: a damaged file, or a case that cannot be built
    """
    found = [_load(case) for case in cases]
    return [replace(results, tension=_tension(results, found)) for results in found]


def _load(case):
    paths = {name: case.folder / f"{name}.h5" for name in CLASSES}
    there = [name for name, path in paths.items() if path.is_file()]
    now = {d: store.identity_of(case.problem(discrepancy=d)) for d in (True, False) if there}
    true = [
        name
        for name in there
        if store.made_from(paths[name]) == (now[name not in WITHOUT_DISCREPANCY], version_of(name))
    ]
    stored = {n: store.load(paths[n], cls) if n in true else None for n, cls in CLASSES.items()}
    stale = tuple(name for name in there if stored[name] is None)
    scattered = [stored.pop(f"universality_{scatter}") for scatter in SCATTERS]
    return CaseResults(case, universality=tuple(u for u in scattered if u), stale=stale, **stored)


def _tension(results, found):
    if results.case.selection != "both":
        return None
    parts = {
        other.case.selection: other.information
        for other in found
        if (other.case.run.path, other.case.range, other.case.priors)
        == (results.case.run.path, results.case.range, results.case.priors)
    }
    three = [parts.get(selection) for selection in ("both", "proton", "bc")]
    if any(part is None for part in three):
        return None
    return suspiciousness(*three, np.random.default_rng(0))
