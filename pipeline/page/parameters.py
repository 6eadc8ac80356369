"""What the parameters of the runs are, as their scenarios declare them, and their priors."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.page.cells import label, ordered
from pipeline.page.words import joined
from priors.distributions import Distribution, Fixed
from priors.sets import load_prior_set
from transport.errors import CrtuneError
from transport.full.effects import FULL, PAPER
from transport.parameters import Parameter
from transport.scenario import get_scenario


@dataclass(frozen=True)
class Explained:
    """A parameter in words.

    Attributes
    ----------
    name, description, unit : as its scenario declares them
    fiducial : its value there; where scenarios differ, the value of the most runs and the others
    prior : range of the named prior set, "" where it has none
    theories : that have it
    """

    name: str
    description: str
    unit: str
    fiducial: str
    prior: str
    theories: str


def explained(runs: Mapping[str, tuple[str, str]], priors: str) -> dict[str, Explained]:
    """Parameters by name, of all runs whose scenarios are at hand.

    Parameters
    ----------
    runs : scenario and options of each, as in the rows of a study
    priors : name of the prior set
    """
    entries = load_prior_set(priors).entries
    found: dict[str, dict[str, tuple[Parameter, str]]] = {}
    for run, (scenario, options) in runs.items():
        for parameter in _parameters(scenario, options):
            prior = in_words(entries(scenario).get(parameter.name))
            found.setdefault(parameter.name, {})[run] = (parameter, prior)
    return {name: _explained(uses, len(runs)) for name, uses in found.items()}


def in_words(prior: Distribution | Fixed | None) -> str:
    """``200 to 1000``, ``0.5 to 3.2 (log)``, ``250 times or over 1.3``, ``4.2 ± 0.1``, ``0``."""
    if prior is None:
        return ""
    if isinstance(prior, Fixed):
        return f"{short(prior.value)} (fixed)"
    low, high = map(short, prior.support)
    if math.isinf(prior.sd):
        return f"{low} to {high}{' (log)' if prior.log else ''}"
    if prior.log:
        return f"{short(10.0**prior.centre)}, times or over {10.0**prior.sd:.2g}"
    walls = [b for b in prior.support if math.isfinite(b)]
    within = f", within {low} to {high}" if len(walls) == 2 else ""
    return f"{short(prior.centre)} ± {prior.sd:.2g}{within}"


def short(value: float) -> str:
    """Three digits at most, with ``e`` where that is shorter: ``0.333``, ``20000``, ``5.01e6``."""
    text = f"{value:.3g}"
    usual = f"{float(text):f}".rstrip("0").rstrip(".")
    return usual if 1e-4 <= abs(value) < 1e5 or value == 0 else re.sub(r"e\+?(-?)0*", r"e\1", text)


def _explained(uses: Mapping[str, tuple[Parameter, str]], n_runs: int) -> Explained:
    first = next(iter(uses.values()))[0]
    values = {run: short(parameter.fiducial) for run, (parameter, _) in uses.items()}
    priors = {run: prior for run, (_, prior) in uses.items()}
    theories = "all" if len(uses) == n_runs else ", ".join(map(label, ordered(uses)))
    return Explained(
        first.name, first.description, first.unit, _by_use(values), _by_use(priors), theories
    )


def _by_use(texts: Mapping[str, str]) -> str:
    """What most runs have, then what others have: ``0.2; fast modes: 0.1``."""
    kinds: dict[str, list[str]] = {}
    for run, text in texts.items():
        kinds.setdefault(text, []).append(run)
    usual, *others = sorted(kinds, key=lambda text: -len(kinds[text]))
    parts = [usual, *(f"{joined([label(r) for r in kinds[t]])}: {t or 'none'}" for t in others)]
    return "; ".join(parts)


def _parameters(scenario: str, options: str) -> Sequence[Parameter]:
    """With full transport where the scenario has it, else with the paper's."""
    for transport in (FULL, PAPER):
        try:
            return get_scenario(scenario, transport=transport, **_options(options)).parameters
        except (ValueError, TypeError, CrtuneError):  # one's own, or without this transport
            continue
    return ()


def _options(text: str) -> dict[str, str]:
    pairs = (part.split(" = ", 1) for part in text.split(", ") if " = " in part)
    return dict(pairs)
