"""How each run looks, so that it is the same in every figure and needs no colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION
from pipeline.tuning.study.choices import RANGES, SELECTIONS
from pipeline.tuning.tables.entries import identity, sampling_flags
from transport.errors import CrtuneError
from transport.full.effects import PAPER

RANGE_TITLES = {"earth": "data at Earth", "voyager": "with Voyager"}


@dataclass(frozen=True)
class Look:
    """A run's short name, colour, line style and marker."""

    label: str
    colour: str
    line: str | tuple
    marker: str


_DASH_DOT_DOT = (0, (5, 1.5, 1, 1.5, 1, 1.5))
LOOKS: dict[str, Look] = {
    "kolmogorov": Look("Kolmogorov", BLACK, "--", "o"),
    "kolmogorov_break": Look("Kolmogorov, break", BLACK, "-.", "d"),
    "power_law_diffusion": Look("power-law diffusion", GREY, ":", "s"),
    "power_law_break": Look("power law, break", GREY, "-", "p"),
    "two_phase": Look("two-phase", VERMILLION, "-", "D"),
    "two_phase_damped": Look("two-phase, damped halo", VERMILLION, "--", "<"),
    "two_phase_stratified": Look("two-phase, stratified", ORANGE, "-", "P"),
    "stratified_halo": Look("stratified halo", BLUE, "-", "^"),
    "fast_modes": Look("fast modes", GREEN, "-.", "v"),
    "undamped_cascade": Look("undamped cascade", GREEN, ":", "<"),
    "weak_shocks": Look("weak shocks", SKY, "-", ">"),
    "self_confinement_linear": Look("self-conf., linear", PURPLE, "--", "X"),
    "self_confinement_nonlinear": Look("self-conf., nonlinear", PURPLE, _DASH_DOT_DOT, "*"),
    "pressure_anisotropy": Look("pressure anisotropy", SKY, "--", "h"),
}
"""By run, in the order of legends and rows: baselines first, then theories by family."""
_OTHER = (BLUE, GREEN, VERMILLION, BLACK)
_OTHER_LINES = (_DASH_DOT_DOT, (0, (1, 1)), (0, (7, 2)))
_OTHER_MARKERS = ("H", "8", "X")


def label(run: str) -> str:
    """A run in tables and figures; those that nobody has given a look, by what they are called."""
    return LOOKS[run].label if run in LOOKS else run.replace("_", " ")


def ordered(runs: Iterable[str]) -> list[str]:
    """Each once, in the order of legends and rows; those without a look last, as they come."""
    places = {run: i for i, run in enumerate(LOOKS)}
    return sorted(dict.fromkeys(runs), key=lambda run: places.get(run, len(places)))


def looks_of(results: Sequence) -> dict[str, Look]:
    """Look of every run in `results`, in the order to draw them.

    Runs that are not known by name get looks of their own, beside those of their scenario.
    """
    runs = {r.case.run.name: r.case.run.scenario_name for r in results}
    places = {name: i for i, name in enumerate(LOOKS)}
    order = sorted(runs, key=lambda run: places.get(run, places.get(runs[run], len(places)) + 0.5))
    others = {
        run: Look(
            label(run),
            _OTHER[i % len(_OTHER)],
            _OTHER_LINES[i % len(_OTHER_LINES)],
            _OTHER_MARKERS[(i + i // len(_OTHER_LINES)) % len(_OTHER_MARKERS)],
        )
        for i, run in enumerate(run for run in order if run not in LOOKS)
    }
    return {run: LOOKS.get(run) or others[run] for run in order}


def by_range(results: Sequence, *names: str) -> dict[str, dict[str, object]]:
    """Results with one of the measures `names`, as range -> run -> result; every range is there.

    Raises
    ------
    CrtuneError: not one result has it
    """
    found = {place: {} for place in RANGES}
    for result in results:
        if any(result.made.get(name) is not None for name in names):
            found[result.case.range][result.case.run.name] = result
    if not any(found.values()):
        raise CrtuneError(f"no case has {names[0]}; make it with scripts/fine_tuning.py RUN")
    return found


def mark_empty(ax, place: str) -> None:
    """Say in a panel without anything that no case of this range was made, and how to make it."""
    ax.text(
        0.5, 0.5, f"no result yet\n(fine_tuning.py RUN --ranges {place})", ha="center", va="center",
        fontsize=9, color=GREY, transform=ax.transAxes,
    )  # fmt: skip


def doubts(result) -> str:
    """What to write beside a result whose nested runs are not good; nothing else."""
    return ", ".join(sampling_flags(result))


def caption(results: Sequence) -> str:
    """Selection of the data, prior set and transport that the results have in common."""
    cells = {identity(r.case)[4:7] for r in results}
    selections, priors, transports = (sorted(set(part)) for part in zip(*cells, strict=True))
    data = ", ".join(SELECTIONS[s] for s in selections)
    how = "" if transports == [PAPER] else f"; transport: {'; '.join(transports)}"
    return f"Data: {data}; priors: {', '.join(priors)}{how}."
