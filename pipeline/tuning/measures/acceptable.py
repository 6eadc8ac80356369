"""The acceptable fraction as a measure: for which criteria and data it is made, and how it reads.

What it is, and how it is estimated: `pipeline.tuning.estimators.acceptable`.
"""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from pipeline.tuning.estimators.acceptable import AcceptableFraction, acceptable_fraction
from pipeline.tuning.measures.acceptable_at import acceptable_at, percent, remembered
from pipeline.tuning.measures.columns import Column, Theme, bits
from pipeline.tuning.measures.measure import (
    EVERY_SELECTION,
    WHOLE,
    Group,
    Measure,
    Measured,
    register,
)

EPSILONS = (1.0, 0.5, 0.2, 0.1)
"""Agreement asked for in the tables: within a factor 1 + epsilon."""
GROUP = Group("acceptable", "acceptable fraction F(eps) and its floor, bits that measurements save")
_MOST_SIGMA = 3.0
_MOST_SPREAD, _LEAST_SPREAD = 0.02, 0.002  # of the floor, and in epsilon
NARROWER = "of the narrower prior, in which the premise holds"
REMEMBERED = "its Markov chains did not forget their start"
_UNSURE_FLOOR = "searches from other starts ended higher; the true floor may be lower"
_CRITERIA = {
    "max": (EVERY_SELECTION, "every data point within a factor 1 + eps"),
    "beyond": (
        EVERY_SELECTION,
        "every data set within a factor 1 + eps at every point but for its errors, which a true "
        "model passes at any eps with probability 0.95",
    ),
    "rms": (WHOLE, "the root mean square of ln(model/data) over ln R within ln(1 + eps)"),
}
"""Criterion to the selections that it is for, and what it asks."""


def _rows(fraction, results):
    differ = ()
    if fraction.agreement > _MOST_SIGMA:
        differ = (f"rare and plain estimates differ by {fraction.agreement:.1f} sigma",)
    floor, spread, key = fraction.floor, fraction.floor_spread, f"acceptable_{fraction.criterion}"
    if results.made.get("premise") is not None:
        differ += (NARROWER,)
    unsure = (_UNSURE_FLOOR,) if spread > max(_MOST_SPREAD * floor, _LEAST_SPREAD) else ()
    for epsilon in EPSILONS:
        value, error, note = acceptable_at(fraction, epsilon)
        flags = (*differ, *([REMEMBERED] if remembered(fraction, epsilon) else []))
        flags += unsure if np.isinf(value) else ()
        yield Measured(f"{key}_{epsilon:g}", value, error, "bits", note, flags)
    yield Measured(f"{key}_floor", floor, spread, "epsilon", "", unsure)


def _declare(criterion, selections, words, rank):
    name = f"acceptable_{criterion}"
    theme = Theme(
        f"Acceptable fraction, {criterion}",
        f"-log2 of the share of the prior with {words}, in bits, at eps = 100% (a factor of 2) to "
        "10%; without model discrepancy. The floor is the smallest eps that any point of the prior "
        "was found to reach.",
        rank,
    )

    def make(study):
        settings, rng = study.settings.acceptable, study.rng(name)
        return acceptable_fraction(
            study.bare_problem, criterion, study.prior_sample, rng, settings, study.tell
        )

    register(
        Measure(
            name, AcceptableFraction, GROUP, make,
            source="draws", version=3, selections=selections,
            applies=lambda study: criterion in study.settings.criteria,
            settings=lambda study: asdict(study.settings.acceptable),
            rows=_rows,
            columns=(
                *(bits(theme, f"eps = {100 * e:.0f}% [bits]", f"{name}_{e:g}") for e in EPSILONS),
                Column(theme, "floor", (f"{name}_floor",), lambda m: percent(m.value)),
            ),
        )
    )  # fmt: skip


for _rank, (_criterion, _asked) in enumerate(_CRITERIA.items()):
    _declare(_criterion, *_asked, rank=10 + _rank)
