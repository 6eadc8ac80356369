#!/usr/bin/env python
"""Estimators of evidence side by side: ln Z, widths and tails against importance sampling.

The study's bridge and nautilus on one config. Widths are ratios to those of the first row. The
least mass in a tail is what an estimator has beyond the 5% or 95% quantile of a coordinate, over
what importance sampling has there; the worst of all coordinates is below 1 by chance, so compare
rows.
"""

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads


def main() -> int:
    arguments = cli.parser(__doc__)
    arguments.add_argument("config", metavar="RUN.toml", help="config whose posterior is sampled")
    arguments.add_argument("--transport", help="instead of the config's: paper, full or effects")
    arguments.add_argument(
        "--draws", type=cli.count, default=200_000, help="of importance sampling (200000)"
    )
    arguments.add_argument(
        "--steps", type=cli.count, default=2000, help="of the chain it is fitted to (2000)"
    )
    arguments.add_argument(
        "--live", type=cli.count, nargs="*", default=[500, 1000], help="live points (500 1000)"
    )
    arguments.add_argument("--seeds", type=int, nargs="+", default=[1], help="of each (1)")
    options = arguments.parse_args()
    limit_threads()
    from pipeline.accuracy.evidence import HEAD, estimators, importance_run, row
    from pipeline.config.load import load_config, with_sections
    from pipeline.from_config import build_problem

    config = load_config(options.config)
    if options.transport is not None:
        config = with_sections(config, transport=options.transport)
    problem, sampling = build_problem(config), config.sampling
    reference = importance_run(
        problem, options.draws, sampling.walkers, sampling.warm_up, options.steps
    )
    print(f"`{config.name}`, {config.transport} transport\n\n{HEAD}")
    print(row(reference.method, reference, reference), flush=True)
    for name, run in estimators(options.live, options.seeds).items():
        print(row(name, run(problem), reference), flush=True)
    return 0


if __name__ == "__main__":
    cli.run_script(main)
