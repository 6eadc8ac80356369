#!/usr/bin/env python
"""Simulation-based calibration of a run: are its posteriors right for data whose truth is known?

Truths are drawn from the prior, mock data made at them, each posterior is sampled as the run's is,
and the ranks of the truths among posterior draws must be uniform. One set is one small file in
RUN/calibration/; the same command goes on where it stopped. On a cluster scripts/submit.py
--calibrate sends the sets as an array.

exit codes: 0 all sets are there, 75 interrupted (run the same command again), 130 Ctrl-C, 2 bad
input
"""

import sys

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads


def main() -> int:
    arguments = cli.parser(__doc__)
    cli.add_config_argument(arguments)
    arguments.add_argument(
        "--sets", type=cli.count, default=200, metavar="N", help="mock data sets (200)"
    )
    arguments.add_argument(
        "--bins", type=cli.count, default=10, metavar="N", help="of the histograms of ranks (10)"
    )
    arguments.add_argument(
        "--draws", type=cli.count, default=100, metavar="N", help="to rank a truth among (100)"
    )
    arguments.add_argument("--seed", type=cli.count, default=1, metavar="N", help="of all sets (1)")
    arguments.add_argument(
        "--workers", type=cli.count, default=1, metavar="N", help="local processes (1)"
    )
    cli.add_share_argument(arguments, "set")
    arguments.add_argument(
        "--report", action="store_true", help="make nothing, judge what is there"
    )
    arguments.add_argument(
        "--page", action="store_true", help="also docs/calibration/RUN.csv and docs/calibration.md"
    )
    cli.add_page_argument(arguments)
    arguments.add_argument("--quiet", action="store_true", help="no progress bar")
    arguments.add_argument(
        "--requeue",
        action="store_true",
        help="on SIGUSR1 (wall time) put this Slurm job back into the queue",
    )
    options = arguments.parse_args()
    limit_threads()
    from pipeline.calibration.sets import Calibration, config_of_sets, numbers_of
    from pipeline.calibration.workers import make_sets
    from pipeline.config.load import load_config
    from pipeline.exit_codes import EXIT_REQUEUE

    numbers = numbers_of(options.sets, options.bins, options.share)
    config = config_of_sets(load_config(options.config), options.overrides)
    calibration = Calibration(config, options.seed, options.draws)
    if not options.report:
        code = make_sets(calibration, numbers, options.workers, not options.quiet)
        if code:
            print(f"interrupted; finished sets are in {calibration.folder}; run it again to go on")
            if code == EXIT_REQUEUE and options.requeue:
                from pipeline.cluster import slurm

                print("out of time; this job goes back into the queue", flush=True)
                slurm.requeue_this_job()
            return code
    if options.share is None:
        report(calibration, options)
    return 0


def report(calibration, options) -> None:
    """Table, CSV and figure of what is there, and the page if asked for."""
    from pipeline.calibration.page import read_page
    from pipeline.calibration.report import assess, format_calibrated, write_ranks
    from pipeline.figures.calibration_plot import calibration_figure
    from pipeline.figures.style import save_figure
    from pipeline.files import replacing

    found = assess(calibration, options.bins, options.sets)
    print(format_calibrated(found))
    folders = [(calibration.folder, "ranks")]
    if options.page:
        folders.append((options.output / "calibration", found.run))
    figure = calibration_figure(found)
    for folder, name in folders:
        print(f"ranks: {write_ranks(found, folder / f'{name}.csv')}")
        png, pdf = save_figure(figure, folder / name)
        if folder != calibration.folder:
            pdf.unlink()  # a page shows the PNG alone
        print(f"figure: {png}")
    if options.page:
        page = options.output / "calibration.md"
        with replacing(page) as draft:
            draft.write_text(read_page(folders[1][0]), encoding="utf-8")
        print(f"page: {page}")
    for name in found.outside:
        print(f"*** {name}: ranks leave their band ***", file=sys.stderr)


if __name__ == "__main__":
    cli.run_script(main)
