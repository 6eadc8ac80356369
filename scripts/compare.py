#!/usr/bin/env python
"""Tables and figures of the tuning study: tuning.csv, tuning.json, tuning.md, and the pictures.

Shows what scripts/fine_tuning.py has stored for the runs so far, data at Earth and with Voyager
side by side; says NOT CONVERGED where that is so. --page fills the page of results from the same
rows; with --rows it is filled from tables made before, and nothing else is done.
"""

import sys
from pathlib import Path

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.exit_codes import EXIT_OK
from pipeline.sampling.threads import limit_threads
from transport.checkout import ROOT
from transport.errors import CrtuneError


def main() -> int:
    arguments = cli.parser(__doc__)
    arguments.add_argument(
        "runs", metavar="RUN", nargs="*", help="configs, folders or names (all of runs/ by default)"
    )
    arguments.add_argument(
        "--priors",
        metavar="A,B,...",
        type=cli.names,
        help="prior sets, e.g. plausible,wide (that of each config by default)",
    )
    arguments.add_argument(
        "--transport",
        metavar="T",
        action="append",
        help="paper, full or effects with commas (that of each config by default); repeatable",
    )
    arguments.add_argument(
        "--variant",
        metavar="V",
        action="append",
        help="a variant of scripts/fine_tuning.py --help, or FILE.toml:NAME; repeatable",
    )
    arguments.add_argument(
        "--study",
        action="store_true",
        help="all cases of scripts/fine_tuning.py --study: both transports, variants, effects",
    )
    arguments.add_argument(
        "--matrices",
        metavar="A,B,...",
        type=cli.names,
        help="runs to draw the mutual information of (two_phase, if it is there)",
    )
    arguments.add_argument(
        "--baseline",
        metavar="RUN[,RUN]",
        type=cli.names,
        help="runs to hold the others against (kolmogorov,power_law_diffusion by default)",
    )
    arguments.add_argument(
        "--output", metavar="FOLDER", type=Path, help="where to (runs/comparison by default)"
    )
    arguments.add_argument(
        "--page", metavar="FILE", type=Path, help="also write the page of results, e.g. page.md"
    )
    arguments.add_argument(
        "--rows",
        metavar="FILE",
        type=Path,
        action="append",
        help="a tuning.json to fill --page from, and no more; repeatable, of the same rows the "
        "last count; without --output pictures are those beside the first",
    )
    options = arguments.parse_args()
    limit_threads()
    if options.rows:
        return _page_of_rows(options)
    from pipeline.figures.tuning.all_figures import draw_all, left_over
    from pipeline.tuning.measures.columns import BASELINES
    from pipeline.tuning.study.comparison import check_runs, collect
    from pipeline.tuning.tables.report import write_report

    results, missing = collect(
        options.runs, options.priors, options.transport, options.variant, options.study
    )
    for message in missing:
        print(f"crtune: warning: {message}", file=sys.stderr)
    check_runs("--matrices", options.matrices or (), results)
    check_runs("--baseline", options.baseline or (), results)
    folder = options.output or ROOT / "runs" / "comparison"
    for path in write_report(results, folder, options.baseline or BASELINES):
        print(f"table: {path}")
    figures = draw_all(results, folder, options.matrices or ["two_phase"])
    for path in figures:
        print(f"figure: {path}")
    for path in left_over(folder, figures):
        print(f"crtune: warning: {path} is of an earlier comparison", file=sys.stderr)
    if options.page:
        _write_page(options.page, [folder / "tuning.json"], folder)
    for name in options.matrices or ():
        if not any(path.stem == f"mutual_information_{name}" for path in figures):
            print(
                f"crtune: warning: --matrices {name}: its mutual information is not made yet; "
                "scripts/fine_tuning.py with --measures conspiracy makes it",
                file=sys.stderr,
            )
    for result in results:
        if result.evidence is not None and not result.evidence.converged:
            print(f"*** NOT CONVERGED: {result.case} ***")
    return EXIT_OK


def _write_page(page, rows, folder) -> None:
    from pipeline.page.render import write_page
    from pipeline.page.rows import read_rows

    for path in write_page(page, read_rows(rows), folder):
        print(f"page: {path}")


def _page_of_rows(options) -> int:
    if options.page is None:
        raise CrtuneError("--rows: says what --page is filled from; give --page too")
    chosen = ("runs", "priors", "transport", "variant", "study", "matrices", "baseline")
    if useless := [name for name in chosen if getattr(options, name)]:
        raise CrtuneError(
            f"--rows: the page is filled from these files alone; leave out {', '.join(useless)}"
        )
    _write_page(options.page, options.rows, options.output or options.rows[0].parent)
    return EXIT_OK


if __name__ == "__main__":
    cli.run_script(main)
