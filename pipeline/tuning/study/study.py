"""All measures of a case, made where they are not stored yet."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from functools import cached_property

import numpy as np

from pipeline.chains.ensembles import ensemble_files
from pipeline.marginal import NODES, amplitude_columns
from pipeline.posterior.load import load_run
from pipeline.tuning.estimators.acceptable import AcceptableSettings, prior_sample
from pipeline.tuning.estimators.bridged import BridgedSettings
from pipeline.tuning.estimators.nested import NestedSettings
from pipeline.tuning.measures.evidence import combine
from pipeline.tuning.measures.measure import default_groups, measures
from pipeline.tuning.study import store
from pipeline.tuning.study.cases import Case
from pipeline.tuning.study.nested_runs import nested_run
from pipeline.tuning.study.posterior_runs import posterior_run, stored_seeds
from pipeline.tuning.study.results import version_of


@dataclass(frozen=True)
class StudySettings:
    """How much work goes into each measure.

    Attributes
    ----------
    seeds : of the posterior's runs; runs with others that are stored join in
    bridged, nested, acceptable : of the samplers
    nodes : amplitudes of each discrepancy at which likelihoods are integrated
    criteria : of the acceptable fraction
    derivative_draws : posterior draws that derivatives are averaged over
    theories : posterior draws that have other galaxies
    shuffled_draws : posterior draws that are shuffled
    """

    seeds: tuple[int, ...] = (1, 2)
    bridged: BridgedSettings = field(default_factory=BridgedSettings)
    nested: NestedSettings = field(default_factory=NestedSettings)
    acceptable: AcceptableSettings = field(default_factory=AcceptableSettings)
    nodes: int = NODES
    criteria: tuple[str, ...] = ("max", "beyond", "rms")
    derivative_draws: int = 100
    theories: int = 50
    shuffled_draws: int = 1000


class Study:
    """The measures of one case, and what they are made from.

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
        self.tell = tell or (lambda text: None)
        self._progress = progress
        self._results: dict[str, object] = {}

    def make(self, groups: Iterable[str] | None = None) -> None:
        """Make what is not stored yet of the named groups of measures, of all but the optional
        ones by default."""
        chosen = set(default_groups() if groups is None else groups)
        for measure in measures().values():
            if measure.source != "cases" and measure.group.name in chosen:
                self.result(measure.name)

    def result(self, name: str):
        """The result of a measure, stored or made now; None where there is none of this case."""
        if name not in self._results:
            self._results[name] = self._result(measures()[name])
        return self._results[name]

    def _result(self, measure):
        if self.case.selection not in measure.selections or not measure.applies(self):
            return None
        problem, settings = self.bare_problem, dict(measure.settings(self))
        if measure.source != "draws":
            # of the chains' results too, which are kept under the key they always had
            problem = self.problem
            settings |= {"posterior": asdict(self.settings.bridged), "seeds": self._seeds}
        key = store.key_of(problem, version_of(measure), measure=measure.name, **settings)

        def make():
            self.tell(measure.name.replace("_", " "))
            return measure.make(self)

        path = self.case.folder / f"{measure.name}.h5"
        return store.remember(path, measure.result, key, make)

    @property
    def bare_problem(self):
        """The problem without its discrepancy."""
        return self.case.bare_problem

    @cached_property
    def prior_sample(self):
        """`pipeline.tuning.estimators.acceptable.PriorSample` that all criteria count."""
        draws = self.settings.acceptable.draws
        self.tell(f"{draws} prior draws")
        return prior_sample(self.bare_problem, draws, self.rng("prior sample"))

    @cached_property
    def runs(self):
        """`pipeline.tuning.estimators.weighted.WeightedRun` of all seeds that are asked for or
        stored."""
        bridged, nested = self.settings.bridged, self.settings.nested
        return [posterior_run(self.case, seed, bridged, nested, self.tell) for seed in self._seeds]

    @cached_property
    def nested(self):
        """The nested run of the first seed, a second route to the same."""
        return nested_run(
            self.case, self.settings.seeds[0], self.settings.nested, self._progress, self.tell
        )

    @cached_property
    def posterior(self):
        """Weighted points of all runs together,
        `pipeline.tuning.estimators.weighted.WeightedRun`.

        Their evidence is stored too: it tells whether they converged.
        """
        self.result("evidence")
        return combine(self.runs)[1]

    @cached_property
    def best(self):
        """(ndim,) coordinates of the best point of the posterior."""
        return self.posterior.best(amplitude_columns(self.problem))

    @cached_property
    def chains(self):
        """`pipeline.posterior.load.Posterior` of the run's chains; None where it has none, or
        chains of another problem than this case's."""
        folder = self.case.run.run_dir
        if not ensemble_files(folder):
            return None
        chains = load_run(folder)
        same = dict(chains.provenance["fingerprint"]) == self.problem.fingerprint()
        return chains if same else None

    def draws(self, name: str, n: int) -> np.ndarray:
        """(n, ndim) draws of the posterior, the same whenever asked for under this name."""
        return self.posterior.draws(n, self.rng(f"{name} draws"))

    def rng(self, name: str) -> np.random.Generator:
        """Source of randomness of a measure: of its name and the first seed."""
        return np.random.default_rng([zlib.crc32(name.encode()), self.settings.seeds[0]])

    @cached_property
    def _seeds(self):
        """Those that are asked for, and whatever else is there: no run is thrown away."""
        stored = stored_seeds(self.case, self.settings.bridged)
        return tuple(sorted({*self.settings.seeds, *stored}))
