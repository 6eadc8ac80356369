"""A scenario against all chosen data: predictions, log-likelihoods, mock data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from likelihoods import ratios
from likelihoods.covariance import CovarianceOptions, GaussianLikelihood, relative_covariance
from likelihoods.discrepancy import DiscrepantLikelihood
from likelihoods.discrepancy_groups import DiscrepancyOptions, amplitude_parameter
from likelihoods.measurement import Measurement
from likelihoods.points import DataPoints, data_points
from likelihoods.prediction import Predictor
from transport.errors import CrtuneError
from transport.parameters import Parameter
from transport.scenario import Scenario, Spectra


class JointLikelihood:
    """Log-likelihood of several data sets under one scenario.

    Parameters
    ----------
    scenario : gives interstellar spectra
    datasets : data set name to `Measurement`; the order fixes that of the results
    covariance, discrepancy : options; the defaults are those of the config
    points_per_decade : of the rigidity grid the scenario is evaluated on; at 18 interpolation and
        bin averages cost 4e-4 at worst over the two-phase prior, 4e-5 for nine states in ten

    Attributes
    ----------
    nuisances : parameters the data add to those of the scenario
    dataset_names : in order
    groups : discrepancy group to data set names
    rigidity : (n_R,) GV, the grid

    Raises
    ------
    CrtuneError: no data set, or options that do not fit the data sets
    """

    def __init__(
        self,
        scenario: Scenario,
        datasets: Mapping[str, Measurement],
        covariance: CovarianceOptions | None = None,
        discrepancy: DiscrepancyOptions | None = None,
        points_per_decade: int = 18,
    ):
        if not datasets:
            raise CrtuneError("no data set is chosen; add a section such as [data.ams02_bc_2016]")
        self.scenario = scenario
        self.datasets = dict(datasets)
        self.covariance = covariance or CovarianceOptions()
        self.discrepancy = discrepancy or DiscrepancyOptions()
        self.covariance.check_components(self.datasets)
        self.dataset_names = tuple(self.datasets)
        self.groups = self.discrepancy.resolve(self.datasets)
        self.predictor = Predictor(self.datasets, points_per_decade)
        self.rigidity = self.predictor.rigidity
        amplitudes = tuple(amplitude_parameter(group) for group in self.groups)
        self.nuisances = self.predictor.nuisances + amplitudes
        self._terms = self._make_terms()
        order = [name for term in self._terms for name in term.names]
        self._order = [order.index(name) for name in self.dataset_names]

    def __repr__(self):
        group_of = {name: group for group, members in self.groups.items() for name in members}
        lines = [f"Likelihood of {self.scenario.name}"]
        for name, m in self.datasets.items():
            text = (
                f"  {name}: {m.observable}, {m.n_bins} bins, {m.rigidity_low[0]:.4g} to "
                f"{m.rigidity_high[-1]:.4g} GV, {m.period}"
            )
            lines.append(text + (f", discrepancy {group_of[name]}" if name in group_of else ""))
        return "\n".join(lines)

    def _make_terms(self) -> list[GaussianLikelihood | DiscrepantLikelihood]:
        if not self.groups:
            return [
                GaussianLikelihood(name, measurement, self.covariance)
                for name, measurement in self.datasets.items()
            ]
        return [
            DiscrepantLikelihood(
                group,
                {name: self.datasets[name] for name in members},
                self.covariance,
                self.discrepancy.length,
            )
            for group, members in self.groups.items()
        ]

    @property
    def terms(self) -> tuple[GaussianLikelihood | DiscrepantLikelihood, ...]:
        """The independent parts of the likelihood: one for each group, or for each data set."""
        return tuple(self._terms)

    def group_term(self, group: str) -> DiscrepantLikelihood:
        """The part of the likelihood that a discrepancy group stands for."""
        return self._terms[list(self.groups).index(group)]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """All parameters `values` must hold: the scenario's, then the nuisances."""
        return tuple(self.scenario.parameters) + self.nuisances

    def fiducial(self, **changes: float) -> dict[str, np.ndarray]:
        """Fiducial values of all parameters with `changes`, each of shape (1,).

        Raises
        ------
        ValueError: a name in `changes` that is no parameter
        """
        own = {p.name: p.fiducial for p in self.nuisances}
        mine = {name: changes.pop(name) for name in list(changes) if name in own}
        values = self.scenario.fiducial(**changes)
        return values | {k: np.array([mine.get(k, v)], float) for k, v in own.items()}

    def spectra(self, values: Mapping[str, np.ndarray]) -> Spectra:
        """The scenario's interstellar spectra on the grid."""
        return self.scenario.spectra(values, self.rigidity)

    def predict(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Bin means per data set, (n, n_bins), in its table's unit; NaN where impossible.

        Parameters
        ----------
        values : scenario and nuisance values, each (n,)
        """
        return self.predictor.predict(self.spectra(values), values)

    def log_likelihood(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Log-likelihood per data set, (n, n_datasets), in the order of `dataset_names`.

        Data sets that share a discrepancy contribute the terms of the chain rule,
        ln L(d1), ln L(d2 | d1), ..., so that the sum over columns is the joint log-likelihood.
        Impossible predictions give -inf, never NaN.
        """
        return self.log_likelihood_of(self.predict(values), values)

    def log_likelihood_of(
        self, predictions: Mapping[str, np.ndarray], values: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """As `log_likelihood`, from predictions already made."""
        with np.errstate(invalid="ignore"):
            terms = [term.log_likelihood(predictions, values) for term in self._terms]
        return np.concatenate(terms, axis=1)[:, self._order]

    def log_likelihood_by_amplitude(
        self, values: Mapping[str, np.ndarray], amplitudes: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Log-likelihood of each discrepancy group at many amplitudes of its own, by group.

        The groups are independent at given predictions, so the sum over groups of one column each
        is the joint log-likelihood. -inf, never NaN, where predictions are impossible.

        Parameters
        ----------
        values : scenario and nuisance values, each (n,); amplitudes in it do not matter
        amplitudes : group name to (m,) amplitudes

        Returns
        -------
        group name to (n, m); empty without discrepancy
        """
        return self.log_likelihood_by_amplitude_of(self.predict(values), amplitudes)

    def log_likelihood_by_amplitude_of(
        self, predictions: Mapping[str, np.ndarray], amplitudes: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """As `log_likelihood_by_amplitude`, from predictions already made."""
        if not self.groups:
            return {}
        with np.errstate(invalid="ignore"):
            return {
                group: term.log_likelihood_at_each(predictions, amplitudes[group])
                for group, term in zip(self.groups, self._terms, strict=True)
            }

    def max_abs_log_ratio(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """max |ln(model / data)| over the bins of each data set, (n,); inf where impossible."""
        return self.max_abs_log_ratio_of(self.predict(values))

    def max_abs_log_ratio_of(self, predictions: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """As `max_abs_log_ratio`, from predictions already made."""
        return ratios.max_abs_log_ratio(self.datasets, predictions)

    def log_ratios(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """ln(model / data) at all points of all data sets in order, (n, n_points).

        Where impossible, inf.
        """
        return ratios.log_ratios(self.datasets, self.predict(values))

    @cached_property
    def relative_covariances(self) -> tuple[np.ndarray, ...]:
        """Of each data set in the order of `log_ratios`, (n_bins, n_bins), without discrepancy."""
        return tuple(relative_covariance(m, self.covariance) for m in self.datasets.values())

    @cached_property
    def log_rigidity_widths(self) -> np.ndarray:
        """As `likelihoods.ratios.log_rigidity_widths`, (n_points,) in the order of `log_ratios`.

        Raises
        ------
        CrtuneError: a table without edges has a single point, which has no width
        """
        return ratios.log_rigidity_widths(self.datasets)

    def data_points(self, values: Mapping[str, np.ndarray] | None = None) -> dict[str, DataPoints]:
        """What to draw of each data set, placed in rigidity; see `likelihoods.points`.

        `values` (first walker; the fiducials by default) only matter for B/C tables in kinetic
        energy per nucleon.
        """
        values = self.fiducial() if values is None else values
        first = {name: np.atleast_1d(value)[:1] for name, value in values.items()}
        return data_points(self.predictor, self.spectra(first), first)

    def curve(
        self, name: str, values: Mapping[str, np.ndarray], rigidity: np.ndarray
    ) -> np.ndarray:
        """What the data set `name` would see at single rigidities, (n, n_rigidity).

        dJ/dR in 1/(m2 sr s GV), or B/C at equal rigidity, behind the modulation of its period.

        Parameters
        ----------
        rigidity : (n_rigidity,) GV; beyond the grid the scenario is asked for more of it

        Raises
        ------
        CrtuneError: unknown data set
        """
        if name not in self.datasets:
            raise CrtuneError(f"no data set {name!r} in this likelihood: {self.dataset_names}")
        points = self.datasets[name].at_rigidities(rigidity)
        predictor = Predictor({name: points}, points_per_decade=32)
        spectra = self.scenario.spectra(values, predictor.rigidity)
        return predictor.predict(spectra, values)[name]

    def replicate(
        self, values: Mapping[str, np.ndarray], rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """Data sets (n, n_bins) as they might have come out at each of n parameter vectors,
        discrepancy and noise drawn anew."""
        predictions = self.predict(values)
        return self._of_terms(lambda term: term.replicate(predictions, values, rng))

    def chi2(
        self, data: Mapping[str, np.ndarray], values: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Squared distance (n,) of any data (n or 1, n_bins) from the predictions at n parameter
        vectors, in units of noise and discrepancy together, each data set by itself."""
        predictions = self.predict(values)
        return self._of_terms(lambda term: term.chi2(data, predictions, values))

    def _of_terms(self, ask) -> dict:
        """What `ask` gives of every term, by data set in order."""
        found = {name: value for term in self._terms for name, value in ask(term).items()}
        return {name: found[name] for name in self.dataset_names}

    def simulate(
        self, values: Mapping[str, np.ndarray], rng: np.random.Generator
    ) -> JointLikelihood:
        """A mock data set drawn at one parameter vector, as a likelihood of the same kind.

        Noise comes from the covariance (relative errors stay what they are), and with discrepancy
        a draw of its process at the amplitude in `values`.

        Parameters
        ----------
        values : scenario and nuisance values, each (1,)
        rng : source of all randomness

        Raises
        ------
        CrtuneError: the prediction is impossible there
        """
        predictions = self.predict(values)
        for name, predicted in predictions.items():
            if len(predicted) != 1 or not np.all(np.isfinite(predicted) & (predicted > 0)):
                raise CrtuneError(f"mock data: no possible prediction of {name} at these values")
        return JointLikelihood(
            self.scenario,
            self._of_terms(lambda term: term.draw(predictions, values, rng)),
            self.covariance,
            self.discrepancy,
            self.predictor.points_per_decade,
        )
