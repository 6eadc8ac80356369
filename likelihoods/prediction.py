"""From interstellar spectra on one grid to what each measurement's bins would contain.

The number of particles in a bin does not depend on the axis: the integral of dJ/dR over the bin's
rigidities, divided by the bin's width on the table's own axis, is the mean of dJ/dR or of dJ/dT.
Where there are no edges, dJ/dR at the mean times dR/dT. B/C is the ratio of the two bin means.
Solar modulation acts on each species before the bins are filled.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from likelihoods.grid import ORDER, RigidityGrid
from likelihoods.measurement import Measurement
from transport.kinematics import BORON, CARBON, PROTON, Species, rigidity_per_energy
from transport.modulation import interstellar_rigidity
from transport.parameters import Parameter
from transport.scenario import Spectra

MAX_POTENTIAL = 5.0
"""Largest modulation potential (GV) predictions are made for; beyond it they are impossible."""

NUCLEI_NORMALISATION = Parameter(
    name="nuclei_normalisation",
    unit="",
    latex=r"N_{\mathrm{nuclei}}",
    description="common factor on absolute boron and carbon fluxes, which no scenario predicts",
    fiducial=1.0,
    scale="log10",
    medium="injection",
)

_SPECIES = {
    "proton": (PROTON,),
    "carbon": (CARBON,),
    "boron": (BORON,),
    "boron_to_carbon": (BORON, CARBON),
}


def potential_name(name: str) -> str:
    """Parameter of the potential called after a data period, or by the config."""
    return f"phi_{name}"


def potential_parameter(period: str) -> Parameter:
    """The force-field potential of a data period, or of several that share one."""
    label = period.replace("_", r"\ ")
    return Parameter(
        name=potential_name(period),
        unit="GV",
        latex=rf"\phi_{{\mathrm{{{label}}}}}",
        description=f"solar modulation potential of the data period {period}",
        fiducial=0.65,
        medium="heliosphere",
    )


class BinOperator:
    """Bin means of one species for one measurement, from ln(dJ/dR) on the grid.

    Parameters
    ----------
    measurement : bins, axis and period
    species : whose flux
    grid : where ln J is given
    """

    def __init__(self, measurement: Measurement, species: Species, grid: RigidityGrid):
        self.species = species
        self.grid = grid
        self.is_modulated = measurement.is_modulated
        self.potential = potential_name(measurement.potential)
        self.rigidity, self._bins = _quadrature(measurement, species)
        if self.is_modulated:
            self._rest = (species.mass_per_nucleon / species.charge_per_nucleon) ** 2
            # R'^2 = R^2 + phi (2 eps + phi); see transport.modulation.
            self._square = self.rigidity**2
            self._twice_energy = 2.0 * np.sqrt(self._square + self._rest)
            self._bins = (
                self._bins * (self.rigidity**3 / np.sqrt(self._square + self._rest))[:, None]
            )
        else:
            self._interpolate = grid.matrix(np.log(self.rigidity))

    def interstellar(self, log_flux: np.ndarray) -> np.ndarray:
        """Bin means (n, n_bins) without modulation, of ln J (n, n_nodes)."""
        return np.exp(log_flux @ self._interpolate) @ self._bins

    def at_earth(self, coefficients: np.ndarray, potential: np.ndarray) -> np.ndarray:
        """Bin means (n, n_bins) behind the potentials (n,), GV.

        `coefficients` are those of `RigidityGrid.coefficients`, (n, n_cells, ORDER).
        """
        phi = potential[:, None]
        outside = self._twice_energy + phi
        outside *= phi
        outside += self._square  # R'^2
        log_outside = np.log(outside)
        cell, t = self.grid.locate(0.5 * log_outside)
        cell += np.arange(len(coefficients))[:, None] * self.grid.n_cells
        c = coefficients.reshape(-1, ORDER).take(cell, axis=0, mode="clip")
        flux = c[..., ORDER - 1] * t
        for power in range(ORDER - 2, 0, -1):
            flux += c[..., power]
            flux *= t
        flux += c[..., 0]
        # (R / R')^3 (energy' / energy): the constant half is in the bin weights.
        flux -= 1.5 * log_outside
        outside += self._rest
        np.exp(flux, out=flux)
        flux *= np.sqrt(outside)
        return flux @ self._bins


def _quadrature(measurement: Measurement, species: Species) -> tuple[np.ndarray, np.ndarray]:
    """Points (n_points,) GV and weights (n_points, n_bins) that turn dJ/dR into bin means."""
    if not measurement.has_edges:
        rigidity = measurement.to_rigidity(measurement.mean, species)
        if measurement.axis == "rigidity":
            return rigidity, np.eye(rigidity.size)
        return rigidity, np.diag(rigidity_per_energy(measurement.mean, species))
    low = np.log(measurement.to_rigidity(measurement.low, species))
    high = np.log(measurement.to_rigidity(measurement.high, species))
    width = measurement.high - measurement.low
    points, weights = [], []
    for i in range(measurement.n_bins):
        # Two Gauss nodes in ln R are exact to 2e-5 for slopes below 4 up to this width.
        order = 2 if high[i] - low[i] < 0.2 else 4
        node, weight = np.polynomial.legendre.leggauss(order)
        half = 0.5 * (high[i] - low[i])
        rigidity = np.exp(low[i] + half * (1.0 + node))
        points.append(rigidity)
        column = np.zeros((order, measurement.n_bins))
        column[:, i] = weight * half * rigidity / width[i]
        weights.append(column)
    return np.concatenate(points), np.concatenate(weights)


class Predictor:
    """Predictions of all data sets from one evaluation of a scenario.

    Parameters
    ----------
    datasets : name to measurement
    points_per_decade : of the rigidity grid the scenario is evaluated on
    grid : an existing grid instead of one made to measure

    Attributes
    ----------
    rigidity : (n_R,) GV, the grid to ask the scenario for
    nuisances : parameters that turn spectra into measurements: one potential per period (or per
        group of data sets that share one), and the
        normalisation of nuclei where an absolute boron or carbon flux is in the data
    """

    def __init__(
        self,
        datasets: Mapping[str, Measurement],
        points_per_decade: int = 18,
        grid: RigidityGrid | None = None,
    ):
        self.datasets = dict(datasets)
        self.grid = grid or RigidityGrid(*_rigidity_range(self.datasets), points_per_decade)
        self.points_per_decade = self.grid.points_per_decade
        self.rigidity = self.grid.rigidity
        self.nuisances = _nuisances(self.datasets)
        self._operators = {
            name: tuple(BinOperator(m, s, self.grid) for s in _SPECIES[m.observable])
            for name, m in self.datasets.items()
        }

    def predict(self, spectra: Spectra, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Bin means per data set, (n, n_bins) in the unit of its table.

        Parameters
        ----------
        spectra : interstellar, on `rigidity`
        values : holds the nuisance values, each (n,)

        Impossible spectra or potentials (not positive, not finite, phi outside 0 to
        `MAX_POTENTIAL`) give NaN.
        """
        flux = _Lazy(spectra, self.grid)
        return {name: self._predict_one(name, flux, values) for name in self.datasets}

    def _predict_one(self, name: str, flux: _Lazy, values) -> np.ndarray:
        means = [self._mean(operator, flux, values) for operator in self._operators[name]]
        if len(means) == 2:
            return means[0] / means[1]
        if self.datasets[name].observable == "proton":
            return means[0]
        return means[0] * np.asarray(values[NUCLEI_NORMALISATION.name])[:, None]

    @staticmethod
    def _mean(operator: BinOperator, flux: _Lazy, values) -> np.ndarray:
        with np.errstate(all="ignore"):
            if not operator.is_modulated:
                return operator.interstellar(flux.logarithm(operator.species))
            potential = _possible(values[operator.potential])
            return operator.at_earth(flux.coefficients(operator.species), potential)


