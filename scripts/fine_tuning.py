#!/usr/bin/env python
"""Measure how finely tuned the scenarios of some runs must be, and keep the results.

Works on what each config describes, at Earth and with Voyager: every measure for protons and B/C
together, evidence and acceptable for each by itself as well. What is stored in runs/NAME/tuning/
already is not made again; an interrupted command goes on where it was. Chains of the run, where
there are any, serve as a second route. Tables and figures of the results are made by
scripts/compare.py.

exit codes: 0 done, 3 done but something NOT CONVERGED, 130 Ctrl-C, 2 bad input, 1 a worker died
"""

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads
from pipeline.tuning.study.choices import RANGES, SELECTIONS


def main() -> int:
    limit_threads()
    from pipeline.tuning.measures.measure import groups

    arguments = cli.parser(__doc__, epilog=_listed("measures", groups()))
    arguments.add_argument(
        "runs", metavar="RUN.toml", nargs="*", help="configs (all of runs/ by default)"
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
    for option, known in (("--ranges", RANGES), ("--selections", SELECTIONS)):
        everything = ",".join(known)
        arguments.add_argument(
            option, metavar="A,B,...", type=cli.names, help=f"only these ({everything} by default)"
        )
    arguments.add_argument(
        "--measures", metavar="A,B,...", type=cli.names, help="only these; see below"
    )
    arguments.add_argument(
        "--seeds", type=int, default=1, help="nested runs of each case, for the error of ln Z (1)"
    )
    arguments.add_argument("--workers", type=int, default=2, help="cases at a time (2)")
    options = arguments.parse_args()
    from pipeline.tuning.study.workers import run_study, select_cases

    cases = select_cases(
        options.runs,
        options.priors,
        options.ranges,
        options.selections,
        options.measures,
        options.transport,
    )
    return run_study(cases, options.measures, options.seeds, options.workers)


def _listed(title, texts) -> str:
    width = max(map(len, texts))
    return "\n".join([f"{title}:", *(f"  {name:<{width}}  {text}" for name, text in texts.items())])


if __name__ == "__main__":
    cli.run_script(main)
