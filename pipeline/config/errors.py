"""Turning pydantic's errors into one message that names file, key, value and remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError

from pipeline.config.toml import dotted_key
from transport.errors import CrtuneError
from transport.suggest import suggest


class Complaint(NamedTuple):
    """One thing that is wrong: dotted key, the value given (or None), and what would be right."""

    key: str
    value: Any
    remedy: str

    def __str__(self):
        value = "" if self.value is None else f" = {_short(self.value)}"
        return f"{self.key}{value}: {self.remedy}"


def raise_complaints(where: str, complaints: Sequence[Complaint]) -> None:
    """Raise one error for all problems, if there are any.

    Raises
    ------
    CrtuneError
    """
    if len(complaints) == 1:
        raise CrtuneError(f"{where}: {complaints[0]}")
    if complaints:
        lines = "".join(f"\n  {complaint}" for complaint in complaints)
        raise CrtuneError(f"{where}: {len(complaints)} problems{lines}")


def complaints_of(error: ValidationError, model: type[BaseModel]) -> list[Complaint]:
    """What pydantic found wrong with input for `model`, in its order."""
    return [_complaint(e, model) for e in error.errors(include_url=False)]


def _complaint(error, model):
    parts = [p for p in error["loc"] if p != "[key]"]
    key = dotted_key(parts) or "config"
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        known = _fields_at(model, parts[:-1])
        near = suggest(str(parts[-1]), known)
        return Complaint(key, error["input"], f"unknown key{near}; known: {', '.join(known)}")
    if kind == "missing":
        return Complaint(key, None, "is missing and has no default")
    if kind == "value_error":
        value = None if isinstance(error["input"], Mapping) else error["input"]
        return Complaint(key, value, str(context["error"]))
    if kind == "string_pattern_mismatch":
        return Complaint(key, None, "a name is a letter followed by letters, digits or underscores")
    if kind == "too_short":
        return Complaint(key, None, "should not be empty")
    if kind == "literal_error":
        near = suggest(str(error["input"]), [word.strip("'") for word in _words(context)])
        return Complaint(key, error["input"], f"should be {context['expected']}{near}")
    if kind in ("model_type", "dict_type"):
        return Complaint(key, error["input"], f"should be a section, [{key}]")
    remedy = error["msg"].removeprefix("Input should be ").removeprefix("Input ")
    return Complaint(key, error["input"], f"should be {remedy}")


def _words(context):
    return context["expected"].replace(" or ", ", ").split(", ")


def _fields_at(model, parts) -> list[str]:
    """Names of the keys that belong at a place in the config."""
    for part in parts:
        if isinstance(model, type) and issubclass(model, BaseModel):
            model = model.model_fields[part].annotation
        else:  # dict[name, model]: any name, then the model
            model = get_args(model)[-1]
    return list(model.model_fields)


def _short(value):
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
