"""Bin predictions against adaptive quadrature of the modulated flux on each table's own axis."""

import numpy as np
import pytest
from scipy.integrate import quad

from likelihoods.grid import ORDER, RigidityGrid
from likelihoods.joint import JointLikelihood
from likelihoods.prediction import MAX_POTENTIAL, Predictor
from likelihoods.reading import measurement_names, read_measurement
from tests.likelihoods.toy_scenario import CurvedPowerLaw, default_datasets
from transport.kinematics import BORON, CARBON, PROTON, rigidity_from_energy, rigidity_per_energy
from transport.modulation import modulate
from transport.scenario import get_scenario

SPECIES = {"proton": PROTON, "carbon": CARBON, "boron": BORON}
SCENARIO = CurvedPowerLaw()
PHI = 0.7


def flux(species, rigidity):
    spectra = SCENARIO.spectra(SCENARIO.fiducial(), np.atleast_1d(rigidity))
    return getattr(spectra, species.name)[0]


def on_axis(measurement, species):
    """The flux per unit of the table's axis at Earth, as a function on that axis."""

    def at_rigidity(rigidity):
        if not measurement.is_modulated:
            return flux(species, rigidity)
        return modulate(lambda r: flux(species, r), rigidity, PHI, species)

    if measurement.axis == "rigidity":
        return lambda x: float(at_rigidity(np.array([x]))[0])
    return lambda x: float(
        at_rigidity(np.array([rigidity_from_energy(x, species)]))[0]
        * rigidity_per_energy(x, species)
    )


def bin_mean(measurement, species, i):
    function = on_axis(measurement, species)
    if not measurement.has_edges:
        return function(measurement.mean[i])
    low, high = measurement.low[i], measurement.high[i]
    return quad(function, low, high, epsrel=1e-10, epsabs=0)[0] / (high - low)


def expected(measurement, i):
    if measurement.observable == "boron_to_carbon":
        return bin_mean(measurement, BORON, i) / bin_mean(measurement, CARBON, i)
    return bin_mean(measurement, SPECIES[measurement.observable], i)


def predictions(datasets, **options):
    predictor = Predictor(datasets, **options)
    values = {p.name: np.array([p.fiducial]) for p in predictor.nuisances}
    values |= {name: np.array([PHI]) for name in values if name.startswith("phi_")}
    spectra = SCENARIO.spectra(SCENARIO.fiducial(), predictor.rigidity)
    return predictor.predict(spectra, values)


@pytest.mark.parametrize("name", measurement_names())
def test_every_table_against_quadrature(name):
    measurement = read_measurement(name, rigidity_min=0.25)
    predicted = predictions({name: measurement})[name][0]
    chosen = np.unique(np.linspace(0, measurement.n_bins - 1, 12).astype(int))
    truth = np.array([expected(measurement, i) for i in chosen])
    np.testing.assert_allclose(predicted[chosen], truth, rtol=5e-4)


def test_default_data_all_bins():
    datasets = default_datasets()
    predicted = predictions(datasets)
    for name, measurement in datasets.items():
        truth = np.array([expected(measurement, i) for i in range(measurement.n_bins)])
        np.testing.assert_allclose(predicted[name][0], truth, rtol=5e-4, err_msg=name)


def test_error_falls_as_the_sixth_power_of_the_step():
    datasets = {"v": read_measurement("dampe_bc_2022")}  # no bins: interpolation alone
    fine = predictions(datasets, points_per_decade=128)["v"]
    errors = [
        np.max(np.abs(predictions(datasets, points_per_decade=n)["v"] / fine - 1))
        for n in (10, 20, 40)
    ]
    assert errors[0] / errors[1] > 20
    assert errors[1] / errors[2] > 20


def test_interpolation_is_exact_for_quintics():
    grid = RigidityGrid(0.5, 300.0)
    rigidity = np.geomspace(0.5, 300.0, 57)

    def quintic(r):
        return np.polynomial.Polynomial([1.0, -2.7, 0.1, -0.02, 3e-3, -4e-4])(np.log(r))

    on_nodes = quintic(grid.rigidity)[None]
    np.testing.assert_allclose(
        (on_nodes @ grid.matrix(np.log(rigidity)))[0], quintic(rigidity), atol=1e-11
    )
    cell, t = grid.locate(np.log(rigidity))
    powers = t[:, None] ** np.arange(ORDER)
    by_cell = np.sum(grid.coefficients(on_nodes)[0][cell] * powers, axis=1)
    np.testing.assert_allclose(by_cell, quintic(rigidity), atol=1e-11)


