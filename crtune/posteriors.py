"""The posterior of a run, with units."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
from astropy import units
from astropy.table import QTable

from crtune.quantities import numbers
from crtune.tables import band_columns, measurement_table, value_unit
from pipeline.cli import run_directory
from pipeline.posterior.load import Posterior
from pipeline.posterior.load import load_run as read_run
from pipeline.posterior.verdict import Verdict
from pipeline.posterior.with_problem import problem_of
from pipeline.predict_input import check_rigidities
from pipeline.problem import Problem
from transport.errors import CrtuneError
from transport.suggest import suggest


def load_run(run: str | Path, burn_in: int | None = None, thin: int | None = None) -> RunPosterior:
    """The posterior of a run, finished or still going on.

    Parameters
    ----------
    run : its folder, its config, or the bare name of a run of the checkout
    burn_in : sampler steps to discard, by default what the verdict on convergence found
    thin : keep every `thin`-th sampler step, by default half the longest autocorrelation time

    Raises
    ------
    CrtuneError: no such run, no chains yet, damaged chains

    Examples
    --------
    >>> import crtune
    >>> run = crtune.load_run("runs/kolmogorov")
    >>> run.draws.colnames[:3], run.draws["r"].unit
    (['E_CR', 'gamma_inj', 'r'], Unit("kpc"))
    >>> run.verdict.label  # these are 60 steps
    'NOT CONVERGED'
    >>> best = run.best()
    >>> best["column"].unit
    Unit("pc / cm3")
    >>> band = run.spectra("ams02_bc_2016")
    >>> band["ratio"].shape == band["model_median"].shape
    True
    >>> tree = run.to_arviz()
    >>> "posterior" in tree.children
    True
    """
    folder = run_directory(str(run))
    return RunPosterior(folder, read_run(folder, burn_in, thin))


class RunPosterior:
    """Draws of a run as values with units, and what can be made of them.

    Attributes
    ----------
    folder : of the run
    posterior : the chains as sampled, a `pipeline.posterior.load.Posterior` in the coordinates
    verdict : on convergence, to be shown beside anything made of the draws
    """

    def __init__(self, folder: Path, posterior: Posterior):
        self.folder, self.posterior = folder, posterior

    @property
    def verdict(self) -> Verdict:
        """Whether to believe it, a `pipeline.posterior.verdict.Verdict`."""
        return self.posterior.verdict

    @cached_property
    def problem(self) -> Problem:
        """The problem that was sampled, built from the config stored with the chains.

        Raises
        ------
        CrtuneError: config, data, priors or model of today would give another one
        """
        return problem_of(self.posterior, self.folder)

    @cached_property
    def draws(self) -> QTable:
        """One row per draw after burn-in, thinned: parameters in their units, and ``log_prob``."""
        values = self.posterior.values()
        columns = {
            name: values[name] * units.Unit(unit)
            for name, unit in zip(self.posterior.physical_names, self.posterior.units, strict=True)
        }
        columns["log_prob"] = self.posterior.flat_log_prob
        return QTable(columns, meta={"run": str(self.folder), "verdict": self.verdict.label})

    def best(self) -> dict[str, units.Quantity]:
        """Values of highest log-posterior among all draws of the run, not only those in `draws`.

        Parameters that the priors fix are among them.
        """
        values = self.problem.values(self.posterior.best()[None, :])
        declared = {p.name: p.unit for p in self.problem.likelihood.parameters}
        return {name: value[0] * units.Unit(declared[name]) for name, value in values.items()}

    def spectra(
        self, dataset: str | None = None, rigidity=None, n_draws: int = 500
    ) -> QTable | dict[str, QTable]:
        """Predictions over the posterior beside what was measured, in the data's own unit.

        Parameters
        ----------
        dataset : of the run; all of them, by name, if it is None
        rigidity : GV; predictions there, between and beyond the bins, as this data set would see
            them: dJ/dR, or B/C at equal rigidity, behind the modulation of its period
        n_draws : about how many draws to use, evenly spaced

        Returns
        -------
        Table with bins, measured values and errors, and the model's median with the ends of the
        68% and 95% bands, ``model_low95`` to ``model_high95``; without the measured columns at
        rigidities of one's own

        Raises
        ------
        CrtuneError: the run has no such data set, or rigidities or a number of draws that cannot be
        """
        if n_draws < 1:
            raise CrtuneError(f"n_draws = {n_draws}: at least one draw is needed")
        likelihood = self.problem.likelihood
        known = likelihood.dataset_names
        if dataset is not None and dataset not in known:
            raise CrtuneError(
                f"{self.folder}: no data set {dataset!r}{suggest(dataset, known)}; "
                f"the run has {', '.join(known)}"
            )
        flat = self.posterior.flat
        values = self.problem.values(flat[:: max(1, len(flat) // n_draws)])
        wanted = known if dataset is None else (dataset,)
        if rigidity is None:
            predictions = likelihood.predict(values)
            found = {name: self._at_bins(name, predictions[name]) for name in wanted}
        else:
            rigidity = np.atleast_1d(numbers(rigidity, "GV", "rigidity"))
            check_rigidities(rigidity, "rigidity")
            found = {name: self._at(name, values, rigidity) for name in wanted}
        return found if dataset is None else found[dataset]

    def to_arviz(self):
        """ArviZ DataTree, one chain per walker: posterior, prior, predictions, data, ln L."""
        return self.posterior.to_arviz(self.problem)

    def _at_bins(self, name: str, predictions: np.ndarray) -> QTable:
        measurement = self.problem.likelihood.datasets[name]
        table = measurement_table(measurement)
        for column, band in band_columns(predictions, value_unit(measurement)).items():
            table[column] = band
        return table

    def _at(self, name: str, values, rigidity: np.ndarray) -> QTable:
        likelihood = self.problem.likelihood
        unit = value_unit(likelihood.datasets[name], "rigidity")
        curves = likelihood.curve(name, values, rigidity)
        return QTable({"rigidity": rigidity * units.GV, **band_columns(curves, unit)})

    def __len__(self):
        return len(self.posterior.flat)

    def __repr__(self):
        rows = [f"{self.folder}: {len(self)} draws", self.verdict.banner(most=3)]
        width = max(map(len, self.posterior.physical_names))
        values = self.posterior.values()
        for name, unit in zip(self.posterior.physical_names, self.posterior.units, strict=True):
            low, middle, high = np.quantile(values[name], [0.16, 0.5, 0.84])
            errors = f"-{middle - low:.2g} +{high - middle:.2g}"
            rows.append(f"{name:<{width}}  {middle:10.4g} {errors} {unit}".rstrip())
        return "\n".join(rows)
