"""A posterior under other priors, by importance weights: no new chains, but not for every prior.

Draws of the posterior under one prior, weighted with the ratio of the priors' densities, are draws
of the posterior under the other, as long as the first covers what the second makes of it. Whether
it does is told by the effective size of the weighted draws, by the Pareto shape of the largest
weights (Vehtari et al. 2024: above 0.7 they rule the result) and by how much of the new prior lies
where the old one allowed nothing, which no weight can reach.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import genpareto

from pipeline.files import replacing
from pipeline.posterior.load import Posterior
from pipeline.problem import Problem
from priors.prior import Prior
from priors.sets import load_prior_set
from transport.errors import CrtuneError

LEAST_SIZE = 400.0
"""Effective draws; with fewer a quantile is off by more than a tenth of a standard deviation."""
MOST_SHAPE = 0.7
"""Pareto shape of the largest weights, above which they rule the result."""
MOST_OUTSIDE = 0.01
"""Share of the new prior that the old one excludes."""

_PRIOR_DRAWS = 10_000
_LEAST_TAIL = 5
_QUANTILES = (0.16, 0.5, 0.84)


@dataclass(frozen=True)
class Reweighted:
    """A posterior of n draws under another prior.

    Attributes
    ----------
    source : file of the new priors
    log_weight : (n,) of each row of `Posterior.flat`, normalised so that the weights add up to 1
    size : effective number of independent draws, autocorrelation and weights both
    kish : share of the draws that is left, (sum w)^2 / (n sum w^2)
    pareto_k : shape of the largest weights
    outside : share of the new prior's draws where the old prior is 0
    delta_log_z, delta_log_z_error : ln Z under the new prior minus that under the old one, both
        priors normalised to their constraints; the error is of the weights alone
    reasons : in words, why not to believe it
    """

    source: str
    log_weight: np.ndarray
    size: float
    kish: float
    pareto_k: float
    outside: float
    delta_log_z: float
    delta_log_z_error: float
    reasons: tuple[str, ...]

    @property
    def weight(self) -> np.ndarray:
        """(n,) normalised weights."""
        return np.exp(self.log_weight)

    def draws(self, posterior: Posterior, n: int, rng: np.random.Generator) -> np.ndarray:
        """(n, ndim) coordinates of equal weight, drawn with replacement."""
        return posterior.flat[rng.choice(len(self.log_weight), size=n, p=self.weight)]

    def banner(self) -> str:
        """What to print above the result."""
        facts = (
            f"under {self.source}: effective size {self.size:.0f} "
            f"({100 * self.kish:.1f}% of the draws left by the weights), Pareto k = "
            f"{self.pareto_k:.2f}, ln Z changes by {self.delta_log_z:+.2f} +- "
            f"{self.delta_log_z_error:.2f}"
        )
        if not self.reasons:
            return f"reweighted {facts}"
        lines = "".join(f"\n  - {reason}" for reason in self.reasons)
        return f"*** DO NOT TRUST THIS REWEIGHTING *** {facts}{lines}"


def prior_of_set(problem: Problem, name_or_path: str | Path) -> Prior:
    """The prior that another set gives the same scenario and data.

    Raises
    ------
    CrtuneError: no such set, or one that does not sample the same coordinates
    """
    prior = load_prior_set(name_or_path).prior(problem.scenario, problem.likelihood.nuisances)
    names = tuple(p.coordinate_name for p in prior.parameters)
    if names != problem.names or prior.fixed != problem.prior.fixed:
        differing = sorted(
            set(names) ^ set(problem.names)
            | {k for k, v in prior.fixed.items() if problem.prior.fixed.get(k) != v}
        )
        raise CrtuneError(
            f"{prior.source}: samples other coordinates than the run "
            f"({', '.join(differing)}): weights cannot free or fix a parameter; run it anew"
        )
    return prior


def reweight(posterior: Posterior, problem: Problem, prior: Prior) -> Reweighted:
    """Weights that turn a posterior into the one under another prior.

    Parameters
    ----------
    posterior : draws under the prior of `problem`
    prior : of the same coordinates, e.g. `prior_of_set`

    Raises
    ------
    CrtuneError: no draw is possible under the new prior
    """
    old, theta = problem.prior, posterior.flat
    with np.errstate(invalid="ignore"):
        log_ratio = prior.log_density(theta) - old.log_density(theta)
    if np.isnan(log_ratio).any():
        raise CrtuneError("the run has draws that its own prior excludes: not of this problem")
    if not np.any(log_ratio > -np.inf):
        raise CrtuneError(
            f"{prior.source}: excludes every draw of the run: nothing is left to weigh; run it anew"
        )
    peak = log_ratio.max()
    ratio = np.exp(log_ratio - peak)
    n, total = len(ratio), ratio.sum()
    kish = total**2 / (n * np.sum(ratio**2))
    ess = np.array(list(posterior.verdict.ess.values()) or [np.nan], dtype=float)
    independent = min(float(np.min(ess)), float(n)) if np.isfinite(ess).all() else np.nan
    size = independent * kish
    drawn = prior.sample(_PRIOR_DRAWS, np.random.default_rng(0))
    outside = float(np.mean(np.isneginf(old.log_density(drawn))))
    shape = _pareto_shape(ratio)
    return Reweighted(
        source=prior.source,
        log_weight=log_ratio - peak - np.log(total),
        size=size,
        kish=kish,
        pareto_k=shape,
        outside=outside,
        delta_log_z=float(peak + np.log(total / n) - prior.kept_share.log + old.kept_share.log),
        delta_log_z_error=float(np.sqrt(max(1.0 / kish - 1.0, 0.0) / independent)),
        reasons=tuple(_reasons(posterior, size, shape, outside)),
    )


def weighted_table(posterior: Posterior, found: Reweighted) -> list[dict]:
    """A row for each parameter: median and 68% interval of its value before and after."""
    rows = []
    for (name, values), unit in zip(posterior.values().items(), posterior.units, strict=True):
        before = np.quantile(values, _QUANTILES)
        after = np.quantile(values, _QUANTILES, weights=found.weight, method="inverted_cdf")
        row = {"name": name, "unit": unit}
        for label, (low, mid, high) in (("before", before), ("after", after)):
            row |= {f"median_{label}": mid, f"value_16_{label}": low, f"value_84_{label}": high}
        rows.append(row)
    return rows


def format_weighted(rows: list[Mapping]) -> str:
    """The rows as text, aligned."""
    lines = [("", "before", "after", "")]
    for row in rows:
        cells = [
            f"{mid:.4g} -{mid - low:.2g} +{high - mid:.2g}"
            for low, mid, high in (
                [row[f"{key}_{label}"] for key in ("value_16", "median", "value_84")]
                for label in ("before", "after")
            )
        ]
        lines.append((row["name"], *cells, row["unit"]))
    widths = [max(len(line[i]) for line in lines) for i in range(4)]
    return "\n".join(
        "  ".join(text.ljust(w) for text, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def write_weighted(rows: list[Mapping], found: Reweighted, path: str | Path) -> Path:
    """Write the rows with full precision; the last columns say how far to trust them."""
    path = Path(path)
    verdict = "DO NOT TRUST" if found.reasons else "reweighted"
    with replacing(path) as draft, open(draft, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*rows[0], "effective_size", "verdict"])
        writer.writeheader()
        for row in rows:
            numbers = {k: v if isinstance(v, str) else f"{v:.8g}" for k, v in row.items()}
            writer.writerow(numbers | {"effective_size": f"{found.size:.1f}", "verdict": verdict})
    return path


def _pareto_shape(ratio: np.ndarray) -> float:
    """Shape of the generalised Pareto distribution of the largest 3 sqrt(n) weights; -inf where
    they are all the same, NaN where there are too few."""
    n = len(ratio)
    largest = np.sort(ratio)[-int(min(0.2 * n, 3.0 * np.sqrt(n))) - 1 :]
    excess = largest[1:] - largest[0]
    if len(excess) < _LEAST_TAIL:
        return float("nan")
    excess = excess[excess > 1e-12 * largest[-1]]
    if len(excess) < _LEAST_TAIL:
        return float("-inf")
    return float(genpareto.fit(excess / excess.mean(), floc=0.0)[0])


def _reasons(posterior, size, shape, outside) -> list[str]:
    reasons = []
    if not posterior.verdict.converged:
        reasons.append("the run itself is NOT CONVERGED")
    if not size >= LEAST_SIZE:
        reasons.append(f"effective size {size:.0f}, at least {LEAST_SIZE:.0f} are wanted")
    if not shape <= MOST_SHAPE:
        reasons.append(f"few draws rule the result: Pareto k = {shape:.2f} > {MOST_SHAPE:g}")
    if outside > MOST_OUTSIDE:
        reasons.append(
            f"{100 * outside:.0f}% of the new prior lies where the run's prior allows nothing: "
            "what the data say there is not known, and ln Z is of the rest alone"
        )
    return reasons
