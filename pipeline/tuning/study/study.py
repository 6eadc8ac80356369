"""All measures of a case, made where they are not stored yet."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from functools import cached_property

import numpy as np

from pipeline.posterior.load import ensemble_files, load_run
from pipeline.tuning.estimators.criteria import CRITERIA
from pipeline.tuning.estimators.marginal import Marginal, amplitude_columns
from pipeline.tuning.estimators.nested import NestedSettings
from pipeline.tuning.measures import evidence, information
from pipeline.tuning.measures.acceptable import (
    STATES_EPSILON,
    AcceptableSettings,
    acceptable_fraction,
)
from pipeline.tuning.measures.agreement import agreement
from pipeline.tuning.measures.bridge import bridge_evidence
from pipeline.tuning.measures.coincidence import LEAST_STATES, shuffle_acceptable
from pipeline.tuning.measures.conspiracy import shuffle_tests
from pipeline.tuning.measures.mutual_information import media_information, pair_information
from pipeline.tuning.measures.needed import discrepancy_needed
from pipeline.tuning.measures.sensitivity import sensitivity
from pipeline.tuning.measures.stiffness import MATCHED, stiffness
from pipeline.tuning.measures.tempered import tempered_curve
from pipeline.tuning.measures.universality import DRAWS, universality
from pipeline.tuning.study import store
from pipeline.tuning.study.cases import Case
from pipeline.tuning.study.choices import FOR_PARTS, MEASURES
from pipeline.tuning.study.results import CLASSES, SCATTERS, version_of
from transport.parameters import NUISANCE_MEDIA


@dataclass(frozen=True)
class StudySettings:
    """How much work goes into each measure.

    Attributes
    ----------
    seeds : of the nested runs; runs with others that are stored join in
    nested, acceptable : of the samplers
    criteria : of the acceptable fraction on all data; the first alone on parts
    derivative_draws : posterior draws that derivatives are averaged over
    theories : posterior draws that have other galaxies
    shuffled_draws : posterior draws that are shuffled
    """

    seeds: tuple[int, ...] = (1,)
    nested: NestedSettings = field(default_factory=NestedSettings)
    acceptable: AcceptableSettings = field(default_factory=AcceptableSettings)
    criteria: tuple[str, ...] = ("max", "rms")
    derivative_draws: int = 100
    theories: int = 50
    shuffled_draws: int = 1000

    def criteria_for(self, case: Case) -> tuple[str, ...]:
        return self.criteria if case.selection == "both" else self.criteria[:1]


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

    def make(self, measures: Iterable[str] = tuple(MEASURES)) -> None:
        """Make what is not stored yet of the named `MEASURES`."""
        chosen = [m for m in MEASURES if m in set(measures)]
        if self.case.selection != "both":
            chosen = [m for m in chosen if m in FOR_PARTS]
        for measure in chosen:
            getattr(self, f"_{measure}")()

    @cached_property
    def posterior(self):
        """Weighted points of all nested runs together,
        `pipeline.tuning.estimators.nested.NestedRun`.

        Their evidence is stored too: it tells whether they converged.
        """
        self._remember_evidence()
        return evidence.combine(self._runs)[1]

    @cached_property
    def _best(self):
        return self.posterior.best(amplitude_columns(self.problem))

    @cached_property
    def _seeds(self):
        """Those that are asked for, and whatever else is there: no run is thrown away."""
        stored = evidence.stored_seeds(self.case, self.settings.nested)
        return tuple(sorted({*self.settings.seeds, *stored}))

    @cached_property
    def _runs(self):
        settings = self.settings.nested
        return [
            evidence.nested_run(self.case, seed, settings, self._progress, self._tell)
            for seed in self._seeds
        ]

    def _stored(self, name, problem, make, **settings):
        key = store.key_of(problem, version_of(name), measure=name, **settings)
        return store.remember(self.case.folder / f"{name}.h5", CLASSES[name], key, make)

    def _remember(self, name, make, **settings):
        """What is made of the posterior."""

        def told():
            self._tell(name.replace("_", " "))
            return make()

        of_runs = {"nested": asdict(self.settings.nested), "seeds": self._seeds}
        return self._stored(name, self.problem, told, **of_runs, **settings)

    def _rng(self, name):
        return np.random.default_rng([zlib.crc32(name.encode()), self.settings.seeds[0]])

    def _draws(self, name, n):
        return self.posterior.draws(n, self._rng(f"{name} draws"))

    def _remember_evidence(self):
        shared = {"shared_error": evidence.SHARED_ERROR}
        self._remember("evidence", lambda: evidence.combine(self._runs)[0], **shared)

    def _evidence(self):
        self._remember_evidence()
        self._remember("information", self._information, shared_error=evidence.SHARED_ERROR)
        self._remember("tempered", self._tempered)
        if self.problem.likelihood.groups:
            self._remember(
                "needed",
                lambda: discrepancy_needed(
                    self.problem, self.posterior.theta, self.posterior.log_weight
                ),
            )

    def _information(self):
        """ln Z with the error that goes beyond what the runs claim."""
        columns = amplitude_columns(self.problem)
        parts = [information.nested_information(run, columns) for run in self._runs]
        found = information.combine(parts)
        return found.with_log_z_error(self.posterior.log_z_error)

    def _tempered(self):
        marginal = Marginal(self.problem, self.settings.nested.nodes)
        return tempered_curve(self.posterior, marginal=marginal)

    def _acceptable(self):
        problem, settings = self.case.problem(discrepancy=False), self.settings.acceptable
        for criterion in self.settings.criteria_for(self.case):
            name = f"acceptable_{criterion}"

            def make(criterion=criterion, name=name):
                return acceptable_fraction(
                    problem, criterion, self._rng(name), settings, self._tell
                )

            fraction = self._stored(name, problem, make, **asdict(settings))
            if (criterion, self.case.selection) == ("max", "both"):
                self._coincidence(problem, fraction)

    def _coincidence(self, problem, fraction):
        """Nothing where too few states are acceptable, or all describe one medium."""
        media = {p.medium for p in problem.parameters} - set(NUISANCE_MEDIA)
        if len(fraction.states) < LEAST_STATES or len(media) < 2:
            return

        def make():
            self._tell("shuffles of acceptable states")
            rule = CRITERIA[fraction.criterion]
            return shuffle_acceptable(
                problem.parameters,
                lambda theta: rule.distance(problem, theta),
                fraction.states,
                STATES_EPSILON,
                self._rng("coincidence"),
            )

        self._stored("coincidence", problem, make, **asdict(self.settings.acceptable))

    def _stiffness(self):
        n = self.settings.derivative_draws
        for name, options in (
            ("stiffness", {}),
            ("stiffness_bare", {"discrepancy": False}),
            ("stiffness_matched", {"amplitude": MATCHED}),
        ):
            self._remember(
                name,
                lambda options=options: stiffness(
                    self.problem, self._best, self._draws("stiffness", n), **options
                ),
                draws=n,
                **options,
            )

    def _sensitivity(self):
        n = self.settings.derivative_draws
        self._remember(
            "sensitivity",
            lambda: sensitivity(self.problem, self._draws("sensitivity", n)),
            draws=n,
        )

    def _conspiracy(self):
        """Nothing where all that is sampled describes one medium."""
        if len({p.medium for p in self.problem.parameters} - {"", *NUISANCE_MEDIA}) < 2:
            return
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
        n = self.settings.theories
        for scatter in SCATTERS:
            name = f"universality_{scatter}"
            self._remember(
                name,
                lambda s=scatter, name=name: universality(
                    self.problem, self._best, self._draws("universality", n), self._rng(name), s
                ),
                draws=n,
                galaxies=DRAWS,
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
        self._remember(
            "agreement",
            lambda: agreement(chains.chain, self.posterior).of_chains(chains.verdict.converged),
            steps=steps,
        )
        self._remember(
            "bridge",
            lambda: bridge_evidence(self.problem, chains.chain, self._rng("bridge")).of_chains(
                chains.verdict.converged
            ),
            steps=steps,
        )
