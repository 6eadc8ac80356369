"""Evidence by nested sampling, a second route that shares nothing with the first but the model.

Made where it is asked for (``--measures nested``): it takes several times as long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.tuning.measures.columns import number
from pipeline.tuning.measures.evidence import CHECKS
from pipeline.tuning.measures.measure import EVERY_SELECTION, Group, Measure, Measured, register

MATERIAL = 0.3
"""Nats that no conclusion hangs on."""


@dataclass(frozen=True)
class NestedEvidence:
    """ln Z of a nested run.

    Attributes
    ----------
    log_z, log_z_error : nats; the error is that of the run alone
    n_eff : effective posterior draws
    calls : evaluations
    converged : whether the settings were met
    """

    log_z: float
    log_z_error: float
    n_eff: float
    calls: int
    converged: bool


def _make(study):
    run = study.nested
    return NestedEvidence(run.log_z, run.log_z_error, run.n_eff, run.calls, run.converged)


def _rows(found, results):
    flags = () if found.converged else ("nested sampling did not converge",)
    yield Measured("log_z_nested", found.log_z, found.log_z_error, "nats", "", flags)
    yield Measured("nested_converged", float(found.converged))
    if (ours := results.evidence) is not None:
        difference = ours.log_z - found.log_z
        error = float(np.hypot(ours.log_z_error, found.log_z_error))
        if abs(difference) > max(3.0 * error, MATERIAL):
            flags += ("both routes to ln Z differ",)
        yield Measured("evidence_minus_nested", difference, error, "nats", "", flags)


register(
    Measure(
        "nested_evidence",
        NestedEvidence,
        Group("nested", "ln Z by nested sampling, a second route", optional=True),
        _make,
        selections=EVERY_SELECTION,
        rows=_rows,
        columns=(number(CHECKS, "evidence - nested [nats]", "evidence_minus_nested"),),
    )
)
