"""All measures of a case, made where they are not stored yet, and read back for tables."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from pipeline.posterior import ensemble_files, load_run
from pipeline.tuning import evidence, information, store
from pipeline.tuning.acceptable import (
    STATES_EPSILON,
    AcceptableFraction,
    AcceptableSettings,
    acceptable_fraction,
)
from pipeline.tuning.agreement import Agreement, agreement
from pipeline.tuning.bridge import BridgeEvidence, bridge_evidence
from pipeline.tuning.cases import Case
from pipeline.tuning.coincidence import LEAST_STATES, Coincidence, shuffle_acceptable
from pipeline.tuning.conspiracy import NUISANCES, Conspiracy, shuffle_tests
from pipeline.tuning.criteria import CRITERIA
from pipeline.tuning.information import Information
from pipeline.tuning.mutual_information import (
    MediaInformation,
    PairInformation,
    media_information,
    pair_information,
)
from pipeline.tuning.needed import NeededDiscrepancy, discrepancy_needed
from pipeline.tuning.nested import NestedSettings
from pipeline.tuning.sensitivity import Sensitivity, sensitivity
from pipeline.tuning.stiffness import Stiffness, stiffness
from pipeline.tuning.tempered import TemperedCurve, tempered_curve
from pipeline.tuning.tension import Tension, suspiciousness
from pipeline.tuning.universality import Universality, universality

MEASURES = {
    "evidence": "ln Z, information, tempered curve, discrepancy needed (nested sampling)",
    "acceptable": "acceptable fraction F(eps), its floor, and shuffles of acceptable states",
    "stiffness": "stiff directions of the Fisher matrix",
    "conspiracy": "shuffle tests and mutual information",
    "sensitivity": "Barbieri-Giudice sensitivities",
    "universality": "slopes of other galaxies",
    "chains": "ln Z from the run's chains, and whether both samplers agree",
}
"""What can be asked for. Tension follows from the evidence of the three selections."""

FOR_PARTS = ("evidence", "acceptable")
"""What is made of protons alone and of B/C alone: the rest describes a whole theory."""


@dataclass(frozen=True)
class StudySettings:
    """How much work goes into each measure.

    Attributes
    ----------
    seeds : of the nested runs on all data
    seeds_of_parts : of those on protons or B/C alone
    nested, acceptable : of the samplers, on all data
    nested_of_parts : on protons or B/C alone, whose evidence only enters differences
    criteria : of the acceptable fraction on all data; the first alone on parts
    derivative_draws : posterior draws that derivatives are averaged over
    shuffled_draws : posterior draws that are shuffled
    """

    seeds: tuple[int, ...] = (1,)
    seeds_of_parts: tuple[int, ...] = (1,)
    nested: NestedSettings = field(default_factory=NestedSettings)
    nested_of_parts: NestedSettings = field(
        default_factory=lambda: NestedSettings(n_live=300, n_eff=1000)
    )
    acceptable: AcceptableSettings = field(default_factory=AcceptableSettings)
    criteria: tuple[str, ...] = ("max", "rms")
    derivative_draws: int = 100
    shuffled_draws: int = 1000

    def seeds_for(self, case: Case) -> tuple[int, ...]:
        return self.seeds if case.selection == "both" else self.seeds_of_parts

    def nested_for(self, case: Case) -> NestedSettings:
        return self.nested if case.selection == "both" else self.nested_of_parts

    def criteria_for(self, case: Case) -> tuple[str, ...]:
        return self.criteria if case.selection == "both" else self.criteria[:1]


@dataclass(frozen=True)
class CaseResults:
    """Everything stored for one case; None where it is not made.

    Attributes
    ----------
    case : which
    evidence : `pipeline.tuning.evidence.Evidence`
    universality : for each kind of scatter, empty if not made
    others : as their classes say; ``stiffness_bare`` is without model discrepancy
    """

    case: Case
    evidence: evidence.Evidence | None = None
    information: Information | None = None
    tempered: TemperedCurve | None = None
    needed: NeededDiscrepancy | None = None
    acceptable_max: AcceptableFraction | None = None
    acceptable_rms: AcceptableFraction | None = None
    coincidence: Coincidence | None = None
    stiffness: Stiffness | None = None
    stiffness_bare: Stiffness | None = None
    sensitivity: Sensitivity | None = None
    universality: tuple[Universality, ...] = ()
    conspiracy: Conspiracy | None = None
    mutual_information: PairInformation | None = None
    media_information: MediaInformation | None = None
    tension: Tension | None = None
    bridge: BridgeEvidence | None = None
    agreement: Agreement | None = None


SCATTERS = ("prior", "factor")

ACCEPTABLE_ESTIMATOR = 2
"""Raised when the estimator changes what it gives, so that older results are made again."""

_STORED = {
    "evidence": evidence.Evidence,
    "information": Information,
    "tempered": TemperedCurve,
    "needed": NeededDiscrepancy,
    "acceptable_max": AcceptableFraction,
    "acceptable_rms": AcceptableFraction,
    "coincidence": Coincidence,
    "stiffness": Stiffness,
    "stiffness_bare": Stiffness,
    "sensitivity": Sensitivity,
    "conspiracy": Conspiracy,
    "mutual_information": PairInformation,
    "media_information": MediaInformation,
    "bridge": BridgeEvidence,
    "agreement": Agreement,
    **{f"universality_{scatter}": Universality for scatter in SCATTERS},
}


class Study:
    """The measures of one case.

    Parameters
    ----------
    case : which
    settings : how much work
    tell : called with a few words whenever something is begun
    progress : whether to draw bars
    """

    def __init__(
        self,
        case: Case,
        settings: StudySettings | None = None,
        tell: Callable[[str], None] | None = None,
        progress: bool = False,
    ):
        self.case = case
        self.settings = settings or StudySettings()
        self.problem = case.problem()
        self._tell = tell or (lambda text: None)
        self._progress = progress
        self._posterior = None

    def make(self, measures: Iterable[str] = tuple(MEASURES)) -> None:
        """Make what is not stored yet of the named `MEASURES`."""
        chosen = [m for m in MEASURES if m in set(measures)]
        if self.case.selection != "both":
            chosen = [m for m in chosen if m in FOR_PARTS]
        for measure in chosen:
            getattr(self, f"_{measure}")()

    @property
    def posterior(self):
        """Weighted points of all nested runs together."""
        if self._posterior is None:
            self._posterior = evidence.combine(self._runs())[1]
        return self._posterior

    def _runs(self):
        settings = self.settings.nested_for(self.case)
        return [
            evidence.nested_run(self.case, seed, settings, self._progress, self._tell)
            for seed in self.settings.seeds_for(self.case)
        ]

    def _remember(self, name, make, **settings):
        key = store.key_of(
            self.problem,
            measure=name,
            nested=asdict(self.settings.nested_for(self.case)),
            seeds=self.settings.seeds_for(self.case),
            **settings,
        )

        def told():
            self._tell(name.replace("_", " "))
            return make()

        return store.remember(self.case.folder / f"{name}.h5", _STORED[name], key, told)

    def _rng(self, name):
        return np.random.default_rng([zlib.crc32(name.encode()), self.settings.seeds[0]])

    def _draws(self, name, n):
        return self.posterior.draws(n, self._rng(f"{name} draws"))

    def _evidence(self):
        runs = self._runs()
        self._remember("evidence", lambda: evidence.combine(runs)[0])
        parts = [information.nested_information(run) for run in runs]
        self._remember("information", lambda: self._with_evidence(information.combine(parts)))
        self._remember("tempered", lambda: tempered_curve(self.posterior))
        if any(p.name.startswith("discrepancy_") for p in self.problem.parameters):
            self._remember(
                "needed",
                lambda: discrepancy_needed(
                    self.problem, self.posterior.theta, self.posterior.log_weight
                ),
            )

    def _with_evidence(self, found: Information) -> Information:
        """With the error of ln Z that goes beyond what one run claims."""
        summary, _ = evidence.combine(self._runs())
        extra = np.sqrt(max(summary.log_z_error**2 - found.log_z_error**2, 0.0))
        return replace(
            found,
            log_z_error=float(np.hypot(found.log_z_error, extra)),
            cost_error=float(np.hypot(found.cost_error, extra)),
        )

    def _acceptable(self):
        problem = self.case.problem(discrepancy=False)
        for criterion in self.settings.criteria_for(self.case):
            name = f"acceptable_{criterion}"
            key = store.key_of(
                problem,
                measure=name,
                estimator=ACCEPTABLE_ESTIMATOR,
                **asdict(self.settings.acceptable),
            )

            def make(criterion=criterion, name=name):
                return acceptable_fraction(
                    problem, criterion, self._rng(name), self.settings.acceptable, self._tell
                )

            path = self.case.folder / f"{name}.h5"
            fraction = store.remember(path, AcceptableFraction, key, make)
            if (criterion, self.case.selection) == ("max", "both"):
                self._coincidence(problem, fraction, key)

    def _coincidence(self, problem, fraction, key):
        """Nothing where too few states are acceptable, or all describe one medium."""
        media = {p.medium for p in problem.parameters} - set(NUISANCES)
        if len(fraction.states) < LEAST_STATES or len(media) < 2:
            return

        def make():
            self._tell("shuffles of acceptable states")
            rule = CRITERIA[fraction.criterion]
            return shuffle_acceptable(
                problem,
                lambda theta: rule.distance(problem, theta),
                fraction.states,
                STATES_EPSILON,
                self._rng("coincidence"),
            )

        path = self.case.folder / "coincidence.h5"
        store.remember(path, Coincidence, f"{key} shuffled", make)

    def _stiffness(self):
        n = self.settings.derivative_draws
        for name, discrepancy in (("stiffness", True), ("stiffness_bare", False)):
            self._remember(
                name,
                lambda d=discrepancy: stiffness(
                    self.problem, self.posterior.best(), self._draws("stiffness", n), d
                ),
                draws=n,
            )

    def _sensitivity(self):
        n = self.settings.derivative_draws
        self._remember(
            "sensitivity",
            lambda: sensitivity(self.problem, self._draws("sensitivity", n)),
            draws=n,
        )

    def _conspiracy(self):
        n = self.settings.shuffled_draws
        self._remember(
            "conspiracy",
            lambda: shuffle_tests(
                self.problem, self._draws("conspiracy", n), self._rng("conspiracy")
            ),
            draws=n,
        )
        for name, measure in (
            ("mutual_information", pair_information),
            ("media_information", media_information),
        ):
            self._remember(
                name,
                lambda measure=measure, name=name: measure(
                    self.problem.parameters, self._draws("conspiracy", n), self._rng(name)
                ),
                draws=n,
            )

    def _universality(self):
        for scatter in SCATTERS:
            name = f"universality_{scatter}"
            self._remember(
                name,
                lambda s=scatter, name=name: universality(
                    self.problem, self.posterior.best(), self._rng(name), s
                ),
            )

    def _chains(self):
        """Nothing where the run has no chains, or chains of another problem."""
        folder = self.case.run.run_dir
        if not ensemble_files(folder):
            return
        chains = load_run(folder)
        if dict(chains.provenance["fingerprint"]) != self.problem.fingerprint():
            return
        steps = chains.verdict.steps
        self._remember("agreement", lambda: agreement(chains.chain, self.posterior), steps=steps)
        self._remember(
            "bridge",
            lambda: bridge_evidence(self.problem, chains.chain, self._rng("bridge")),
            steps=steps,
        )


def load_results(cases: Sequence[Case]) -> list[CaseResults]:
    """What is stored of each case, stale or not; tensions where all three selections are there."""
    found = [_load(case) for case in cases]
    return [replace(results, tension=_tension(results, found)) for results in found]


def _load(case):
    stored = {name: store.load(case.folder / f"{name}.h5", cls) for name, cls in _STORED.items()}
    scattered = [stored.pop(f"universality_{scatter}") for scatter in SCATTERS]
    return CaseResults(case, universality=tuple(u for u in scattered if u), **stored)


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
