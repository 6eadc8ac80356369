"""What a calibration came to: a table, a CSV of ranks, and the page rendered from all of those."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.calibration.ranks import BAND, LEVELS, Uniformity, scaled, uniformity
from pipeline.calibration.sets import Calibration
from pipeline.files import replacing
from transport.errors import CrtuneError

_ABOUT = ("run", "title", "draws", "sampled", "bins", "asked")
_SET_COLUMNS = ("set", "converged", "steps", "n_tau", "rhat", "effective")


@dataclass(frozen=True)
class Calibrated:
    """Ranks of one calibration and what they say.

    Attributes
    ----------
    run, title : name of the run, its scenario in words
    draws : L, which ranks run to
    sampled : how each set was sampled, in words
    bins : of the histograms
    asked : sets that were asked for
    rows : one dict a set: ``set``, ``converged``, ``steps``, ``n_tau``, ``rhat``,
        ``effective`` draws of the slowest coordinate, and ``ranks``
    quantities : `Uniformity` of each
    """

    run: str
    title: str
    draws: int
    sampled: str
    bins: int
    asked: int
    rows: list[dict]
    quantities: list[Uniformity]

    @property
    def n_sets(self) -> int:
        return len(self.rows)

    @property
    def not_converged(self) -> int:
        """Sets whose chains did not meet their rules; they count all the same."""
        return sum(not row["converged"] for row in self.rows)

    @property
    def outside(self) -> list[str]:
        """Quantities that leave their bands."""
        return [q.name for q in self.quantities if not q.inside]


def assess(calibration: Calibration, bins: int, asked: int) -> Calibrated:
    """Judge the sets that are there.

    Raises
    ------
    CrtuneError: fewer sets than bins, or a damaged set
    """
    return _judge(
        calibration.config.name,
        calibration.problem.scenario.full_title,
        calibration.draws,
        calibration.sampled,
        bins,
        asked,
        calibration.load(),
        str(calibration.folder),
    )


def _judge(run, title, draws, sampled, bins, asked, rows, where) -> Calibrated:
    if len(rows) < bins:
        raise CrtuneError(
            f"{where}: {len(rows)} sets are fewer than --bins {bins}: a histogram of ranks with "
            "less than one a bin says nothing; make more sets or take fewer bins"
        )
    quantities = [
        uniformity(name, scaled([row["ranks"][name] for row in rows], draws, seed), bins)
        for seed, name in enumerate(rows[0]["ranks"])
    ]
    return Calibrated(run, title, draws, sampled, bins, asked, rows, quantities)


def format_calibrated(found: Calibrated) -> str:
    """The table as text."""
    width = max(len(q.name) for q in found.quantities)
    levels = "  ".join(f"in {level:.0%}" for level in LEVELS)
    lines = [
        f"{found.run}: {found.n_sets} of {found.asked} sets, {found.not_converged} not converged",
        f"{'':{width}}  mean rank  KS p   bins p  ECDF in {BAND:.0%} band  {levels}",
    ]
    for q in found.quantities:
        inside = "yes" if q.inside else "NO"
        shares = "  ".join(f"{share:6.2f}" for share in q.coverage)
        lines.append(
            f"{q.name:{width}}  {q.mean:9.3f}  {q.ks_p:5.3f}  {q.bins_p:6.3f}  {inside:>17}  "
            f"{shares}"
        )
    return "\n".join(lines)


def write_ranks(found: Calibrated, path: Path) -> Path:
    """One line a set; the first line is a comment with what belongs to all."""
    names = [q.name for q in found.quantities]
    text = io.StringIO()
    about = {key: getattr(found, key) for key in _ABOUT}
    text.write(f"# {json.dumps(about)}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_SET_COLUMNS, *names])
    for row in found.rows:
        cells = [row["set"], int(row["converged"]), row["steps"]]
        cells += [f"{row['n_tau']:.4g}", f"{row['rhat']:.4f}", f"{row['effective']:.0f}"]
        writer.writerow([*cells, *(row["ranks"][name] for name in names)])
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as draft:
        draft.write_text(text.getvalue())
    return path


def read_ranks(path: Path) -> Calibrated:
    """What `write_ranks` wrote, judged anew.

    Raises
    ------
    CrtuneError: a file that is no such table
    """
    try:
        first, *lines = path.read_text().splitlines()
        about = json.loads(first.removeprefix("# "))
        rows = []
        for cells in csv.DictReader(lines):
            values = {name: float(cells.pop(name)) for name in _SET_COLUMNS}
            values["converged"] = bool(values["converged"])
            rows.append(values | {"ranks": {name: int(cell) for name, cell in cells.items()}})
        return _judge(**about, rows=rows, where=str(path))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise CrtuneError(f"{path}: no table of ranks ({error}); make it again") from error


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
2022). *In 68%*: share of sets whose central 68% interval holds the truth.

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
        f"| quantity | mean rank | KS p | {found.bins} bins p | in band | {levels} |",
        "|---" * (5 + len(LEVELS)) + "|",
    ]
    for q in found.quantities:
        shares = " | ".join(f"{share:.2f}" for share in q.coverage)
        inside = "yes" if q.inside else "**no**"
        lines.append(
            f"| `{q.name}` | {q.mean:.3f} | {q.ks_p:.3f} | {q.bins_p:.3f} | {inside} | {shares} |"
        )
    return "\n".join(lines) + "\n"
