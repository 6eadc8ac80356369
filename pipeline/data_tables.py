"""What tables there are: range, period, errors, and whether a potential of the period is known."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from likelihoods.measurement import Measurement
from likelihoods.reading import DATA_DIRECTORY, find_table, measurement_names, read_measurement
from priors.potentials import modulation_potentials

_OBSERVABLES = {"proton": "p", "carbon": "C", "boron": "B", "boron_to_carbon": "B/C"}
_AXES = {
    "rigidity": "R",
    "kinetic_energy": "Ek",
    "kinetic_energy_per_nucleon": "Ek/n",
}
_UNITS = {"rigidity": "GV", "kinetic_energy": "GeV", "kinetic_energy_per_nucleon": "GeV/n"}


def measurements(tables: Iterable[str] = ()) -> list[Measurement]:
    """Those named, by name or path; without names all of data/.

    Raises
    ------
    CrtuneError: no such table, or a damaged one
    """
    return [read_measurement(find_table(t)) for t in tables or measurement_names(DATA_DIRECTORY)]


def format_list(found: Iterable[Measurement]) -> str:
    """A line for each table; errors are medians relative to the value, in percent."""
    lines = [("table", "what", "axis", "points", "range [GV]", "period", "phi [GV]", "errors [%]")]
    potentials = modulation_potentials()
    for m in found:
        known = "-" if not m.is_modulated else f"{potentials.get(m.period, np.nan):.3g}"
        lines.append(
            (
                m.name,
                _OBSERVABLES[m.observable],
                _AXES[m.axis],
                str(m.n_bins),
                f"{m.rigidity_low[0]:.3g} to {m.rigidity_high[-1]:.4g}",
                m.period,
                "unknown" if known == "nan" else known,
                ", ".join(f"{c.name} {_percent(m, c)}" for c in m.components),
            )
        )
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(text.ljust(w) for text, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def format_table(measurement: Measurement) -> str:
    """Everything that a table says of itself, and its points."""
    m = measurement
    lines = [
        f"{m.name}: {m.observable}, {m.axis}, {m.n_bins} points, period {m.period}",
        f"  file       {m.path}",
        f"  reference  {m.reference}",
        f"  doi        {m.doi}",
        f"  derived    {m.derived}",
    ]
    lines += [f"  error      {c.name}: {c.role}, median {_percent(m, c)}%" for c in m.components]
    edges = (m.low, m.high) if m.has_edges else (m.mean,)
    heads = ("low", "high") if m.has_edges else ("mean",)
    unit = _UNITS[m.axis]
    rows = [(*(f"{head} [{unit}]" for head in heads), "value", "-", "+")]
    rows += [
        tuple(f"{x:.6g}" for x in (*(e[i] for e in edges), m.value[i], minus, plus))
        for i, (minus, plus) in enumerate(zip(m.error_minus, m.error_plus, strict=True))
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines += ["  " + "  ".join(c.rjust(w) for c, w in zip(r, widths, strict=True)) for r in rows]
    return "\n".join(lines)


def _percent(m: Measurement, component) -> str:
    return f"{100 * float(np.median(component.mean / m.value)):.2g}"


def config_lines(path: Path, name: str) -> str:
    """What to write in a config to use a table."""
    return f'[data.{name}]\ntable = "{path}"'
