#!/usr/bin/env python
"""Measure how finely tuned the scenarios of some runs must be, and keep the results.

Works on what each config describes, at Earth and with Voyager: every measure for protons and B/C
together, evidence and acceptable for each by itself as well. What is stored in runs/NAME/tuning/
already is not made again; an interrupted command goes on where it was. Chains of the run, where
there are any, serve as a second route. Tables and figures of the results are made by
scripts/compare.py.

exit codes: 0 done, 3 done but something NOT CONVERGED, 75 out of time (SIGUSR1), 130 Ctrl-C,
2 bad input, 1 a worker died
"""

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads
from pipeline.tuning.study.choices import RANGES, SELECTIONS


def main() -> int:
    limit_threads()
    from pipeline.tuning.measures.measure import groups
    from pipeline.tuning.study.variants import SHIPPED, variants_in

    variants = {name: v.description for name, v in variants_in(SHIPPED).items()}
    listed = (_listed("measures", groups()), _listed("variants", variants))
    arguments = cli.parser(__doc__, epilog="\n\n".join(listed))
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
        "--seeds",
        type=int,
        default=2,
        help="independent runs of each case's posterior, for the error of ln Z (2)",
    )
    arguments.add_argument(
        "--variant",
        metavar="V",
        action="append",
        help="a change of every config, see below, or FILE.toml:NAME; repeatable",
    )
    arguments.add_argument(
        "--study",
        action="store_true",
        help="what make tuning makes, headlines first: every measure for both transports, and "
        "shorter ones of variants, single effects, protons and B/C",
    )
    cli.add_share_argument(arguments, "case")
    arguments.add_argument(
        "--requeue",
        action="store_true",
        help="on SIGUSR1 (wall time) put this Slurm job back into the queue",
    )
    arguments.add_argument("--workers", type=int, default=2, help="cases at a time (2)")
    options = arguments.parse_args()
    from pipeline.tuning.study.workers import select_cases, tasks_of

    if options.study:
        return _study(options)
    cases = select_cases(
        options.runs,
        options.priors,
        options.ranges,
        options.selections,
        options.measures,
        options.transport,
        options.variant,
    )
    return _run(tasks_of(cases, options.measures, options.seeds), options)


def _run(tasks, options) -> int:
    from pipeline.exit_codes import EXIT_REQUEUE
    from pipeline.tuning.study.workers import dealt, run_study

    code = run_study(dealt(tasks, options.share), options.workers)
    if code == EXIT_REQUEUE and options.requeue:
        from pipeline.cluster import slurm

        print("out of time; this job goes back into the queue", flush=True)
        slurm.requeue_this_job()
    return code


def _study(options) -> int:
    from pipeline.tuning.study.plan import whole_study
    from transport.errors import CrtuneError

    for name in ("transport", "ranges", "selections", "measures", "variant"):
        if getattr(options, name):
            raise CrtuneError(
                f"--study chooses --{name} by itself; give RUN.toml and --priors only"
            )
    tasks, left_out = whole_study(options.priors, options.runs)
    for sentence in left_out:
        print(sentence)
    return _run(tasks, options)


def _listed(title, texts) -> str:
    width = max(map(len, texts))
    return "\n".join([f"{title}:", *(f"  {name:<{width}}  {text}" for name, text in texts.items())])


if __name__ == "__main__":
    cli.run_script(main)
