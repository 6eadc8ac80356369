"""Does a theory foretell data that it was not fitted to?

The hold-outs of a config, scored by `pipeline.checks.heldout` with draws of the posterior of a case
instead of those of chains. A p-value is the share of data sets replicated from the prediction
itself that are foretold worse than the real one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.checks.heldout import check_holdouts
from pipeline.config.load import with_sections
from pipeline.tuning.measures.columns import Theme, number
from pipeline.tuning.measures.measure import Group, Measure, Measured, register

DRAWS = 400
THEME = Theme(
    "Data that were not fitted",
    "Share of data replicated from a theory's prediction of a hold-out that it foretells worse "
    "than the real ones; small where it does not foretell them.",
    110,
)
SHOWN = {
    "dampe_proton_2019": "DAMPE protons",
    "calet_proton_2022": "CALET protons",
    "dampe_bc_2022": "DAMPE B/C",
    "calet_bc_2022": "CALET B/C",
}
"""Hold-outs of the configs in runs/, in words."""


@dataclass(frozen=True)
class Holdouts:
    """Scores of hold-outs; arrays over them.

    Attributes
    ----------
    names : of the data sets
    p_value : of the predictive density of all points together
    within : (n, 2) share of the points inside the central 68% and 95%
    points : how many
    effective_draws : of the posterior, that the density at the data rests on
    shares : why one is no hold-out, "" where it is
    """

    names: tuple[str, ...]
    p_value: np.ndarray
    within: np.ndarray
    points: np.ndarray
    effective_draws: np.ndarray
    shares: tuple[str, ...]


def holdouts(config, problem, theta: np.ndarray, rng: np.random.Generator) -> Holdouts:
    """Score the hold-outs of a config.

    Parameters
    ----------
    config, problem, theta, rng : as of `pipeline.checks.heldout.check_holdouts`

    Raises
    ------
    CrtuneError: as there
    """
    found = check_holdouts(config, problem, theta, rng)
    scores = [result.score for result in found.values()]
    return Holdouts(
        names=tuple(found),
        p_value=np.array([s.log_density_p for s in scores]),
        within=np.array([s.coverage for s in scores]),
        points=np.array([s.n_bins for s in scores]),
        effective_draws=np.array([s.effective_draws for s in scores]),
        shares=tuple(result.shares for result in found.values()),
    )


def _make(study):
    case = study.case
    config = with_sections(case.run, priors=case.config.priors, transport=case.transport)
    draws = study.draws("holdouts", DRAWS)
    return holdouts(config, study.problem, draws, study.rng("holdouts"))


def _rows(found, results):
    for i, name in enumerate(found.names):
        note = f"no hold-out: it {found.shares[i]}" if found.shares[i] else ""
        yield Measured(f"holdout_{name}_p", found.p_value[i], np.nan, "", note)
        yield Measured(f"holdout_{name}_within_68", found.within[i, 0], np.nan, "", note)


register(
    Measure(
        "holdouts",
        Holdouts,
        Group("holdouts", "predictions of data that are held back"),
        _make,
        applies=lambda study: bool(study.case.run.holdouts),
        settings=lambda study: {"draws": DRAWS},
        rows=_rows,
        columns=tuple(
            number(THEME, f"{words}, p", f"holdout_{name}_p", 2) for name, words in SHOWN.items()
        ),
    )
)
