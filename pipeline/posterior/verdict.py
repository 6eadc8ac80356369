"""The verdict on a run's convergence: numbers, reasons in words, and its file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from pipeline.files import replacing
from pipeline.json_values import read_with_checksum, text_with_checksum

FILE_NAME = "convergence.json"


@dataclass(frozen=True)
class Verdict:
    """Result of `pipeline.posterior.convergence.assess`.

    Dicts are keyed by coordinate name, with ``log_prob`` last.

    Attributes
    ----------
    converged : whether every rule is met
    reasons : in words, why not
    steps, burn_in : per ensemble, in sampler steps; the rest is what the numbers below are from
    thin : sampler steps per stored step
    ensembles, walkers : how many
    acceptance : mean acceptance fraction
    tau : integrated autocorrelation time, in sampler steps, averaged over all walkers
    n_tau : steps after burn-in in units of tau
    ess_bulk, ess_tail : effective draws of all ensembles, every walker a chain: what the middle and
        what the 5% and 95% quantiles are worth
    rhat : with ensembles as chains (the halves of one, where there is only one)
    rhat_walkers : with walkers as chains; conservative, for information
    stuck : walkers that do not move or sit far below the others, in words
    remarks : what a reader should know though no rule is broken, in words
    min_n_tau, max_rhat, min_effective_draws : the rules applied
    evaluations, evaluations_warm_up : of the model by all ensembles, in the steps that are kept and
        before; points outside the prior are none
    effective_draws : of all ensembles after burn-in, the lesser of bulk and tail ESS of the slowest
        coordinate
    cpu_seconds, wall_seconds : added over ensembles, the warm-up included
    """

    converged: bool
    reasons: tuple[str, ...]
    steps: int
    burn_in: int
    thin: int
    ensembles: int
    walkers: int
    acceptance: float
    tau: dict[str, float]
    n_tau: dict[str, float]
    ess_bulk: dict[str, float]
    ess_tail: dict[str, float]
    rhat: dict[str, float]
    rhat_walkers: dict[str, float]
    stuck: tuple[str, ...]
    min_n_tau: float
    max_rhat: float
    min_effective_draws: float
    remarks: tuple[str, ...] = ()
    evaluations: int = 0
    evaluations_warm_up: int = 0
    effective_draws: float = float("nan")
    cpu_seconds: float = field(default=0.0, compare=False)
    wall_seconds: float = field(default=0.0, compare=False)

    @property
    def label(self) -> str:
        """One or two words for plots and tables."""
        return "converged" if self.converged else "NOT CONVERGED"

    @property
    def ess(self) -> dict[str, float]:
        """The lesser of bulk and tail ESS of each coordinate."""
        return {name: min(bulk, self.ess_tail[name]) for name, bulk in self.ess_bulk.items()}

    def worst(self) -> tuple[float, float, float]:
        """Longest tau, least steps / tau, greatest R-hat; NaN where any is undefined."""
        columns = (self.tau, self.n_tau, self.rhat)
        tau, n_tau, rhat = (np.array(list(c.values()) or [np.nan], dtype=float) for c in columns)
        return float(np.max(tau)), float(np.min(n_tau)), float(np.max(rhat))

    def banner(self, most: int = 8) -> str:
        """What to print above every result: one line if converged, reasons if not."""
        tau, n_tau, rhat = self.worst()
        facts = (
            f"{self.ensembles} ensembles x {self.walkers} walkers x {self.steps} steps, "
            f"burn-in {self.burn_in}, tau <= {tau:.4g}, N/tau >= {n_tau:.4g}, R-hat <= {rhat:.4f}, "
            f"{self.effective_draws:.4g} effective draws"
        )
        if self.converged:
            return "\n".join([f"converged: {facts}", *(f"  note: {r}" for r in self.remarks)])
        shown = [f"  - {reason}" for reason in self.reasons[:most]]
        if len(self.reasons) > most:
            shown.append(f"  - and {len(self.reasons) - most} more reasons")
        notes = [f"  note: {remark}" for remark in self.remarks]
        return "\n".join([f"*** NOT CONVERGED *** {facts}", *shown, *notes])

    def save(self, folder: str | Path) -> Path:
        """Write ``convergence.json`` in a run's folder, whole or not at all."""
        path = Path(folder) / FILE_NAME
        with replacing(path) as draft:
            draft.write_text(text_with_checksum(asdict(self)), encoding="utf-8")
        return path

    @classmethod
    def load(cls, folder: str | Path) -> Verdict:
        """Read what `save` wrote.

        Raises
        ------
        OSError, ValueError, TypeError: there is none, it is damaged, or of another version
        """
        fields = read_with_checksum(Path(folder) / FILE_NAME)
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()})
