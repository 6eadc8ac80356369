"""The table of a posterior: what was found, and how well it is known."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from arviz_stats.base import array_stats

from pipeline.files import replacing
from pipeline.posterior.load import Posterior

COLUMNS = (
    "mean",
    "sd",
    "hdi_lower",
    "hdi_upper",
    "ess_bulk",
    "ess_tail",
    "mcse_mean",
    "mcse_sd",
    "r_hat",
    "r_hat_walkers",
    "tau",
    "median_value",
    "value_16",
    "value_84",
)
HDI_PROBABILITY = 0.94  # ArviZ's long-standing default


def summarize(posterior: Posterior) -> list[dict]:
    """One row for each sampled coordinate, then ``log_prob``.

    Columns as of ArviZ, with walkers as chains for ESS and MCSE; ``r_hat`` is across ensembles,
    ``r_hat_walkers`` across walkers; ``median_value`` with its 68% interval is of the parameter
    itself in its ``unit``. Numbers that cannot be computed from so few draws are NaN.
    """
    rows = []
    values = posterior.values()
    for i, name in enumerate(posterior.names):
        physical, unit = posterior.physical_names[i], posterior.units[i]
        row = _row(posterior, name, posterior.chain[..., i])
        low, mid, high = np.quantile(values[physical], [0.16, 0.5, 0.84])
        row |= {"median_value": mid, "value_16": low, "value_84": high, "unit": unit}
        rows.append(row)
    return [*rows, _row(posterior, "log_prob", posterior.log_prob)]


def fixed_values(posterior: Posterior) -> dict[str, float]:
    """Values of the parameters that the priors fix, by name: they are no coordinates."""
    prefix = "prior."
    found = {}
    for part, text in posterior.provenance.get("fingerprint", {}).items():
        if part.startswith(prefix) and text.startswith("fixed("):
            found[part.removeprefix(prefix)] = float(text.removeprefix("fixed(").rstrip(")"))
    return found


def _row(posterior: Posterior, name: str, series: np.ndarray) -> dict:
    per_walker = series.swapaxes(1, 2).reshape(-1, series.shape[1])
    verdict = posterior.verdict
    low, high = array_stats.hdi(per_walker.ravel(), prob=HDI_PROBABILITY, axis=-1)
    return {
        "name": name,
        "mean": per_walker.mean(),
        "sd": per_walker.std(ddof=1),
        "hdi_lower": low,
        "hdi_upper": high,
        "ess_bulk": _of_chains(array_stats.ess, per_walker, method="bulk"),
        "ess_tail": _of_chains(array_stats.ess, per_walker, method="tail", prob=(0.05, 0.95)),
        "mcse_mean": _of_chains(array_stats.mcse, per_walker, method="mean"),
        "mcse_sd": _of_chains(array_stats.mcse, per_walker, method="sd"),
        "r_hat": verdict.rhat.get(name, np.nan),
        "r_hat_walkers": verdict.rhat_walkers.get(name, np.nan),
        "tau": verdict.tau.get(name, np.nan),
        "median_value": np.median(per_walker),
        "value_16": np.quantile(per_walker, 0.16),
        "value_84": np.quantile(per_walker, 0.84),
        "unit": "",
    }


def _of_chains(statistic, per_walker: np.ndarray, **options) -> float:
    if per_walker.shape[1] < 4 or np.ptp(per_walker) == 0:
        return float("nan")
    return float(statistic(per_walker, chain_axis=0, draw_axis=1, **options))


def format_table(rows: list[dict]) -> str:
    """The rows as text, aligned."""
    head = ["", "mean", "sd", "hdi 3%", "hdi 97%", "ess_bulk", "ess_tail", "mcse", "r_hat"]
    head.append("median and 68% of the value itself")
    lines = [head]
    for row in rows:
        low, mid, high = row["value_16"], row["median_value"], row["value_84"]
        physical = f"{mid:.4g} -{mid - low:.2g} +{high - mid:.2g} {row['unit']}".rstrip()
        lines.append(
            [
                row["name"],
                f"{row['mean']:.5g}",
                f"{row['sd']:.3g}",
                f"{row['hdi_lower']:.5g}",
                f"{row['hdi_upper']:.5g}",
                f"{row['ess_bulk']:.0f}",
                f"{row['ess_tail']:.0f}",
                f"{row['mcse_mean']:.2g}",
                f"{row['r_hat']:.4f}",
                physical,
            ]
        )
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if i in (0, len(head) - 1) else text.rjust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def write_csv(rows: list[dict], posterior: Posterior, path: str | Path) -> Path:
    """Write the rows with full precision; the last column of every row is the verdict."""
    path = Path(path)
    with replacing(path) as draft, open(draft, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["name", *COLUMNS, "unit", "verdict"])
        writer.writeheader()
        for row in rows:
            numbers = {key: f"{row[key]:.8g}" for key in COLUMNS}
            writer.writerow(
                {
                    "name": row["name"],
                    **numbers,
                    "unit": row["unit"],
                    "verdict": posterior.verdict.label,
                }
            )
    return path
