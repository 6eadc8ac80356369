"""The sections and keys of a run's config, with their bounds and defaults."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    model_validator,
)

from likelihoods.covariance import CovarianceOptions
from likelihoods.discrepancy_groups import DiscrepancyOptions
from pipeline.config.toml import to_toml
from transport.errors import CrtuneError
from transport.full.effects import FULL, PAPER, effects_of, label_of
from transport.scenario import scenario_class


def _transport_label(value: Any) -> str:
    """The name of a transport given by name or as a list of effects."""
    if not isinstance(value, str | list):
        raise ValueError(f'{value!r} should be "{PAPER}", "{FULL}" or a list of effects')
    try:
        return label_of(effects_of(value))
    except CrtuneError as error:
        raise ValueError(str(error)) from None


RESOLVED_FROM = "# resolved from "
Positive = Annotated[float, Field(gt=0)]
Length = Annotated[float, Field(ge=1e-3, le=1e3)]
Steps = Annotated[int, Field(ge=1, le=10**9)]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class DataSet(_Table):
    """One measurement of the run.

    Attributes
    ----------
    table : name in data/ or path of an ECSV file; by default the data set's own name
    holdout : not fitted, but predicted by scripts/check.py from the posterior of the others
    rigidity_min, rigidity_max : GV; bins that do not lie wholly inside are dropped
    """

    table: str | None = None
    holdout: bool = False
    rigidity_min: Annotated[float, Field(ge=0)] | None = None
    rigidity_max: Positive | None = None

    @model_validator(mode="after")
    def _ordered(self):
        if None not in (self.rigidity_min, self.rigidity_max) and not (
            self.rigidity_min < self.rigidity_max
        ):
            raise ValueError(
                f"rigidity_min = {self.rigidity_min} should be below "
                f"rigidity_max = {self.rigidity_max}"
            )
        return self


def groups_among(groups: Mapping[str, list[str]], names: Collection[str]) -> dict[str, list[str]]:
    """Groups of data sets with only these in them; groups that are then empty are left out."""
    kept = {group: [m for m in members if m in names] for group, members in groups.items()}
    return {group: members for group, members in kept.items() if members}


def _length_or_table(value: Any) -> Any:
    """One positive length, or one per systematic component."""
    for key, length in value.items() if isinstance(value, dict) else [("", value)]:
        number = isinstance(length, int | float) and not isinstance(length, bool)
        if not (number and 1e-3 <= length <= 1e3):
            where = f"{key} = " if key else ""
            raise ValueError(
                f"{where}{length!r} should be a number from 0.001 to 1000 (decades of rigidity), "
                "or a table of such numbers, one per systematic component"
            )
    return {k: float(v) for k, v in value.items()} if isinstance(value, dict) else float(value)


def _scalars(options: dict) -> dict:
    for key, value in options.items():
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, str | bool | int | float) or item != item:  # the last: NaN
                raise ValueError(f"{key} = {item!r} should be a string, number, boolean or list")
    return options


class Covariance(_Table):
    """How the errors of one measurement depend on each other.

    Attributes
    ----------
    mode : ``full``, ``diagonal`` (no correlation) or ``statistical`` (no systematic errors)
    correlation_length : decades of rigidity; one number, or one per systematic component, with
        ``default`` for those not named
    kernel : form of the correlation, ``exponential`` or ``squared_exponential``
    """

    mode: Literal["full", "diagonal", "statistical"] = CovarianceOptions.mode
    correlation_length: Annotated[Any, BeforeValidator(_length_or_table)] = (
        CovarianceOptions.correlation_length
    )
    kernel: Literal["exponential", "squared_exponential"] = CovarianceOptions.kernel


class Discrepancy(_Table):
    """The Gaussian process in ln(model) for what the theory leaves out.

    Attributes
    ----------
    enabled : whether there is one
    length : decades of rigidity
    groups : data sets that share one amplitude, by the amplitude's name; those not named go to
        their default group: protons at Earth, interstellar protons, all B/C
    """

    enabled: bool = DiscrepancyOptions.enabled
    length: Length = DiscrepancyOptions.length
    groups: dict[Identifier, Annotated[list[str], Field(min_length=1)]] = Field(
        default_factory=dict
    )


class Modulation(_Table):
    """Which data sets saw the same Sun.

    Attributes
    ----------
    groups : data sets that share one modulation potential, by its name; all others have that of
        their period
    """

    groups: dict[Identifier, Annotated[list[str], Field(min_length=1)]] = Field(
        default_factory=dict
    )


class Sampling(_Table):
    """How long, with how many walkers and in what portions to sample.

    Attributes
    ----------
    ensembles, walkers : independent ensembles, walkers in each
    seed : of the SeedSequence that every ensemble's stream is spawned from
    start : ``prior`` (draws from it) or ``optimum`` (around the best point found)
    warm_up : steps that find the posterior and fit proposals to it, and are thrown away; half of
        `max_steps` where that is less
    checkpoint_steps : steps in a block, the most that a kill can lose
    min_steps, max_steps : per ensemble, after the warm-up
    thin : every how many steps one is stored
    workers : local processes
    """

    ensembles: Annotated[int, Field(ge=1, le=10_000)] = 4
    walkers: Annotated[int, Field(ge=4, le=100_000)] = 64
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    start: Literal["prior", "optimum"] = "prior"
    warm_up: Annotated[int, Field(ge=0, le=10**6)] = 2000
    checkpoint_steps: Annotated[int, Field(ge=1, le=10**6)] = 100
    min_steps: Steps = 2000
    max_steps: Steps = 50_000
    thin: Annotated[int, Field(ge=1, le=10**6)] = 1
    workers: Annotated[int, Field(ge=1, le=4096)] = 2

    @model_validator(mode="after")
    def _ordered(self):
        if self.min_steps > self.max_steps:
            raise ValueError(
                f"min_steps = {self.min_steps} should not be above max_steps = {self.max_steps}"
            )
        if self.thin > self.max_steps:
            raise ValueError(
                f"thin = {self.thin} should not be above max_steps = {self.max_steps}: nothing "
                "would be stored"
            )
        return self


class Convergence(_Table):
    """When to stop.

    Attributes
    ----------
    min_n_tau : steps in units of the longest autocorrelation time
    max_rhat : largest R-hat across ensembles
    min_effective_draws : of all ensembles together, by bulk and by tail ESS
    """

    min_n_tau: Annotated[float, Field(ge=10, le=1e9)] = 150.0
    max_rhat: Annotated[float, Field(gt=1, le=1.1)] = 1.01
    min_effective_draws: Annotated[float, Field(ge=0, le=1e9)] = 1000.0


class Config(_Table):
    """Everything that defines a run and its control.

    Attributes
    ----------
    scenario : name of a scenario, or path of the Python file that declares one
    scenario_name : its name, also of one in a file
    name : of the run, the stem of its file
    path : the file it was read from, or None
    run_dir : where the outputs go, beside the file
    """

    scenario: str
    priors: str = "plausible"
    transport: Annotated[str, BeforeValidator(_transport_label)] = PAPER
    scenario_options: Annotated[dict[str, Any], AfterValidator(_scalars)] = Field(
        default_factory=dict
    )
    data: Annotated[dict[Identifier, DataSet], Field(min_length=1)]
    covariance: Covariance = Covariance()
    discrepancy: Discrepancy = Discrepancy()
    modulation: Modulation = Modulation()
    sampling: Sampling = Sampling()
    convergence: Convergence = Convergence()

    _path: Path | None = PrivateAttr(default=None)

    @property
    def path(self) -> Path | None:
        return self._path

    @property
    def name(self) -> str:
        return self._path.stem if self._path else "run"

    @property
    def scenario_name(self) -> str:
        return scenario_class(self.scenario).name

    @property
    def fitted(self) -> list[str]:
        """Names of the data sets that are fitted."""
        return [name for name, entry in self.data.items() if not entry.holdout]

    @property
    def holdouts(self) -> list[str]:
        """Names of the data sets that are not."""
        return [name for name, entry in self.data.items() if entry.holdout]

    @property
    def run_dir(self) -> Path:
        return self._path.with_suffix("") if self._path else Path("run")

    def to_toml(self) -> str:
        """The config with every default spelled out, as a TOML text that reproduces the run."""
        return to_toml(self.model_dump())

    def stored_text(self) -> str:
        """`to_toml` with the place of the config in its first line, so that a run can be moved."""
        if self._path is None:
            return self.to_toml()
        return f"{RESOLVED_FROM}{self._path.parent.resolve() / self._path.name}\n{self.to_toml()}"
