"""A posterior as a LaTeX table, and numbers with errors as LaTeX."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.files import replacing
from pipeline.posterior.load import Posterior
from pipeline.problem import Problem
from priors.distributions import Distribution
from transport.parameters import UNIT_LATEX, Parameter


def number_with_errors(low: float, mid: float, high: float) -> str:
    r"""Median and interval as ``4.2^{+0.1}_{-0.2}``, two digits of error, without dollar signs."""
    exponent = int(np.floor(np.log10(abs(mid)))) if mid else 0
    exponent = exponent if not -3 <= exponent <= 3 else 0
    scale = 10.0**exponent
    spread = max(high - low, 1e-12 * abs(mid), 1e-300) / scale
    decimals = int(np.clip(1 - np.floor(np.log10(spread / 2)), 0, 4))
    up, down = (high - mid) / scale, (mid - low) / scale
    number = rf"{mid / scale:.{decimals}f}^{{+{up:.{decimals}f}}}_{{-{down:.{decimals}f}}}"
    return rf"({number})\times 10^{{{exponent}}}" if exponent else number


def unit_latex(parameter: Parameter) -> str:
    """Unit of a parameter as LaTeX without dollar signs; empty where it has none."""
    if not parameter.unit:
        return ""
    return UNIT_LATEX.get(parameter.unit, rf"\mathrm{{{parameter.unit}}}")


def latex_table(posterior: Posterior, problem: Problem) -> str:
    """A ``tabular``: symbol, meaning, unit, median with the central 68%, prior.

    Values of fixed parameters are marked so. A posterior that has not converged says so in its
    last row.
    """
    values = posterior.values()
    rows = []
    for parameter, prior in zip(problem.parameters, problem.prior.distributions, strict=True):
        low, mid, high = np.quantile(values[parameter.name], [0.16, 0.5, 0.84])
        rows.append((parameter, f"${number_with_errors(low, mid, high)}$", _prior_text(prior)))
    known = {p.name: p for p in problem.likelihood.parameters}
    for name, value in problem.prior.fixed.items():
        rows.append((known[name], f"${value:g}$", "fixed"))
    lines = [
        r"\begin{tabular}{lllll}",
        r"\hline",
        r"parameter & meaning & unit & median, 68\% & prior \\",
        r"\hline",
    ]
    for parameter, estimate, prior in rows:
        unit = f"${unit_latex(parameter)}$" if parameter.unit else ""
        cells = (f"${parameter.latex}$", _escape(parameter.description), unit, estimate, prior)
        lines.append(" & ".join(cells) + r" \\")
    lines.append(r"\hline")
    if not posterior.verdict.converged:
        lines.append(r"\multicolumn{5}{l}{\textbf{NOT CONVERGED: no result}} \\")
    lines.append(r"\end{tabular}")
    return "\n".join(lines) + "\n"


def write_latex(posterior: Posterior, problem: Problem, path: str | Path) -> Path:
    """Write `latex_table` to a file, whole or not at all."""
    path = Path(path)
    banner = "".join(f"% {line}\n" for line in posterior.verdict.banner(most=1000).splitlines())
    with replacing(path, head="% ") as draft:
        draft.write_text(banner + latex_table(posterior, problem), encoding="utf-8")
    return path


def _prior_text(prior: Distribution) -> str:
    """Family and arguments; bounds that do not bind are left out."""
    shown = [
        f"{name} {value:g}{' dex' if (prior.family, name) == ('log_normal', 'sd') else ''}"
        for name, value in prior.arguments
        if np.isfinite(value) and not (prior.log and name == "low" and value == 0)
    ]
    return _escape(f"{prior.family.replace('_', '-')}: {', '.join(shown)}")


def _escape(text: str) -> str:
    for character in "&%#_":
        text = text.replace(character, f"\\{character}")
    return text.replace("^", r"\^{}").replace("~", r"$\sim$")
