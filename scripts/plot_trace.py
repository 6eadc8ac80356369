#!/usr/bin/env python
"""Traces of a run, burn-in included: trace.png and trace.pdf in its folder.

Shows what every ensemble did at every step, and which walkers are stuck.
Works while the run goes on; says NOT CONVERGED where that is so.
"""

from pathlib import Path

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads

limit_threads()

from pipeline.figures.style import save_figure  # noqa: E402
from pipeline.figures.trace_plot import load_trace, trace_figure  # noqa: E402
from pipeline.posterior.with_problem import load_posterior_and_problem  # noqa: E402


def main() -> int:
    arguments = cli.parser(__doc__)
    cli.add_run_argument(arguments)
    arguments.add_argument(
        "--params",
        metavar="A,B,...",
        type=cli.names,
        help="only these parameters, e.g. n_warm,B_warm,Ma,L",
    )
    arguments.add_argument(
        "--output", metavar="STEM", help="write STEM.png and STEM.pdf; default RUN/trace"
    )
    options = arguments.parse_args()
    folder = cli.run_directory(options.run)
    _, problem = load_posterior_and_problem(folder)
    trace = load_trace(folder)
    title = f"{problem.scenario.full_title}, run {folder.resolve().name}"
    figure = trace_figure(trace, problem, options.params, title)
    for path in save_figure(figure, Path(options.output or folder / "trace")):
        print(f"figure: {path}")
    print(trace.verdict.banner())
    return 0


if __name__ == "__main__":
    cli.run_script(main)
