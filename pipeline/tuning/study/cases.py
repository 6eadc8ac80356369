"""What a measure is made for: a scenario, a selection of the data, priors, transport, variant."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from likelihoods.discrepancy_groups import DiscrepancyOptions
from likelihoods.measurement import Measurement
from pipeline.config.load import Config, with_sections
from pipeline.config.models import groups_among
from pipeline.from_config import build_problem, read_datasets
from pipeline.problem import Problem, data_identity
from pipeline.tuning.study.choices import RANGES, SELECTIONS
from pipeline.tuning.study.variants import PLAIN, Variant, find_variant
from priors.sets import load_prior_set
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
    variant : as `pipeline.tuning.study.variants.find_variant` takes it; "" is the plain case
    """

    run: Config
    selection: str = "both"
    range: str = "voyager"
    priors: str = "plausible"
    transport: str = PAPER
    variant: str = PLAIN

    @property
    def change(self) -> Variant:
        """What the variant changes."""
        return find_variant(self.variant)

    @property
    def folder(self) -> Path:
        """Where its results are kept, beside the chains of the run."""
        effects = () if self.transport == PAPER else (self.transport.replace(",", "_"),)
        places = (Path(self.priors).stem, *effects, *filter(None, [self.change.name]))
        return self.run.run_dir.joinpath("tuning", *places, self.label)

    @property
    def label(self) -> str:
        """E.g. ``voyager_both``."""
        return f"{self.range}_{self.selection}"

    def __str__(self):
        name = f"{self.run.name} {self.range} {self.selection} {Path(self.priors).stem}"
        extra = ("" if self.transport == PAPER else self.transport, self.change.name)
        return " ".join(filter(None, (name, *extra)))

    @cached_property
    def datasets(self) -> tuple[str, ...]:
        """Names of the run's data sets that belong to this case, perhaps none."""
        return tuple(self._entries)

    @cached_property
    def _entries(self) -> dict[str, dict]:
        """Entries of these data sets in the config."""
        content = self.run.model_dump(exclude_none=True)["data"]
        cut = {
            name: self.change.cuts(m, content[name])
            for name, m in read_datasets(self.run).items()
            if self._wants(m)
        }
        return {name: entry for name, entry in cut.items() if entry is not None}

    @cached_property
    def config(self) -> Config:
        """The run's config with this case's data, priors, transport and variant.

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
            priors=self.change.prior_set(self.priors),
            scenario_options=content["scenario_options"] | self.change.scenario_options,
            transport=self.transport,
            data=self._entries,
            discrepancy=content["discrepancy"]
            | {"groups": groups_among(self.run.discrepancy.groups, chosen)},
            modulation={"groups": groups_among(self.run.modulation.groups, chosen)},
            # those of a run are for its own parameters, and its ensembles are not run here
            sampling=content["sampling"] | {"walkers": max(self.run.sampling.walkers, 256)},
        )

    @cached_property
    def prior_sets(self) -> tuple[str, ...]:
        """Names of the prior set and of those that it extends, the nearest first."""
        found, now = [Path(self.priors).stem], load_prior_set(self.config.priors)
        while now.base is not None:
            now = now.base
            found.append(Path(now.path).stem)
        return tuple(dict.fromkeys(found))

    @cached_property
    def fits(self) -> dict[str, object]:
        """What is fitted, and how, by what it is called in words; names of data sets and of groups
        make no difference, nor does what other cases of the run fit."""
        config, datasets = self.config, read_datasets(self.config)
        identity = {name: data_identity(m) for name, m in datasets.items()}
        options = DiscrepancyOptions(**config.discrepancy.model_dump())
        groups = options.resolve(datasets) if options.enabled else {}

        def members(groups):
            return {frozenset(identity[name] for name in group) for group in groups}

        return {
            "data": set(identity.values()),
            "covariance": config.covariance.model_dump(),
            "discrepancy": (options.enabled, options.length, members(groups.values())),
            "modulation": members(config.modulation.groups.values()),
        }

    def problem(self, discrepancy: bool = True) -> Problem:
        """The problem to sample, as configured or without the amplitudes of the discrepancy.

        Raises
        ------
        CrtuneError: as `pipeline.from_config.build_problem`
        """
        config = self.config
        if not discrepancy:
            config = with_sections(config, discrepancy={"enabled": False})
        return build_problem(config)

    @cached_property
    def bare_problem(self) -> Problem:
        """`problem` without the amplitudes of the discrepancy, built once."""
        return self.problem(discrepancy=False)

    def _wants(self, measurement: Measurement) -> bool:
        observable = self.selection == "both" or (
            (measurement.observable == "proton") == (self.selection == "proton")
        )
        return observable and (self.range == "voyager" or measurement.is_modulated)


def cases_of(
    run: Config,
    selections=tuple(SELECTIONS),
    ranges=tuple(RANGES),
    priors=None,
    transports=None,
    variants=(PLAIN,),
):
    """All cases of a run that its data allow, as a list.

    A range that adds no data set to a narrower one is left out, whether or not the narrower one is
    asked for.
    """
    found, seen = [], set()
    chosen = itertools.product(priors or (run.priors,), transports or (run.transport,), variants)
    for how, place, selection in itertools.product(chosen, RANGES, selections):
        case = Case(run, selection, place, *how)
        key = (*how, selection, *case.datasets)
        if case.datasets and key not in seen:
            seen.add(key)
            found.append(case)
    return [case for case in found if case.range in ranges]