def test_two_phase_predictions_over_the_prior():
    """Interpolation and bin means of a model with features, against a grid 7 times finer."""
    scenario = get_scenario("two_phase")
    rng = np.random.default_rng(0)
    n = 24

    def uniform(low, high):
        return rng.uniform(low, high, n)

    # The ranges of the prior for the parameters that shape kappa's features.
    changes = {
        "gamma_inj": uniform(4.05, 4.4),
        "n_warm": 10 ** uniform(-1.3, -0.3),
        "T_warm": 10 ** uniform(3.8, 4.3),
        "B_warm": 10 ** uniform(0.75, 1.0),  # beta < 1
        "Ma": uniform(0.2, 1.0),
        "L": 10 ** uniform(1.0, 2.3),
    }
    values = {k: np.repeat(v, n) for k, v in scenario.fiducial().items()} | changes
    datasets = default_datasets()
    results = []
    for points_per_decade in (18, 128):
        likelihood = JointLikelihood(scenario, datasets, points_per_decade=points_per_decade)
        nuisances = {k: np.repeat(v, n) for k, v in likelihood.fiducial().items()}
        results.append(likelihood.predict(nuisances | values))
    for name in datasets:
        np.testing.assert_allclose(results[0][name], results[1][name], rtol=5e-4, err_msg=name)


def test_grid_covers_the_largest_potential():
    predictor = Predictor({"p": read_measurement("ams02_proton_2015")})
    assert predictor.rigidity[2] <= 1.0
    assert predictor.rigidity[-3] >= 1800 + MAX_POTENTIAL
    # Nodes sit at the same places whatever the data.
    other = Predictor({"p": read_measurement("voyager1_proton")}).rigidity
    overlap = other[other >= predictor.rigidity[0]]
    np.testing.assert_array_equal(overlap, predictor.rigidity[: overlap.size])
    assert 1 < overlap.size < other.size


def test_batches_equal_single_walkers():
    likelihood = JointLikelihood(SCENARIO, default_datasets())
    rng = np.random.default_rng(3)
    single = likelihood.fiducial()
    values = {k: v * (1 + 0.02 * rng.standard_normal(5)) for k, v in single.items()}
    batch = likelihood.predict(values)
    for i in range(5):
        alone = likelihood.predict({k: v[i : i + 1] for k, v in values.items()})
        for name in likelihood.dataset_names:
            np.testing.assert_allclose(batch[name][i], alone[name][0], rtol=1e-12)


@pytest.mark.parametrize("phi", [-0.1, MAX_POTENTIAL + 1, np.nan, np.inf])
def test_impossible_potentials_are_nan_for_that_walker_only(phi):
    datasets = {"p": read_measurement("ams02_proton_2015", rigidity_min=10)}
    predictor = Predictor(datasets)
    values = {"phi_ams02_2011_2013": np.array([phi, PHI])}
    spectra = SCENARIO.spectra(
        {k: np.repeat(v, 2) for k, v in SCENARIO.fiducial().items()}, predictor.rigidity
    )
    predicted = predictor.predict(spectra, values)["p"]
    assert np.all(np.isnan(predicted[0]))
    np.testing.assert_allclose(predicted[1], predictions(datasets)["p"][0], rtol=1e-12)


def test_nuisances_one_per_period_that_occurs():
    names = [p.name for p in Predictor(default_datasets()).nuisances]
    assert names == ["phi_ams02_2011_2013", "phi_ams02_2011_2016"]
    absolute = {n: read_measurement(n) for n in ("ams02_carbon_2021", "ams02_boron_2021")}
    assert [p.name for p in Predictor(absolute).nuisances] == [
        "phi_ams02_2011_2018",
        "nuclei_normalisation",
    ]


def test_absolute_nuclei_scale_with_their_normalisation():
    datasets = {"c": read_measurement("ams02_carbon_2021")}
    predictor = Predictor(datasets)
    spectra = SCENARIO.spectra(SCENARIO.fiducial(), predictor.rigidity)
    values = {"phi_ams02_2011_2018": np.array([PHI]), "nuclei_normalisation": np.array([1.0])}
    once = predictor.predict(spectra, values)["c"]
    twice = predictor.predict(spectra, values | {"nuclei_normalisation": np.array([2.0])})["c"]
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-14)


def test_modulating_boron_and_carbon_separately_matters():
    """B/C of the modulated fluxes is not the B/C before: per cents at 2 GV."""
    datasets = {"r": read_measurement("ams02_bc_2016")}
    modulated = predictions(datasets)["r"][0]
    spectra = SCENARIO.spectra(SCENARIO.fiducial(), datasets["r"].rigidity_centre)
    difference = np.abs(modulated / spectra.boron_to_carbon[0] - 1)
    assert difference[0] > 0.02
    assert difference[-3] < 0.005