class _Lazy:
    """ln J and its polynomial coefficients per species, made once and only where needed."""

    def __init__(self, spectra: Spectra, grid: RigidityGrid):
        self._spectra = spectra
        self._grid = grid
        self._logarithms: dict[str, np.ndarray] = {}
        self._coefficients: dict[str, np.ndarray] = {}

    def logarithm(self, species: Species) -> np.ndarray:
        name = species.name
        if name not in self._logarithms:
            with np.errstate(all="ignore"):
                self._logarithms[name] = np.log(getattr(self._spectra, name))
        return self._logarithms[name]

    def coefficients(self, species: Species) -> np.ndarray:
        name = species.name
        if name not in self._coefficients:
            self._coefficients[name] = self._grid.coefficients(self.logarithm(species))
        return self._coefficients[name]


def _possible(potential) -> np.ndarray:
    potential = np.asarray(potential, dtype=float)
    return np.where((potential >= 0) & (potential <= MAX_POTENTIAL), potential, np.nan)


def _rigidity_range(datasets: Mapping[str, Measurement]) -> tuple[float, float]:
    low, high = [], []
    for measurement in datasets.values():
        for species in _SPECIES[measurement.observable]:
            ends = measurement.low if measurement.has_edges else measurement.mean
            low.append(measurement.to_rigidity(np.min(ends), species))
            ends = measurement.high if measurement.has_edges else measurement.mean
            top = measurement.to_rigidity(np.max(ends), species)
            if measurement.is_modulated:
                top = interstellar_rigidity(top, MAX_POTENTIAL, species)
            high.append(top)
    return float(np.min(low)), float(np.max(high))


def _nuisances(datasets: Mapping[str, Measurement]) -> tuple[Parameter, ...]:
    potentials = dict.fromkeys(m.potential for m in datasets.values() if m.is_modulated)
    nuisances = [potential_parameter(name) for name in potentials]
    if any(m.observable in ("boron", "carbon") for m in datasets.values()):
        nuisances.append(NUCLEI_NORMALISATION)
    return tuple(nuisances)
