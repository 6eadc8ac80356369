#!/usr/bin/env python
"""Table of a run's posterior on the screen and in summary.csv, and posterior.nc for ArviZ, which
has posterior, prior, what both predict, observed data and pointwise log-likelihoods.

examples:
  scripts/summarize.py runs/two_phase
  scripts/summarize.py runs/two_phase --best best.toml
  scripts/predict.py --from best.toml --rigidity 1,10,100
  scripts/summarize.py runs/two_phase --latex table.tex --getdist getdist/two_phase

Works while the run goes on; says NOT CONVERGED where that is so.
"""

import sys
from pathlib import Path

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads


def main() -> int:
    arguments = cli.parser(__doc__)
    cli.add_run_argument(arguments)
    arguments.add_argument("--no-netcdf", action="store_true", help="do not write posterior.nc")
    arguments.add_argument(
        "--best", metavar="FILE.toml", type=Path,
        help="write the values at the highest log-posterior, for predict.py --from",
    )  # fmt: skip
    arguments.add_argument(
        "--latex", metavar="FILE.tex", type=Path, help="write a LaTeX table: median, 68%%, prior"
    )
    arguments.add_argument(
        "--getdist", metavar="ROOT", type=Path,
        help="write ROOT_1.txt ..., ROOT.paramnames and ROOT.ranges, as GetDist reads them",
    )  # fmt: skip
    options = arguments.parse_args()
    limit_threads()
    from pipeline.posterior.best import write_best
    from pipeline.posterior.getdist import write_getdist
    from pipeline.posterior.latex import write_latex
    from pipeline.posterior.load import load_run
    from pipeline.posterior.summary import fixed_values, format_table, summarize, write_csv
    from pipeline.posterior.with_problem import problem_of

    folder = cli.run_directory(options.run)
    posterior = load_run(folder)
    if options.best or options.latex or options.getdist:
        problem, remark = problem_of(posterior, folder), ""
    else:
        problem, remark = problem_if_unchanged(posterior, folder)
    rows = summarize(posterior)
    print(posterior.verdict.banner())
    print(format_table(rows))
    fixed = fixed_values(posterior)
    if fixed:
        print("fixed: " + ", ".join(f"{name} = {value:g}" for name, value in fixed.items()))
    print(f"table: {write_csv(rows, posterior, folder / 'summary.csv')}")
    if not options.no_netcdf:
        print(f"for ArviZ: {posterior.save_netcdf(folder / 'posterior.nc', problem)}")
    if options.best:
        path = write_best(posterior, problem, options.best, folder.resolve().name)
        print(f"best draw: {path}")
    if options.latex:
        print(f"LaTeX table: {write_latex(posterior, problem, options.latex)}")
    if options.getdist:
        for path in write_getdist(posterior, problem, options.getdist):
            print(f"for GetDist: {path}")
    if not posterior.verdict.converged:
        print("*** NOT CONVERGED: do not use these numbers as a result ***")
    if remark:  # last, where it is seen
        print(f"crtune: warning: {remark}", file=sys.stderr)
    return 0


def problem_if_unchanged(posterior, folder):
    """The problem that was sampled, and ""; None, and why, if it can no longer be built."""
    from pipeline.posterior.with_problem import problem_of
    from transport.errors import CrtuneError

    try:
        return problem_of(posterior, folder), ""
    except CrtuneError as error:
        return None, (
            f"{error}\nThe table is that of the chain as it was made; posterior.nc is without "
            "predictions"
        )


if __name__ == "__main__":
    cli.run_script(main)
