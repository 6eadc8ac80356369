"""Measure what replacing eq. 1 by eq. 2 costs: exact over approximate spectra.

For the two-phase model and the stratified halo, at the paper's fiducials and over draws from a
prior set; writes docs/exact_transport.png and, below its marker, docs/exact_transport.md.
"""

import os

import this_checkout  # noqa: F401

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread for each worker process

import multiprocessing
from functools import partial

import matplotlib
import numpy as np
from tqdm import tqdm

from pipeline import cli
from priors.sets import load_prior_set
from transport.constants import KPC, LIGHT_SPEED
from transport.exact import stratified_halo_spectra, two_phase_spectra
from transport.exact.absorb import absorb
from transport.exact.stratified import StratifiedGrid
from transport.exact.two_phase import Grid
from transport.injection import flux_per_rigidity
from transport.kinematics import beta
from transport.scenario import get_scenario

matplotlib.use("Agg")
import matplotlib.pyplot as plt

TABLE = np.array([0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0])  # GV
CURVE = np.union1d([*TABLE, 200.0, 2000.0], np.geomspace(0.3, 5000.0, 43))
MARKER = "<!-- everything below is written by scripts/exact_transport.py -->"
DRAWN = ("constant v_A", "H_A = 10 kpc", "v_A as z^lambda1")  # cases with prior draws
CUTOFF = 30.0  # protons within this factor of free escape at c count as beyond the cutoff
PERCENTILES = (5, 16, 50, 84, 95)
OBSERVABLES = {"proton": "protons", "boron_to_carbon": "B/C"}

two_phase_10 = partial(two_phase_spectra, alfven_height=10 * KPC)
CASES = {
    "two_phase": {
        "constant v_A": two_phase_spectra,
        "H_A = 10 kpc": two_phase_10,
        "H_A = 10 kpc, uniform X": partial(two_phase_10, uniform_x=True),
        "H_A = 5 kpc": partial(two_phase_spectra, alfven_height=5 * KPC),
        "H_A = 10 kpc, no loss at z_W": partial(two_phase_10, jump=False),
    },
    "stratified_halo": {
        "v_A as z^lambda1": stratified_halo_spectra,
        "no loss at z_0": partial(stratified_halo_spectra, jump=False),
    },
}
FINE = {
    "two_phase": Grid(64, 2.5e-7, 0.01, 1.05),
    "stratified_halo": StratifiedGrid(64, 320),
}
FREE = {
    "two_phase": (
        [], ["E_CR"], ["column"], ["E_CR", "column"], ["B_hot"], ["n_hot", "T_hot"],
        ["E_CR", "n_hot", "T_hot"],
    ),
    "stratified_halo": (
        [], ["E_CR"], ["column"], ["E_CR", "column"], ["n_base"], ["E_CR", "n_base"],
    ),
}  # fmt: skip
FIT_RANGE = {"two_phase": (1.0, 1000.0), "stratified_halo": (1.0, 500.0)}  # GV


def ratios(task):
    """(2, n_R) exact over approximate protons and B/C for (scenario, case, values of one walker,
    fine); NaN beyond the cutoff of self-confinement in the approximate model."""
    name, case, values, fine = task
    scenario = get_scenario(name)
    near = scenario.spectra(values, CURVE)
    options = {"grid": FINE[name]} if fine else {}
    exact = CASES[name][case](values, CURVE, **options)
    found = np.array([getattr(exact, k)[0] / getattr(near, k)[0] for k in OBSERVABLES])
    source = scenario.source(scenario.to_cgs(values), CURVE)[0]
    free = flux_per_rigidity(source / LIGHT_SPEED, CURVE, LIGHT_SPEED * beta(CURVE))
    found[:, near.proton[0] < CUTOFF * free] = np.nan
    return found


