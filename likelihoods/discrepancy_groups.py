"""Which data sets share a model discrepancy, and the amplitude of each group.

What a discrepancy is: `likelihoods.discrepancy`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from likelihoods.measurement import Measurement
from transport.errors import CrtuneError, CrtuneWarning
from transport.parameters import Parameter
from transport.suggest import suggest

DEFAULT_GROUP = {
    ("proton", True): "proton_earth",
    ("proton", False): "proton_interstellar",
    ("boron_to_carbon", True): "boron_to_carbon",
    ("boron_to_carbon", False): "boron_to_carbon",
    ("boron", True): "nuclei_earth",
    ("carbon", True): "nuclei_earth",
    ("boron", False): "nuclei_interstellar",
    ("carbon", False): "nuclei_interstellar",
}


@dataclass(frozen=True)
class DiscrepancyOptions:
    """What discrepancy the models are allowed.

    Attributes
    ----------
    enabled : False switches it off everywhere
    length : correlation length, decades of rigidity
    groups : group name to data set names; data sets not named go to their default group
        (``proton_earth``, ``proton_interstellar``, ``boron_to_carbon``, ``nuclei_earth``,
        ``nuclei_interstellar``)

    Raises
    ------
    CrtuneError: a length that is not positive and finite
    """

    enabled: bool = True
    length: float = 0.5
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self):
        if not 0 < self.length < np.inf:
            raise CrtuneError(
                f"discrepancy.length = {self.length!r}: give a positive number of decades"
            )

    def resolve(self, datasets: Mapping[str, Measurement]) -> dict[str, list[str]]:
        """Group name to data set names, in the order of `datasets`; empty if not enabled.

        Raises
        ------
        CrtuneError: a group names an unknown data set, or one that is in another group too
        """
        if not self.enabled:
            return {}
        group_of: dict[str, str] = {}
        for group, members in self.groups.items():
            if not group.isidentifier():
                raise CrtuneError(
                    f"discrepancy.groups: {group!r} is no identifier; use letters and underscores"
                )
            for name in members:
                if name not in datasets:
                    raise CrtuneError(
                        f"discrepancy.groups.{group}: {name!r} is no chosen data set"
                        f"{suggest(name, datasets)}; chosen: {', '.join(datasets)}"
                    )
                if name in group_of:
                    raise CrtuneError(
                        f"discrepancy.groups: data set {name!r} is in {group_of[name]!r} and "
                        f"{group!r}; keep one"
                    )
                group_of[name] = group
        groups: dict[str, list[str]] = {}
        for name, measurement in datasets.items():
            default = DEFAULT_GROUP[measurement.observable, measurement.is_modulated]
            groups.setdefault(group_of.get(name, default), []).append(name)
        _tell_split(datasets, group_of)
        return groups


def _tell_split(datasets, group_of):
    """A data set that a group of the config leaves out has a model error of its own."""
    kinds: dict[str, list[str]] = {}
    for name, m in datasets.items():
        kinds.setdefault(DEFAULT_GROUP[m.observable, m.is_modulated], []).append(name)
    for default, names in kinds.items():
        named = {group_of[name] for name in names if name in group_of} - {default}
        left = [name for name in names if name not in group_of]
        if named and left:
            warnings.warn(
                f"discrepancy.groups: {', '.join(left)} has the model error {default} of its "
                f"own, apart from {', '.join(sorted(named))}, which is of the same kind of "
                "data; name it in a group, or leave all of them to the default",
                CrtuneWarning,
                stacklevel=3,
            )


def parameter_name(group: str) -> str:
    """Name of the amplitude of a group."""
    return f"discrepancy_{group}"


def amplitude_parameter(group: str) -> Parameter:
    """The discrepancy amplitude of a group of data sets."""
    label = group.replace("_", r"\ ")
    return Parameter(
        name=parameter_name(group),
        unit="",
        latex=rf"a_{{\mathrm{{{label}}}}}",
        description=f"relative model discrepancy of the group {group}",
        fiducial=0.1,
        scale="log10",
        medium="model error",
    )
