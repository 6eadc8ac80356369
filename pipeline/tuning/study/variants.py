"""Variants of a case: named, small changes of its config, read from a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from likelihoods.measurement import Measurement
from transport.errors import CrtuneError
from transport.suggest import suggest
from transport.user_files import parse_toml, read_text, user_path

SHIPPED = Path(__file__).with_name("variants.toml")
PLAIN = ""
"""The variant that changes nothing."""


class Variant(BaseModel):
    """What is other than in a run's config.

    Attributes
    ----------
    name : that it is called by in tables and folders
    description : a line
    priors : prior set, with ``{priors}`` for that of the case
    scenario_options : over those of the config
    rigidity_min, rigidity_max : GV, by ``proton`` and ``bc``: no bins beyond are asked for
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str = PLAIN
    description: str = ""
    priors: str = "{priors}"
    scenario_options: dict[str, Any] = Field(default_factory=dict)
    rigidity_min: dict[str, float] = Field(default_factory=dict)
    rigidity_max: dict[str, float] = Field(default_factory=dict)

    def prior_set(self, priors: str) -> str:
        """The prior set instead of `priors`."""
        return self.priors.replace("{priors}", priors)

    def cuts(self, measurement: Measurement, entry: Mapping) -> dict | None:
        """The entry of a data set in a config with this variant's cuts; None if nothing is left.

        Parameters
        ----------
        measurement : as the config has it
        entry : its keys there
        """
        kind = "proton" if measurement.observable == "proton" else "bc"
        low, high = self.rigidity_min.get(kind, 0.0), self.rigidity_max.get(kind, float("inf"))
        entry = dict(entry)
        if low > (entry.get("rigidity_min") or 0.0):
            entry["rigidity_min"] = low
        if high < (entry.get("rigidity_max") or float("inf")):
            entry["rigidity_max"] = high
        inside = (measurement.rigidity_low >= low) & (measurement.rigidity_high <= high)
        return entry if inside.any() else None


def find_variant(spec: str) -> Variant:
    """A variant by its name, or ``FILE.toml:NAME`` of a file of one's own; "" is the plain case.

    Raises
    ------
    CrtuneError: an unknown name, or a bad file
    """
    if spec == PLAIN:
        return Variant()
    file, colon, name = spec.rpartition(":")
    path = user_path(file) if colon else SHIPPED
    known = variants_in(path)
    if name not in known:
        raise CrtuneError(
            f"variant {name}: unknown{suggest(name, known)}; {path.name} has {', '.join(known)}, "
            "and FILE.toml:NAME takes one of your own file"
        )
    return known[name]


@cache
def variants_in(path: Path) -> dict[str, Variant]:
    """All variants of a file by name.

    Raises
    ------
    CrtuneError: it cannot be read, or a key or value is wrong
    """
    try:
        content = parse_toml(read_text(path, "variants"), str(path))
    except FileNotFoundError:
        raise CrtuneError(f"variants {path}: no such file") from None
    found = {}
    for name, table in content.items():
        if not name.isidentifier():
            raise CrtuneError(f"{path}: [{name}]: a name has letters, digits and _ only")
        try:
            found[name] = Variant.model_validate({**table, "name": name})
        except (ValidationError, TypeError) as error:
            raise CrtuneError(f"{path}: [{name}]: {_in_words(error)}") from None
        for key in ("rigidity_min", "rigidity_max"):
            for kind in getattr(found[name], key):
                if kind not in ("proton", "bc"):
                    raise CrtuneError(f"{path}: [{name}] {key}.{kind}: should be proton or bc")
    return found


def _in_words(error):
    if not isinstance(error, ValidationError):
        return "should be a table of keys"
    first = error.errors()[0]
    known = ", ".join(key for key in Variant.model_fields if key != "name")
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}; keys are {known}"
