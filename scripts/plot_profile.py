#!/usr/bin/env python
"""Profiles of a run: how good the fit can be at each value of a parameter, all others free.

examples:
  scripts/plot_profile.py runs/two_phase --params Ma,L
  scripts/plot_profile.py runs/two_phase --points 25 --posterior

Writes profile.png, profile.pdf and profile.csv in the run's folder. Beside the profile stands the
marginal posterior: where they differ, the volume of the prior speaks, not the data. The likelihood
is profiled with the priors of the nuisances, inside the bounds of all priors; --posterior takes the
whole log-posterior. All parameters take minutes; says NOT CONVERGED where that is so.
"""

from pathlib import Path

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads

limit_threads()

from pipeline.figures.corner_axes import select_columns  # noqa: E402
from pipeline.figures.profile_plot import profile_figure  # noqa: E402
from pipeline.figures.style import save_figure  # noqa: E402
from pipeline.posterior.profile import POINTS, profiles_of, write_profiles  # noqa: E402
from pipeline.posterior.with_problem import load_posterior_and_problem  # noqa: E402
from transport.errors import CrtuneError  # noqa: E402


def main() -> int:
    arguments = cli.parser(__doc__)
    cli.add_run_argument(arguments)
    arguments.add_argument(
        "--params", metavar="A,B,...", type=cli.names,
        help="only these parameters, e.g. n_warm,B_warm,Ma,L",
    )  # fmt: skip
    arguments.add_argument(
        "--points", type=int, default=POINTS, metavar="N",
        help=f"values of each parameter (default {POINTS})",
    )  # fmt: skip
    arguments.add_argument(
        "--posterior", action="store_true", help="profile the posterior, not the likelihood"
    )
    arguments.add_argument(
        "--output", metavar="STEM",
        help="write STEM.png, STEM.pdf and STEM.csv; default RUN/profile",
    )  # fmt: skip
    options = arguments.parse_args()
    if options.points < 3:
        raise CrtuneError(f"--points {options.points}: give at least 3")
    folder = cli.run_directory(options.run)
    posterior, problem = load_posterior_and_problem(folder)
    columns = select_columns(posterior, options.params)
    found = profiles_of(
        posterior,
        problem,
        columns,
        options.points,
        "posterior" if options.posterior else "likelihood",
        lambda name: print(f"profile of {name}", flush=True),
    )
    stem = Path(options.output or folder / "profile")
    title = f"{problem.scenario.full_title}, run {folder.resolve().name}"
    for path in save_figure(profile_figure(found, posterior, problem, title), stem):
        print(f"figure: {path}")
    print(f"table: {write_profiles(found, posterior, stem.with_name(f'{stem.name}.csv'))}")
    print(posterior.verdict.banner())
    return 0


if __name__ == "__main__":
    cli.run_script(main)
