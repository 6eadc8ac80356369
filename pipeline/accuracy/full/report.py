"""The tables of docs/full_transport.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.accuracy.full.measure import LOW, REFINEMENT, TABLE, Error
from pipeline.accuracy.full.slope_fit import HEIGHT, USINE_COLUMN, SlopeFit
from transport.full.effects import EFFECTS

MARKER = "<!-- everything below is written by scripts/full_transport.py -->"

PROTOTYPE = (
    ("ionisation", "two_phase", {}, (0.28, 0.84, 0.99), (0.18, 0.51, 0.96, 1.00, 1.00)),
    ("destruction", "two_phase", {}, (1.00, 0.97, 0.86), (0.65, 0.58, 0.48, 0.69, 0.77)),
    ("adiabatic", "two_phase", {}, (0.78, 0.74, 0.71), (0.89, 0.82, 0.69, 0.96, 1.00)),
    ("ionisation", "kolmogorov", {}, (0.08, 0.72, 0.99), (0.04, 0.27, 0.96, 1.00, 1.00)),
    ("full", "kolmogorov", {}, (0.08, 0.68, 0.89), (0.04, 0.33, 1.13, 1.45, 1.75)),
)
"""Of an independent, simpler code (losses in neutral hydrogen alone): protons at 0.3, 1 and 10 GV,
B/C at 0.3, 1, 10, 100 and 1000 GV, full / paper."""
PROTONS_AT, RATIO_AT = np.array([0.3, 1.0, 10.0]), np.array([0.3, 1.0, 10.0, 100.0, 1000.0])


def report(
    everything: Mapping[tuple[str, str], np.ndarray],
    mine: Sequence[tuple[np.ndarray, np.ndarray]],
    errors: Mapping[str, Error],
    draws: int,
    fits: Mapping[str, SlopeFit],
    low_energy: Mapping[str, Mapping[str, np.ndarray]],
) -> str:
    """The page below `MARKER`.

    Parameters
    ----------
    everything : `pipeline.accuracy.full.measure.all_ratios` on `TABLE`
    mine : for each of `PROTOTYPE`, (2, n) ratios on `RATIO_AT` with hydrogen alone, and as it is
    errors : `numerical_errors` over so many `draws`
    fits : by what they are
    low_energy : `low_energy_effects` by scenario
    """
    parts = [
        MARKER, *_ratio_tables(everything), *_comparison(mine), *_low_energy(low_energy),
        *_errors(errors, draws), *_fits(fits),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _ratio_tables(everything):
    head = _row(["", *(f"{r:g} GV" for r in TABLE)]), _row(["---"] * (1 + len(TABLE)))
    yield "## Full / paper at the fiducials"
    for k, title in enumerate(("protons", "B/C at equal rigidity")):
        rows = [
            _row([f"`{name}`", *_numbers(ratio[k])])
            for (name, transport), ratio in everything.items()
            if transport == "full"
        ]
        yield "\n".join([f"{title}:", "", *head, *rows])
    yield "## Each effect alone"
    names = dict.fromkeys(name for name, _ in everything)
    for k, title in enumerate(("protons", "B/C")):
        rows = [
            _row([f"`{name}`, {effect}", *_numbers(everything[name, effect][k])])
            for name in names
            for effect in EFFECTS
            if (name, effect) in everything and not (k == 0 and effect == "boron_production")
        ]
        yield "\n".join([f"{title}, effect / paper:", "", *head, *rows])


def _comparison(mine):
    yield (
        "## Against an independent code\n\nA simpler code (Bethe losses in neutral hydrogen, "
        "Webber's cross sections, all of 11B that becomes 10B counted as lost) gave the first "
        "numbers of each cell; the second are these formulae with hydrogen alone, the third as "
        "they are."
    )
    head = ["", *(f"p {r:g}" for r in PROTONS_AT), *(f"B/C {r:g}" for r in RATIO_AT)]
    rows = []
    for (effect, name, _, protons, ratio), (bare, whole) in zip(PROTOTYPE, mine, strict=True):
        at = np.searchsorted(RATIO_AT, PROTONS_AT)
        cells = [
            f"{theirs:.2f} / {a:.2f} / {b:.2f}"
            for theirs, a, b in zip(
                (*protons, *ratio),
                (*bare[0][at], *bare[1]),
                (*whole[0][at], *whole[1]),
                strict=True,
            )
        ]
        rows.append(_row([f"{effect}, `{name}`", *cells]))
    yield "\n".join([_row(head), _row(["---"] * len(head)), *rows])


def _low_energy(low_energy):
    yield (
        "## Cross sections at low energy\n\nProduction of boron by oxygen is extrapolated below "
        "0.4 GeV per nucleon. B/C with other cross sections there over B/C as it is, at the "
        "fiducials."
    )
    head = ["scenario, change", *(f"{r:g} GV" for r in LOW)]
    rows = [
        _row([f"`{name}`, {label}", *_numbers(ratio)])
        for name, changes in low_energy.items()
        for label, ratio in changes.items()
    ]
    yield "\n".join([_row(head), _row(["---"] * len(head)), *rows])


def _errors(errors, draws):
    yield (
        f"## Numerical error\n\nAgainst a march with {REFINEMENT} times the nodes, 0.3 to 2000 GV, "
        f"full transport, {draws} draws from the prior set of each config. Values within a factor "
        "1.4 of a cutoff of self-confinement, where fluxes fall by orders of magnitude, are apart: "
        "their share, and the errors that half and 95% of them keep."
    )
    names, there = ("95%", "99%", "worst"), ("half", "95%")
    head = [
        "config", *(f"p, {n}" for n in names), *(f"B/C, {n}" for n in names), "near a cutoff",
        *(f"p there, {n}" for n in there), *(f"B/C there, {n}" for n in there),
    ]  # fmt: skip
    rows = [
        _row([f"`{name}`", *(f"{x:.1e}" for x in (*e.proton, *e.boron_to_carbon)),
              f"{100 * e.near_cutoff:.1f}%",
              *("-" if np.isnan(x) else f"{x:.1e}"
                for x in (*e.proton_there, *e.boron_to_carbon_there))])
        for name, e in errors.items()
    ]  # fmt: skip
    yield "\n".join([_row(head), _row(["---"] * len(head)), *rows])


def _fits(fits):
    yield (
        "## The check that nobody can tune\n\n`power_law_diffusion` fitted to B/C of AMS-02 "
        f"(2016), H = {HEIGHT:g} kpc; the column of the disk is USINE's, {USINE_COLUMN:g} pc "
        "cm^-3, unless said otherwise. Published: delta = 0.43-0.53 and kappa(10 GV) = 0.26-0.36 "
        "kpc^2/Myr (Genolini et al. 2019, USINE, H = 10 kpc, with a break above 200-300 GV); "
        "delta = 0.50 +- 0.03 (Weinrich et al. 2020)."
    )
    head = ["transport, range", "delta", "kappa(10 GV) [kpc^2/Myr]", "chi2 / bins", "nuisances"]
    rows = [
        _row([
            label, f"{f.delta:.3f} +- {f.delta_error:.3f}",
            f"{f.kappa_10:.3f} +- {f.kappa_10_error:.3f}", f"{f.chi2:.0f} / {f.bins}",
            ", ".join(f"{k} = {v:.2f}" for k, v in f.nuisances.items()),
        ])
        for label, f in fits.items()
    ]  # fmt: skip
    yield "\n".join([_row(head), _row(["---"] * len(head)), *rows])


def _numbers(values):
    return [f"{v:.3f}" if v < 10 else f"{v:.1f}" for v in values]


def _row(cells):
    return "| " + " | ".join(cells) + " |"
