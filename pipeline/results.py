"""All results of a run in one go: what summarize, plot_corner and plot_spectra make."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.checks.heldout import holdout_points
from pipeline.checks.report import config_with_holdouts
from pipeline.config.load import run_name
from pipeline.figures.corner_plot import corner_figure
from pipeline.figures.posterior_spectra import posterior_spectra
from pipeline.figures.spectra_plot import spectra_figure
from pipeline.figures.style import save_figure
from pipeline.posterior.summary import summarize, write_csv
from pipeline.posterior.with_problem import load_posterior_and_problem

_DRAWS = 500


def write_results(folder: str | Path) -> Iterator[Path]:
    """Write summary.csv, posterior.nc, corner and spectra plots; yields each path when it is there.

    Raises
    ------
    CrtuneError: no chains or steps yet, damaged
    """
    folder = Path(folder)
    posterior, problem = load_posterior_and_problem(folder)
    yield write_csv(summarize(posterior), posterior, folder / "summary.csv")
    yield posterior.save_netcdf(folder / "posterior.nc", problem)
    title = run_name(folder)
    yield from save_figure(corner_figure(posterior, problem, title=title), folder / "corner")
    config = config_with_holdouts(posterior, folder)
    held = holdout_points(config, problem, posterior.best())
    spectra = posterior_spectra(posterior, problem, _DRAWS, held)
    title = f"{problem.scenario.full_title}, run {title}"
    figure = spectra_figure(spectra, problem.likelihood, posterior.verdict, title)
    yield from save_figure(figure, folder / "spectra")
