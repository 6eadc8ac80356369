"""What scenarios are, in words and for JSON (scripts/predict.py --list)."""

from __future__ import annotations

import textwrap

from pipeline.predict import diagnostics
from transport.scenario import Scenario, scenario_class, scenario_names
from transport.scenario_sources import broken_scenarios


def titles() -> dict[str, str]:
    """What every scenario that can be used is, by its name."""
    broken = broken_scenarios()
    return {name: scenario_class(name).title for name in scenario_names() if name not in broken}


def describe_scenarios() -> str:
    """One line per scenario, those that cannot be used with the reason."""
    found = titles() | {
        name: f"CANNOT BE USED: {reason}" for name, reason in broken_scenarios().items()
    }
    width = max(map(len, found))
    return "\n".join(f"{name:<{width}}  {title}" for name, title in found.items())


def describe(scenario: Scenario) -> str:
    """Parameters with fiducial, unit, meaning and section; options with their values."""
    lines = [f"{scenario.name}: {scenario.full_title}"]
    if scenario.extension:
        lines.append(f"* {scenario.extension}")
    rows = [("parameter", "fiducial", "unit", "sampled as", "paper", "meaning")]
    rows += [
        (p.name, f"{p.fiducial:g}", p.unit or "-", p.coordinate_name, p.section or "-",
         p.description)
        for p in scenario.parameters
    ]  # fmt: skip
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines += ["  ".join(f"{c:<{w}}" for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]
    for name, option in getattr(scenario, "options", {}).items():
        chosen = scenario.chosen[name]
        lines.append(f"option {name} = {_toml(chosen)}: {option.description}")
        for value, added in option.choices.items():
            extra = ", adds " + ", ".join(p.name for p in added) if added else ""
            dropped = option.drops.get(value)
            extra += ", drops " + ", ".join(dropped) if dropped else ""
            lines.append(
                f"    {_toml(value)}{' (default)' if value == option.default else ''}{extra}"
            )
    cheap, costly = derived_quantities(scenario)
    for names, cost in ((cheap, ""), (costly, ", of whole spectra: costly")):
        if names:
            text = f"derived quantities for constraints{cost}: {', '.join(names)}"
            lines += textwrap.wrap(text, 100, subsequent_indent="    ")
    return "\n".join(lines)


def derived_quantities(scenario: Scenario) -> tuple[list[str], list[str]]:
    """Names of what constraints may be on, beside parameters: cheap ones, and diagnostics."""
    fiducial = {p.name: p.fiducial for p in scenario.parameters}
    cheap = list(scenario.derived(scenario.fiducial()))
    return cheap, [name for name in diagnostics(scenario, fiducial) if name not in cheap]


def description(scenario: Scenario) -> dict:
    """The same as `describe`, for JSON."""
    options = getattr(scenario, "options", {})
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "transport": scenario.transport_label,
        "derived": [name for names in derived_quantities(scenario) for name in names],
        "extension": scenario.extension,
        "parameters": [
            {
                "name": p.name, "fiducial": p.fiducial, "unit": p.unit,
                "sampled_as": p.coordinate_name, "section": p.section, "meaning": p.description,
            }
            for p in scenario.parameters
        ],
        "options": {
            name: {
                "chosen": scenario.chosen[name], "choices": list(option.choices),
                "meaning": option.description,
            }
            for name, option in options.items()
        },
    }  # fmt: skip


def _toml(value):
    return str(value).lower() if isinstance(value, bool) else str(value)
