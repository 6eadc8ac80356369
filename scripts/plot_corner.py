#!/usr/bin/env python
"""Corner plot of a run, or of several over each other: corner.png and corner.pdf.

examples:
  scripts/plot_corner.py runs/two_phase --params B_hot,n_hot,Ma,L
  scripts/plot_corner.py runs/two_phase runs/kolmogorov      the parameters that both have

One run's files go to its folder, those of several to the folder of the first, as corner_of_A_B.
Works while the runs go on; says NOT CONVERGED where that is so.
"""

from pathlib import Path

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads

limit_threads()

from pipeline.config.load import run_name  # noqa: E402
from pipeline.figures.corner_compare import NamedPosterior, compare_corner_figure  # noqa: E402
from pipeline.figures.corner_plot import corner_figure  # noqa: E402
from pipeline.figures.style import save_figure  # noqa: E402
from pipeline.posterior.with_problem import load_posterior_and_problem  # noqa: E402
from transport.errors import CrtuneError  # noqa: E402


def main() -> int:
    arguments = cli.parser(__doc__)
    cli.add_run_argument(arguments, several=True)
    arguments.add_argument(
        "--params",
        metavar="A,B,...",
        type=cli.names,
        help="only these parameters, e.g. n_warm,B_warm,Ma,L",
    )
    arguments.add_argument(
        "--output", metavar="STEM", help="write STEM.png and STEM.pdf; default in the first RUN"
    )
    options = arguments.parse_args()
    folders = [cli.run_directory(run) for run in options.run]
    names = [run_name(folder) for folder in folders]
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise CrtuneError(f"{', '.join(names)}: a run is given twice")
    if len(set(names)) < len(names):
        names = [str(folder) for folder in folders]
    runs = [
        NamedPosterior(name, *load_posterior_and_problem(folder))
        for name, folder in zip(names, folders, strict=True)
    ]
    if len(runs) == 1:
        figure = corner_figure(runs[0].posterior, runs[0].problem, options.params, title=names[0])
        stem = "corner"
    else:
        figure = compare_corner_figure(runs, options.params)
        stem = f"corner_of_{'_'.join(run_name(folder) for folder in folders)}"
    for path in save_figure(figure, Path(options.output or folders[0] / stem)):
        print(f"figure: {path}")
    for run in runs:
        print((f"{run.name}: " if len(runs) > 1 else "") + run.posterior.verdict.banner())
    return 0


if __name__ == "__main__":
    cli.run_script(main)
