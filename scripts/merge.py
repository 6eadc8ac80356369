#!/usr/bin/env python
"""Judge a run whose ensembles were extended by separate jobs; summarise and plot it.

If the round is complete, convergence is tested across the ensembles. A finished run gets its
summary.csv, posterior.nc, corner and spectra plots. For an unfinished one --resubmit sends the
next array and judge to Slurm.

exit codes: 0 converged or resubmitted, 3 NOT CONVERGED (out of budget, or more rounds needed),
2 bad input
"""

from functools import partial

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.exit_codes import EXIT_NOT_CONVERGED, EXIT_OK
from pipeline.sampling.threads import limit_threads


def main() -> int:
    arguments = cli.parser(__doc__)
    cli.add_config_argument(arguments)
    arguments.add_argument(
        "--resubmit", action="store_true", help="send the next round to Slurm if one is needed"
    )
    arguments.add_argument(
        "--max-submissions", type=int, default=50, metavar="N", help="arrays allowed (default 50)"
    )
    arguments.add_argument("--no-plots", action="store_true", help="judge only")
    options = arguments.parse_args()
    limit_threads()
    from pipeline.cluster import shares
    from pipeline.cluster.campaign import next_round
    from pipeline.from_config import build_problem
    from pipeline.results import write_results
    from pipeline.sampling.rounds import Run

    config = cli.read_config(options)
    build = partial(build_problem, config)
    run = Run(build, config.run_dir, config.sampling, config.convergence)
    now = shares.judge(run)
    print(now.describe(), flush=True)
    if now.verdict:
        print(now.verdict.banner(), flush=True)
    stopped = ""
    if options.resubmit and not now.finished:
        sent = next_round(config.run_dir, now, options.max_submissions)
        if not isinstance(sent, str):
            print(f"submitted round {sent.number}: array {sent.array}, judge {sent.judge}")
            return EXIT_OK
        stopped = f"not resubmitted: {sent}"
        print(stopped, flush=True)
    if not options.no_plots and max(now.steps):
        for path in write_results(config.run_dir):
            print(f"result: {path}", flush=True)
    converged = now.finished and now.verdict.converged
    return EXIT_OK if converged else EXIT_NOT_CONVERGED


if __name__ == "__main__":
    cli.run_script(main)
