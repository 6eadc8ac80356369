"""A theory against a baseline on the same data: what its fit gains and what its tuning costs.

    Delta ln Z = Delta <ln L> - Delta D_KL

The precision of the data is in both, but not alike where a discrepancy is sampled: a theory that
fits worse takes a larger one and learns less. `pipeline.tuning.measures.stiffness.MATCHED` is one
for all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.tuning.measures.information import NATS_PER_BIT, Information


@dataclass(frozen=True)
class Excess:
    """What a theory is worth against a baseline on the same data: theory minus baseline, nats.

    Attributes
    ----------
    log_z, log_z_error : difference of ln Z; above 0 the theory is favoured
    fit, fit_error : difference of <ln L>
    cost, cost_error : difference of D_KL; above 0 the theory must be tuned more
    """

    log_z: float
    log_z_error: float
    fit: float
    fit_error: float
    cost: float
    cost_error: float

    @property
    def cost_bits(self) -> float:
        """Difference of D_KL in bits."""
        return self.cost / NATS_PER_BIT

    @property
    def cost_bits_error(self) -> float:
        """Error of the difference of D_KL in bits."""
        return self.cost_error / NATS_PER_BIT


def excess(theory: Information, baseline: Information) -> Excess:
    """Difference of two theories that were given the same data."""
    pairs = {"log_z": "log_z", "fit": "mean_log_likelihood", "cost": "cost"}
    fields = {}
    for name, source in pairs.items():
        fields[name] = getattr(theory, source) - getattr(baseline, source)
        errors = [getattr(one, f"{source}_error") for one in (theory, baseline)]
        fields[f"{name}_error"] = float(np.hypot(*errors))
    return Excess(**fields)
