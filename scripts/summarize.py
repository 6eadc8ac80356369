#!/usr/bin/env python
"""Table of a run's posterior on the screen and in summary.csv, and posterior.nc for ArviZ.

Works while the run goes on; says NOT CONVERGED where that is so.
"""

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads


def main() -> int:
    arguments = cli.parser(__doc__)
    cli.add_run_argument(arguments)
    arguments.add_argument("--no-netcdf", action="store_true", help="do not write posterior.nc")
    options = arguments.parse_args()
    limit_threads()
    from pipeline.posterior.load import load_run
    from pipeline.posterior.summary import format_table, summarize, write_csv

    folder = cli.run_directory(options.run)
    posterior = load_run(folder)
    rows = summarize(posterior)
    print(posterior.verdict.banner())
    print(format_table(rows))
    print(f"table: {write_csv(rows, posterior, folder / 'summary.csv')}")
    if not options.no_netcdf:
        print(f"for ArviZ: {posterior.save_netcdf(folder / 'posterior.nc')}")
    if not posterior.verdict.converged:
        print("*** NOT CONVERGED: do not use these numbers as a result ***")
    return 0


if __name__ == "__main__":
    cli.run_script(main)
