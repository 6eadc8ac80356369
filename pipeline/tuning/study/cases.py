"""What a measure is made for: a scenario, a selection of the data, a prior set, a transport."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from likelihoods.measurement import Measurement
from pipeline.config.load import Config, with_sections
from pipeline.config.models import groups_among
from pipeline.problem import Problem, build_problem, read_datasets
from pipeline.tuning.study.choices import RANGES, SELECTIONS
from transport.errors import CrtuneError
from transport.full.effects import PAPER


@dataclass(frozen=True)
class Case:
    """One cell of a study.

    Attributes
    ----------
    run : the config as its file has it, with every data set
    selection : a key of `pipeline.tuning.study.choices.SELECTIONS`
    range : a key of `pipeline.tuning.study.choices.RANGES`
    priors : name of the prior set, or a path
    transport : label of `transport.full.effects.label_of`
    """

    run: Config
    selection: str = "both"
    range: str = "voyager"
    priors: str = "plausible"
    transport: str = PAPER

    @property
    def folder(self) -> Path:
        """Where its results are kept, beside the chains of the run."""
        effects = () if self.transport == PAPER else (self.transport.replace(",", "_"),)
        return self.run.run_dir.joinpath("tuning", Path(self.priors).stem, *effects, self.label)

    @property
    def label(self) -> str:
        """E.g. ``voyager_both``."""
        return f"{self.range}_{self.selection}"

    def __str__(self):
        name = f"{self.run.name} {self.range} {self.selection} {Path(self.priors).stem}"
        return name if self.transport == PAPER else f"{name} {self.transport}"

    @cached_property
    def datasets(self) -> tuple[str, ...]:
        """Names of the run's data sets that belong to this case, perhaps none."""
        return tuple(name for name, m in read_datasets(self.run).items() if self._wants(m))

    @cached_property
    def config(self) -> Config:
        """The run's config with this case's data and priors.

        Raises
        ------
        CrtuneError: no data set of the run belongs to this case
        """
        chosen = set(self.datasets)
        if not chosen:
            raise CrtuneError(
                f"{self.run.path or 'config'}: no data set is left for {self.range} "
                f"{self.selection} ({RANGES[self.range]}, {SELECTIONS[self.selection]}); "
                f"the run has {', '.join(self.run.data)}"
            )
        content = self.run.model_dump(exclude_none=True)
        return with_sections(
            self.run,
            priors=self.priors,
            transport=self.transport,
            data={name: entry for name, entry in content["data"].items() if name in chosen},
            discrepancy=content["discrepancy"]
            | {"groups": groups_among(self.run.discrepancy.groups, chosen)},
            modulation={"groups": groups_among(self.run.modulation.groups, chosen)},
        )

    def problem(self, discrepancy: bool = True) -> Problem:
        """The problem to sample, as configured or without the amplitudes of the discrepancy.

        Raises
        ------
        CrtuneError: as `pipeline.problem.build_problem`
        """
        config = self.config
        if not discrepancy:
            config = with_sections(config, discrepancy={"enabled": False})
        return build_problem(config)

    def _wants(self, measurement: Measurement) -> bool:
        observable = self.selection == "both" or (
            (measurement.observable == "proton") == (self.selection == "proton")
        )
        return observable and (self.range == "voyager" or measurement.is_modulated)


def cases_of(
    run: Config, selections=tuple(SELECTIONS), ranges=tuple(RANGES), priors=None, transports=None
):
    """All cases of a run that its data allow, as a list.

    A range that adds no data set to a narrower one is left out, whether or not the narrower one is
    asked for.
    """
    found, seen = [], set()
    chosen = itertools.product(priors or (run.priors,), transports or (run.transport,))
    for (sets, transport), place, selection in itertools.product(chosen, RANGES, selections):
        case = Case(run, selection, place, sets, transport)
        key = (sets, transport, selection, *case.datasets)
        if case.datasets and key not in seen:
            seen.add(key)
            found.append(case)
    return [case for case in found if case.range in ranges]