def measure(pool, draws, seed, prior_set):
    """By scenario and case: ratios at the fiducials (2, n_R), over draws (n, 2, n_R), and the
    largest change at the rigidities of the table on a grid twice as fine."""
    fiducial, sampled, change, tasks = {}, {}, {}, []
    for name, cases in CASES.items():
        scenario = get_scenario(name)
        prior = load_prior_set(prior_set).prior(scenario)
        values = prior.values(prior.sample(draws, np.random.default_rng(seed)))
        walkers = [{k: x[i : i + 1] for k, x in values.items()} for i in range(draws)]
        for case in cases:
            tasks += [(name, case, scenario.fiducial(), fine) for fine in (False, True)]
            if case in DRAWN:
                tasks += [(name, case, walker, False) for walker in walkers]
    done = list(tqdm(pool.imap(ratios, tasks, chunksize=4), total=len(tasks), unit="solution"))
    in_table, results = np.isin(CURVE, TABLE), iter(done)
    for name, cases in CASES.items():
        for case in cases:
            fiducial[name, case], fine = next(results), next(results)
            change[name, case] = np.nanmax(np.abs(fiducial[name, case] / fine - 1.0)[:, in_table])
            if case in DRAWN:
                sampled[name, case] = np.array([next(results) for _ in range(draws)])
    return fiducial, sampled, change


def fits():
    """What is left of the difference when the approximate model may adjust, rows of text."""
    rows = []
    for name, cases in CASES.items():
        scenario = get_scenario(name)
        values, r = scenario.fiducial(), np.geomspace(*FIT_RANGE[name], 31)
        case = next(iter(cases))
        exact = cases[case](values, r)
        for free in FREE[name]:
            found = absorb(scenario, values, exact, free)
            factors = ", ".join(f"{k} × {x:.2f}" for k, x in found.factors.items())
            rows.append(
                f"| `{name}`, {FIT_RANGE[name][0]:g}-{FIT_RANGE[name][1]:g} GV "
                f"| {factors or 'nothing'} "
                f"| {100 * found.proton:.0f}% | {100 * found.boron_to_carbon:.0f}% |"
            )
    return rows


def table(title, rows):
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
    return rows + ([("confined", share)] if np.any(share < 1.0) else [])


def slope_change(row, low, high):
    """Change of a spectral index between two rigidities of `CURVE`."""
    a, b = (row[np.argmin(np.abs(CURVE - r))] for r in (low, high))
    return np.log(b / a) / np.log(high / low)


def report(fiducial, sampled, change, draws, prior_set):
    """The measured part of docs/exact_transport.md."""
    parts = [MARKER]
    for name, cases in CASES.items():
        parts.append(f"## `{name}`, exact / approximate")
        for k, observable in enumerate(OBSERVABLES.values()):
            rows = [(case, fiducial[name, case][k]) for case in cases]
            parts.append(table(f"{observable}, fiducials", rows))
        for case in (c for c in cases if c in DRAWN):
            for k, observable in enumerate(OBSERVABLES.values()):
                title = f"{observable}, {draws} draws from `{prior_set}`, {case}"
                parts.append(table(title, percentile_rows(sampled[name, case][:, k])))
    parts.append("## Change of slopes at the fiducials")
    lines = [
        "| | protons 10-100 GV | protons 200-2000 GV | B/C 10-100 GV | B/C 100-1000 GV |",
        "|---|---|---|---|---|",
    ]
    for (name, case), (proton, bc) in fiducial.items():
        spans = [(proton, 10, 100), (proton, 200, 2000), (bc, 10, 100), (bc, 100, 1000)]
        cells = " | ".join(f"{slope_change(*span):+.3f}" for span in spans)
        lines.append(f"| `{name}`, {case} | {cells} |")
    parts.append("\n".join(lines).replace("+nan", "–"))
    parts.append(
        "## What a fit would hide\n\nThe approximate model is moved as close to the exact one (at "
        "the fiducials, first case of each scenario) as the parameters named allow; the rest is "
        "the largest |ln| that remains.\n\n"
        "| | free | protons | B/C |\n|---|---|---|---|\n" + "\n".join(fits())
    )
    parts.append(
        "## Numerical error\n\nHalving all steps, in height and in ln R, changes the ratios at the "
        "fiducials by at most:\n\n| | largest relative change |\n|---|---|\n"
        + "\n".join(f"| `{n}`, {c} | {x:.1e} |" for (n, c), x in change.items())
    )
    return "\n\n".join(parts) + "\n"


