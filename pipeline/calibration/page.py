"""docs/calibration.md, rendered from tables of ranks and the remarks beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline.calibration.ranks import BAND, LEVELS
from pipeline.calibration.report import Calibrated, read_ranks


def read_page(folder: Path) -> str:
    """docs/calibration.md of the tables in a folder, each with what RUN.txt beside it, written by
    hand, says of it.

    Raises
    ------
    CrtuneError: a file that is no such table
    """
    remarks = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.txt")}
    return render_page([read_ranks(path) for path in sorted(folder.glob("*.csv"))], remarks)


def render_page(tables: Sequence[Calibrated], remarks: Mapping[str, str] | None = None) -> str:
    """docs/calibration.md, numbers and verdicts included.

    Parameters
    ----------
    remarks : text by name of a run, below its table
    """
    parts = [_HEAD]
    for found in tables:
        parts.append(_section(found))
        if found.run in (remarks or {}):
            parts.append(remarks[found.run])
    return "\n".join(parts)


_HEAD = f"""# Is it calibrated?

Written by `scripts/calibrate.py RUN.toml --page` from the tables in `docs/calibration/`.

Simulation-based calibration (Talts et al. 2018): parameters are drawn from the prior, data from the
likelihood at them (noise, and a model discrepancy of the amplitude drawn), the posterior of
these data is sampled as a run's is, and the rank of every true value among draws of its posterior
is noted. If prior, likelihood and sampler are what they claim to be, ranks are uniform, for ln L of
all data as for every parameter. *In band*: the empirical CDF of the ranks is everywhere inside the
band that uniform ranks leave with a probability of {1 - BAND:.0%} (Säilynoja, Bürkner & Vehtari
2022). *In 68%*: share of sets whose central 68% interval holds the truth. *Draw taken out*: mean
rank without what the draw of the truths adds to it. Truths that happen to lie high in the prior lie
high in wide posteriors, and ranks leave a band together with their truths; regression on the
truths' places in the prior, whose mean is known, compares the mean rank with 0.5 more sharply.

The sampler is that of every run: likelihood, amplitudes integrated out, warm-up, proposals, moves,
verdict. What differs: one short ensemble a set, and walkers that start from the likeliest of a
common stock of prior draws, as far down as differential evolution needs some diversity, instead of
any. Longer chains, and R-hat across ensembles, are not calibrated by themselves: they can be
better than these, and a posterior with modes that mock data seldom have would not be seen here.

Calibration tests the statistics, not the physics: truth and model are the same here.
"""


def together(found: Calibrated, levels: Sequence[float]) -> list[tuple[float, float, float]]:
    """Of each level: itself, the share of all truths in the central intervals, and its standard
    error from the scatter between sets, within which quantities are correlated."""
    points = np.array([list(row["ranks"].values()) for row in found.rows]) + 0.5
    off = np.abs(points / (found.draws + 1) - 0.5)
    shares = [(level, np.mean(off <= 0.5 * level, axis=1)) for level in levels]
    error = 1.0 / np.sqrt(found.n_sets)
    return [(level, float(s.mean()), float(s.std(ddof=1) * error)) for level, s in shares]


def _section(found: Calibrated) -> str:
    n = found.n_sets
    shift = 2.0 * np.sqrt(1 / 12) / (np.sqrt(n) / (2 * np.sqrt(np.pi)))
    expected = (1 - BAND) * len(found.quantities)
    outside = ", ".join(f"`{name}`" for name in found.outside) or "none"
    levels = " | ".join(f"in {level:.0%}" for level in LEVELS)
    missed = found.not_converged
    rules = (
        f"the chains of {missed} did not meet their rules and count all the same"
        if missed
        else "all chains met their rules"
    )
    effective = np.nanpercentile([row["effective"] for row in found.rows], [0, 50])
    few = " Too few to show more than gross errors." if n < 100 else ""
    lines = [
        f"## {found.title} (`runs/{found.run}.toml`)",
        "",
        f"**{n} sets" + (f" of the {found.asked} asked for" if n < found.asked else "") + "**, "
        f"truths ranked among {found.draws} draws each ({found.sampled}); {rules}. A chain "
        f"is worth {effective[1]:.0f} independent draws of its slowest coordinate (median; at "
        f"least {effective[0]:.0f}). With {n} sets "
        f"a posterior that is shifted by {shift:.2f} of its standard deviation is two standard "
        f"errors off in mean rank, and coverage of 68% is known to "
        f"{np.sqrt(0.68 * 0.32 / n):.2f}.{few}",
        "",
        f"Outside their bands: {outside} ({len(found.outside)} of {len(found.quantities)}; "
        f"{expected:.1f} expected of a correct sampler). All quantities together: "
        + ", ".join(
            f"{share:.1%} +- {error:.1%} of truths in {level:.0%}"
            for level, share, error in together(found, (0.68, 0.9))
        )
        + ".",
        "",
        f"![Difference of the ranks' CDF from uniform](calibration/{found.run}.png)",
        "",
        f"| quantity | mean rank | draw taken out | KS p | {found.bins} bins p | in band | "
        f"{levels} |",
        "|---" * (6 + len(LEVELS)) + "|",
    ]
    for q in found.quantities:
        shares = " | ".join(f"{share:.2f}" for share in q.coverage)
        inside = "yes" if q.inside else "**no**"
        mean, error = found.means[q.name]
        lines.append(
            f"| `{q.name}` | {q.mean:.3f} | {mean:.3f} +- {error:.3f} | {q.ks_p:.3f} | "
            f"{q.bins_p:.3f} | {inside} | {shares} |"
        )
    return "\n".join(lines) + "\n"
