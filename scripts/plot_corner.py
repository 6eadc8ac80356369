#!/usr/bin/env python
"""Corner plot of a run: corner.png and corner.pdf in its folder.

Works while the run goes on; says NOT CONVERGED where that is so.
"""

from pathlib import Path

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads

limit_threads()

from pipeline.figures.corner_plot import corner_figure  # noqa: E402
from pipeline.figures.style import save_figure  # noqa: E402
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
        "--output", metavar="STEM", help="write STEM.png and STEM.pdf; default RUN/corner"
    )
    options = arguments.parse_args()
    folder = cli.run_directory(options.run)
    posterior, problem = load_posterior_and_problem(folder)
    figure = corner_figure(posterior, problem, options.params, title=folder.resolve().name)
    for path in save_figure(figure, Path(options.output or folder / "corner")):
        print(f"figure: {path}")
    print(posterior.verdict.banner())
    return 0


if __name__ == "__main__":
    cli.run_script(main)
