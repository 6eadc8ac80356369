"""The measured part of the page on exact transport."""

from __future__ import annotations

import numpy as np

from pipeline.accuracy.exact.cases import CASES, CURVE, DRAWN, FIT_RANGE, OBSERVABLES, TABLE
from pipeline.accuracy.exact.measure import Ratios, fits

MARKER = "<!-- everything below is written by scripts/exact_transport.py -->"
PERCENTILES = (5, 16, 50, 84, 95)


def report(found: Ratios) -> str:
    """Markdown text below the marker of docs/exact_transport.md."""
    parts = [MARKER]
    for name, cases in CASES.items():
        parts.append(f"## `{name}`, exact / approximate")
        for k, observable in enumerate(OBSERVABLES.values()):
            rows = [(case, found.fiducial[name, case][k]) for case in cases]
            parts.append(table(f"{observable}, fiducials", rows))
        for case in (c for c in cases if c in DRAWN):
            for k, observable in enumerate(OBSERVABLES.values()):
                title = f"{observable}, {found.draws} draws from `{found.prior_set}`, {case}"
                parts.append(table(title, percentile_rows(found.sampled[name, case][:, k])))
    parts += [_slopes(found), _absorbed(), _numerical(found)]
    return "\n\n".join(parts) + "\n"


def table(title, rows) -> str:
    """A Markdown table over `TABLE`; rows of (label, (n_R,) on CURVE)."""
    picked = np.isin(CURVE, TABLE)
    lines = [f"| {title} | " + " | ".join(f"{r:g} GV" for r in TABLE) + " |"]
    lines.append("|---|" + "---|" * len(TABLE))
    for label, row in rows:
        cells = ("–" if np.isnan(x) else f"{x:.3f}" for x in row[picked])
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def percentile_rows(sampled):
    """Percentiles over the draws that are confined at each rigidity, and the share that is."""
    share = np.mean(np.isfinite(sampled), axis=0)
    with np.errstate(all="ignore"):
        found = [np.nanpercentile(sampled, p, axis=0) for p in PERCENTILES]
    rows = [(f"{p}%", row) for p, row in zip(PERCENTILES, found, strict=True)]
    return rows + ([("share confined", share)] if np.any(share < 1.0) else [])


def slope_change(row, low, high) -> float:
    """Change of a spectral index between two rigidities of `CURVE`."""
    a, b = (row[np.argmin(np.abs(CURVE - r))] for r in (low, high))
    return np.log(b / a) / np.log(high / low)


def _slopes(found):
    lines = [
        "## Change of slopes at the fiducials",
        "",
        "| | protons 10-100 GV | protons 200-2000 GV | B/C 10-100 GV | B/C 100-1000 GV |",
        "|---|---|---|---|---|",
    ]
    for (name, case), (proton, bc) in found.fiducial.items():
        spans = [(proton, 10, 100), (proton, 200, 2000), (bc, 10, 100), (bc, 100, 1000)]
        cells = " | ".join(f"{slope_change(*span):+.3f}" for span in spans)
        lines.append(f"| `{name}`, {case} | {cells} |")
    return "\n".join(lines).replace("+nan", "–")


def _absorbed():
    lines = [
        "## What a fit would hide",
        "",
        "The approximate model is moved as close to the exact one (at the fiducials, first case of "
        "each scenario) as the parameters named allow; the rest is the largest |ln| that remains.",
        "",
        "| | free | protons | B/C |",
        "|---|---|---|---|",
    ]
    for name, left in fits():
        factors = ", ".join(f"{k} × {x:.2f}" for k, x in left.factors.items())
        low, high = FIT_RANGE[name]
        lines.append(
            f"| `{name}`, {low:g}-{high:g} GV | {factors or 'nothing'} "
            f"| {100 * left.proton:.0f}% | {100 * left.boron_to_carbon:.0f}% |"
        )
    return "\n".join(lines)


def _numerical(found):
    lines = [
        "## Numerical error",
        "",
        "Halving all steps, in height and in ln R, changes the ratios at the fiducials by at most:",
        "",
        "| | largest relative change |",
        "|---|---|",
        *(f"| `{name}`, {case} | {x:.1e} |" for (name, case), x in found.change.items()),
    ]
    return "\n".join(lines)