LABELS = {
    "constant v_A": r"constant $v_A$",
    "H_A = 10 kpc": r"$H_A$ = 10 kpc",
    "H_A = 10 kpc, uniform X": r"$H_A$ = 10 kpc, uniform $X$",
    "H_A = 5 kpc": r"$H_A$ = 5 kpc",
    "H_A = 10 kpc, no loss at z_W": r"$H_A$ = 10 kpc, no loss at $z_W$",
    "v_A as z^lambda1": r"$v_A \propto z^{\lambda_1}$",
    "no loss at z_0": r"no loss at $z_0$",
}
COLOURS = ("#0072b2", "#d55e00", "#e69f00", "#cc79a7")


def figure(path, fiducial, sampled):
    """Bands over prior draws (first case) and the fiducials of every case."""
    fig, axes = plt.subplots(2, 2, figsize=(10, 7.5), sharex=True, sharey=True)
    for column, (name, cases) in enumerate(CASES.items()):
        for k, observable in enumerate(OBSERVABLES.values()):
            ax = axes[k, column]
            _bands(ax, sampled[name, next(iter(cases))][:, k])
            counted = [case for case in cases if "no loss" not in case]
            for case in cases:
                look = (
                    {"color": COLOURS[counted.index(case)]}
                    if case in counted
                    else {"color": "#009e73", "ls": "--"}
                )
                ax.plot(CURVE, fiducial[name, case][k], label=LABELS[case], **look)
            ax.axhline(1.0, color="0.5", lw=0.8)
            ax.set_xscale("log")
            ax.set_xlim(CURVE[0], CURVE[-1])
            ax.set_ylim(0.3, 1.25)
            ax.set_ylabel(f"{observable}: exact / approximate")
        axes[0, column].set_title(get_scenario(name).title)
        axes[1, column].legend(
            fontsize=8, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.16), frameon=False
        )
        axes[1, column].set_xlabel("rigidity (GV)")
    fig.tight_layout()
    fig.savefig(path, dpi=120)


def _bands(ax, drawn):
    """68% and 90% of prior draws (n, n_R), where most of them are confined."""
    confined = np.mean(np.isfinite(drawn), axis=0) > 0.5
    low, lower, upper, high = np.nanpercentile(drawn[:, confined], (5, 16, 84, 95), axis=0)
    look = {"color": COLOURS[0], "lw": 0}
    ax.fill_between(CURVE[confined], low, high, alpha=0.12, label="90% of prior draws", **look)
    ax.fill_between(CURVE[confined], lower, upper, alpha=0.25, label="68% of prior draws", **look)


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--draws", type=cli.count, default=100, help="prior draws a scenario (100)")
    parser.add_argument("--prior", default="plausible", help="prior set to draw from (plausible)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the draws (1)")
    parser.add_argument("--workers", type=cli.count, default=2, help="processes (2)")
    cli.add_page_argument(parser)
    arguments = parser.parse_args()
    with multiprocessing.get_context("spawn").Pool(arguments.workers) as pool:
        found = measure(pool, arguments.draws, arguments.seed, arguments.prior)
    page = arguments.output / "exact_transport.md"
    told = page.read_text(encoding="utf-8").split(MARKER)[0] if page.exists() else ""
    measured = report(*found, arguments.draws, arguments.prior)
    page.write_text(told + measured, encoding="utf-8")
    figure(page.with_suffix(".png"), *found[:2])
    print(f"wrote {page} and {page.with_suffix('.png')}")


if __name__ == "__main__":
    cli.run_script(main)
