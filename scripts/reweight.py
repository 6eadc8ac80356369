#!/usr/bin/env python
"""A run's posterior under another prior set, by weights instead of new chains.

examples:
  scripts/reweight.py runs/two_phase --priors mine.toml
  scripts/reweight.py runs/two_phase_wide --priors plausible

Prints medians before and after and how many independent draws are left, and writes
reweighted_SET.csv in the run's folder. Says DO NOT TRUST where too few are left, where few draws
rule the result, or where the new prior reaches beyond the old one: then run the config anew.
"""

from pathlib import Path

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads


def main() -> int:
    arguments = cli.parser(__doc__)
    cli.add_run_argument(arguments)
    arguments.add_argument(
        "--priors", metavar="SET", required=True, help="name of a prior set or path of a prior file"
    )
    options = arguments.parse_args()
    limit_threads()
    from pipeline.posterior.reweight import (
        format_weighted,
        prior_of_set,
        reweight,
        weighted_table,
        write_weighted,
    )
    from pipeline.posterior.with_problem import load_posterior_and_problem

    folder = cli.run_directory(options.run)
    posterior, problem = load_posterior_and_problem(folder)
    found = reweight(posterior, problem, prior_of_set(problem, options.priors))
    rows = weighted_table(posterior, found)
    print(found.banner())
    print(format_weighted(rows))
    path = folder / f"reweighted_{Path(options.priors).stem}.csv"
    print(f"table: {write_weighted(rows, found, path)}")
    return 0


if __name__ == "__main__":
    cli.run_script(main)
