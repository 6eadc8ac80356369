"""A posterior in the text format of GetDist (and CosmoMC): chains, names and ranges.

``<root>_1.txt`` and so on, a file for each ensemble, hold a row for every draw: its weight, minus
its log-posterior, the coordinates, and behind them the values of those parameters that are sampled
in log10, as derived parameters. ``<root>.paramnames`` has a name and a LaTeX label a line, derived
ones with a star; ``<root>.ranges`` the hard bounds of the prior, N for none;
``<root>.properties.ini`` says that burn-in is removed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.files import replacing
from pipeline.posterior.latex import unit_latex
from pipeline.posterior.load import Posterior
from pipeline.problem import Problem


def write_getdist(posterior: Posterior, problem: Problem, root: str | Path) -> list[Path]:
    """Write the files of one posterior and return their paths.

    Parameters
    ----------
    root : e.g. ``runs/two_phase/getdist/two_phase``: folder and beginning of the names

    Notes
    -----
    ``getdist.loadMCSamples(root)`` reads them. The draws are those of `load_run`, thinned and
    without burn-in, of weight one.
    """
    root = Path(root)
    root.parent.mkdir(parents=True, exist_ok=True)
    for old in root.parent.glob(f"{root.name}_[0-9]*.txt"):
        if old.stem.removeprefix(f"{root.name}_").isdecimal():
            old.unlink()  # an ensemble that is no longer there would be read with the others
    logarithmic = [i for i, p in enumerate(problem.parameters) if p.scale == "log10"]
    written = []
    for k, (theta, log_prob) in enumerate(zip(posterior.samples, posterior.log_prob, strict=True)):
        rows = np.column_stack(
            [np.ones(len(theta)), -log_prob.reshape(-1), theta, 10.0 ** theta[:, logarithmic]]
        )
        path = root.with_name(f"{root.name}_{k + 1}.txt")
        with replacing(path) as draft:
            np.savetxt(draft, rows, fmt="%.10g")
        written.append(path)
    names = [f"{p.coordinate_name}\t{_label(p.coordinate_latex)}" for p in problem.parameters] + [
        f"{p.name}*\t{_physical(p)}" for p in (problem.parameters[i] for i in logarithmic)
    ]
    low, high = problem.prior_transform(np.array([[0.0], [1.0]]) * np.ones(problem.ndim))
    ranges = [
        f"{name}\t{_bound(a)}\t{_bound(b)}"
        for name, a, b in zip(problem.names, low, high, strict=True)
    ]
    for suffix, lines in (
        ("paramnames", names),
        ("ranges", ranges),
        ("properties.ini", ["burn_removed = T", f"label = {root.name}"]),
    ):
        path = root.with_name(f"{root.name}.{suffix}")
        with replacing(path) as draft:
            draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
        written.append(path)
    return written


def _label(latex: str) -> str:
    """GetDist adds the dollar signs."""
    return latex.strip("$")


def _physical(parameter) -> str:
    unit = unit_latex(parameter)
    return rf"{parameter.latex}\ [{unit}]" if unit else parameter.latex


def _bound(value: float) -> str:
    return f"{value:.10g}" if np.isfinite(value) else "N"
