"""What a calibration came to: a table, and a CSV of ranks."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.calibration.ranks import (
    BAND,
    LEVELS,
    Uniformity,
    mean_without_draw,
    scaled,
    uniformity,
)
from pipeline.calibration.sets import Calibration
from pipeline.files import replacing
from transport.errors import CrtuneError

_ABOUT = ("run", "title", "draws", "sampled", "bins", "asked", "means")
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
    means : by quantity, mean of the scaled ranks with what the draw of the truths adds to it taken
        out, and its standard error
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
    means: dict[str, tuple[float, float]]
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
    rows = calibration.load()
    points = _points(rows, calibration.draws, bins, str(calibration.folder))
    return _judge(
        calibration.config.name,
        calibration.problem.scenario.full_title,
        calibration.draws,
        calibration.sampled,
        bins,
        asked,
        _means(calibration, rows, points),
        rows,
        points,
    )


def _points(rows, draws, bins, where):
    """Scaled ranks (n_sets,) by quantity; the number of sets is checked."""
    if len(rows) < bins:
        raise CrtuneError(
            f"{where}: {len(rows)} sets are fewer than --bins {bins}: a histogram of ranks with "
            "less than one a bin says nothing; make more sets or take fewer bins"
        )
    return {
        name: scaled([row["ranks"][name] for row in rows], draws, seed)
        for seed, name in enumerate(rows[0]["ranks"])
    }


def _means(calibration, rows, points):
    """`Calibrated.means`; the places of ln L at the truths are not known beforehand."""
    problem, bank = calibration.problem, calibration.bank
    truths = np.array([[row["truth"][name] for name in problem.names] for row in rows])
    places = problem.prior_cdf(truths)
    expected = problem.prior_cdf(bank.theta[bank.possible]).mean(axis=0)
    means = {}
    for name, ranks in points.items():
        if name in problem.names and len(ranks) > 2:
            i = problem.names.index(name)
            means[name] = mean_without_draw(ranks, places[:, i], expected[i])
        else:
            error = ranks.std(ddof=1) / np.sqrt(len(ranks)) if len(ranks) > 1 else np.nan
            means[name] = (float(ranks.mean()), float(error))
    return means


def _judge(run, title, draws, sampled, bins, asked, means, rows, points) -> Calibrated:
    quantities = [uniformity(name, ranks, bins) for name, ranks in points.items()]
    return Calibrated(run, title, draws, sampled, bins, asked, means, rows, quantities)


def format_calibrated(found: Calibrated) -> str:
    """The table as text."""
    width = max(len(q.name) for q in found.quantities)
    levels = "  ".join(f"in {level:.0%}" for level in LEVELS)
    lines = [
        f"{found.run}: {found.n_sets} of {found.asked} sets, {found.not_converged} not converged",
        f"{'':{width}}  mean rank  draw taken out  KS p   bins p  "
        f"ECDF in {BAND:.0%} band  {levels}",
    ]
    for q in found.quantities:
        inside = "yes" if q.inside else "NO"
        shares = "  ".join(f"{share:6.2f}" for share in q.coverage)
        mean, error = found.means[q.name]
        lines.append(
            f"{q.name:{width}}  {q.mean:9.3f}  {mean:.3f} +- {error:.3f}  {q.ks_p:5.3f}  "
            f"{q.bins_p:6.3f}  {inside:>17}  {shares}"
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
        points = _points(rows, about["draws"], about["bins"], str(path))
        return _judge(**about, rows=rows, points=points)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise CrtuneError(f"{path}: no table of ranks ({error}); make it again") from error
