#!/usr/bin/env python
"""Does a run predict what it has not seen, and do its own data look like what it makes?

Data sets with holdout = true in the config are predicted from the posterior of the others: chi2,
ln predictive density beside what it would be if the model were true, PIT and coverage. Hold-outs
may be added to the config when the chains are there already. Features of the fitted data (slope of
B/C, break of the protons, largest residual) are compared with those of replicated data.

Writes check.json, check.png and, with hold-outs, holdouts.png in the run's folder; works while the
run goes on, and says NOT CONVERGED where that is so.
"""

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads


def main() -> int:
    arguments = cli.parser(__doc__)
    cli.add_run_argument(arguments)
    arguments.add_argument(
        "--draws", type=cli.count, metavar="N",
        help="posterior draws (1000, and up to 8000 for a hold-out whose ln pd rests on few)",
    )  # fmt: skip
    arguments.add_argument(
        "--seed", type=cli.count, default=1, metavar="N", help="of replicated data (1)"
    )
    arguments.add_argument(
        "--set",
        dest="overrides",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="override one key of the config, e.g. data.dampe_bc_2022.holdout=true; only "
        "hold-outs are taken from it",
    )
    options = arguments.parse_args()
    limit_threads()
    from pipeline.checks.report import (
        config_with_holdouts,
        format_report,
        run_checks,
        save_report,
    )
    from pipeline.figures.check_plot import features_figure, holdouts_figure
    from pipeline.figures.style import save_figure
    from pipeline.posterior.with_problem import load_posterior_and_problem

    folder = cli.run_directory(options.run)
    posterior, problem = load_posterior_and_problem(folder)
    config = config_with_holdouts(posterior, folder, tuple(options.overrides))
    draws = (options.draws, options.draws) if options.draws else (1000, 8000)
    report = run_checks(posterior, problem, config, draws[0], options.seed, draws[1])
    print(format_report(report))
    print(f"results: {save_report(report, posterior.verdict, folder)}")
    title = f"{problem.scenario.full_title}, run {folder.resolve().name}"
    figures = {"check": features_figure(report.fitted, posterior.verdict, title)}
    if report.holdouts:
        figures["holdouts"] = holdouts_figure(report, config, posterior.verdict, title)
    for name, figure in figures.items():
        for path in save_figure(figure, folder / name):
            print(f"figure: {path}")
    print(posterior.verdict.banner())
    return 0


if __name__ == "__main__":
    cli.run_script(main)
