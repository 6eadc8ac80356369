#!/usr/bin/env python
"""Posterior spectra of a run over its data: spectra.png and spectra.pdf in its folder.

Hold-outs of its config are drawn with open markers, as not fitted.

Works while the run goes on; says NOT CONVERGED where that is so.
"""

from pathlib import Path

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads

limit_threads()

from pipeline.checks.heldout import holdout_points  # noqa: E402
from pipeline.checks.report import config_with_holdouts  # noqa: E402
from pipeline.config.load import run_name  # noqa: E402
from pipeline.figures.posterior_spectra import format_misfits, posterior_spectra  # noqa: E402
from pipeline.figures.spectra_plot import spectra_figure  # noqa: E402
from pipeline.figures.style import save_figure  # noqa: E402
from pipeline.posterior.with_problem import load_posterior_and_problem  # noqa: E402
from transport.errors import CrtuneError  # noqa: E402


def main() -> int:
    arguments = cli.parser(__doc__)
    cli.add_run_argument(arguments)
    arguments.add_argument(
        "--draws", type=int, default=500, metavar="N", help="posterior draws used (default 500)"
    )
    arguments.add_argument(
        "--output", metavar="STEM", help="write STEM.png and STEM.pdf; default RUN/spectra"
    )
    options = arguments.parse_args()
    if options.draws < 1:
        raise CrtuneError(f"--draws {options.draws}: give at least 1")
    folder = cli.run_directory(options.run)
    posterior, problem = load_posterior_and_problem(folder)
    config = config_with_holdouts(posterior, folder)
    held = holdout_points(config, problem, posterior.best())
    spectra = posterior_spectra(posterior, problem, options.draws, held)
    title = f"{problem.scenario.full_title}, run {run_name(folder)}"
    figure = spectra_figure(spectra, problem.likelihood, posterior.verdict, title)
    for path in save_figure(figure, Path(options.output or folder / "spectra")):
        print(f"figure: {path}")
    print(format_misfits(spectra))
    print(posterior.verdict.banner())
    return 0


if __name__ == "__main__":
    cli.run_script(main)
