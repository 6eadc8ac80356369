#!/usr/bin/env python
"""Full transport over the paper's, its numerical error, and a fit that published ones must match.

Writes full_transport.png and, below its marker, full_transport.md: full / paper for every scenario,
each effect alone, the numerical error over prior draws, and power-law diffusion fitted to B/C of
AMS-02 with full and with the paper's transport. Half a minute on a free core. With --posteriors it
prints what the numerical error does to ln L of posterior draws, and to ln Z, instead.
"""

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads

FITS = {
    "paper, 10-300 GV": {"transport": "paper"},
    "full, 10-300 GV": {"transport": "full"},
    "destruction and boron_production, 10-300 GV": {"transport": "destruction,boron_production"},
    "boron_production, 10-300 GV": {"transport": "boron_production"},
    "full, 10-300 GV, column 250 pc cm^-3": {"transport": "full", "column": 250.0},
    "full, 10-2600 GV": {"transport": "full", "high": 3000.0},
}


def main() -> int:
    arguments = cli.parser(__doc__)
    arguments.add_argument(
        "--draws", type=cli.count, default=100, help="prior draws a config (100)"
    )
    arguments.add_argument("--seed", type=int, default=1, help="seed of the draws (1)")
    arguments.add_argument(
        "--fit", action="store_true", help="only fit power-law diffusion, and print what comes out"
    )
    arguments.add_argument(
        "--posteriors", metavar="RUN.toml", nargs="+",
        help="only print ln L of posteriors against a converged march's; the study's, or made, "
        "half a minute each",
    )  # fmt: skip
    cli.add_page_argument(arguments)
    options = arguments.parse_args()
    limit_threads()
    if options.posteriors:
        print_consequences(options)
        return 0
    from pipeline.accuracy.full.slope_fit import fit_slope

    fits = {label: fit_slope(**how) for label, how in FITS.items()}
    for label, fit in fits.items():
        print(
            f"{label:45s} delta = {fit.delta:.3f} +- {fit.delta_error:.3f}, kappa(10 GV) = "
            f"{fit.kappa_10:.3f} +- {fit.kappa_10_error:.3f} kpc^2/Myr, chi2 {fit.chi2:.1f} of "
            f"{fit.bins} bins",
            flush=True,
        )
    if options.fit:
        return 0
    write_page(options, fits)
    return 0


def print_consequences(options) -> None:
    from pipeline.accuracy.full.posteriors import consequences
    from pipeline.config.load import load_config
    from pipeline.tuning.study.choices import RANGES

    print(
        "| run | data | error at points, 99% | most | sd of error of ln L | ln L, 95% "
        "| ln L, most | ln Z higher by |\n|---|---|---|---|---|---|---|---|"
    )
    for run in options.posteriors:
        config = load_config(run)
        for c in consequences(config, 4 * options.draws, options.seed):
            points = " | ".join(f"{x:.1e}" for x in c.at_points)
            logs = " | ".join(f"{x:.3f}" for x in (c.sd, *c.most))
            name = f"`{config.name}` | {RANGES[c.range]}"
            print(f"| {name} | {points} | {logs} | {c.log_z:+.3f} |", flush=True)


def write_page(options, fits) -> None:
    from pipeline.accuracy.full import measure
    from pipeline.accuracy.full.figure import ratio_figure
    from pipeline.accuracy.full.report import MARKER, PROTOTYPE, RATIO_AT, report
    from pipeline.figures.style import save_figure

    def compared():
        return [
            measure.ratios(name, effect, RATIO_AT, **how) for effect, name, how, *_ in PROTOTYPE
        ]

    with measure.hydrogen_alone():
        bare = compared()
    mine = list(zip(bare, compared(), strict=True))
    errors = measure.numerical_errors(options.draws, options.seed)
    everything = measure.all_ratios(measure.TABLE)
    low_energy = {name: measure.low_energy_effects(name) for name in ("two_phase", "kolmogorov")}
    page = options.output / "full_transport.md"
    told = page.read_text(encoding="utf-8").split(MARKER)[0] if page.exists() else ""
    text = told + report(everything, mine, errors, options.draws, fits, low_energy)
    page.write_text(text, encoding="utf-8")
    figure = ratio_figure(measure.all_ratios(measure.CURVE), measure.CURVE)
    figures = save_figure(figure, page.with_suffix(""))
    print(f"written: {', '.join(map(str, (page, *figures)))}")


if __name__ == "__main__":
    cli.run_script(main)
