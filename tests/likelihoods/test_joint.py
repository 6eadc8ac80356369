"""The joint likelihood: its nuisances, its order, mock data and what is drawn of it."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from likelihoods.covariance import CovarianceOptions
from likelihoods.discrepancy_groups import DiscrepancyOptions
from likelihoods.joint import JointLikelihood
from likelihoods.measurement import ErrorComponent
from likelihoods.reading import read_measurement
from tests.likelihoods.toy_scenario import CurvedPowerLaw, default_datasets
from transport.errors import CrtuneError
from transport.kinematics import BORON, CARBON, PROTON, energy_per_rigidity
from transport.modulation import modulate
from transport.scenario import Spectra

SCENARIO = CurvedPowerLaw()
PLAIN = DiscrepancyOptions(enabled=False)


def joint(**options):
    return JointLikelihood(SCENARIO, default_datasets(), **options)


def batch(likelihood, n=6, spread=0.02, seed=0):
    rng = np.random.default_rng(seed)
    return {k: v * (1 + spread * rng.standard_normal(n)) for k, v in likelihood.fiducial().items()}


def test_nuisances_and_names():
    likelihood = joint()
    assert [p.name for p in likelihood.nuisances] == [
        "phi_ams02_2011_2013",
        "phi_ams02_2011_2016",
        "discrepancy_proton_earth",
        "discrepancy_boron_to_carbon",
        "discrepancy_proton_interstellar",
    ]
    assert [p.coordinate_name for p in likelihood.nuisances[2:3]] == [
        "log10_discrepancy_proton_earth"
    ]
    assert {p.fiducial for p in likelihood.nuisances} == {0.65, 0.1}
    assert likelihood.dataset_names == tuple(default_datasets())
    assert [p.name for p in joint(discrepancy=PLAIN).nuisances] == [
        "phi_ams02_2011_2013",
        "phi_ams02_2011_2016",
    ]


def test_columns_follow_the_config_although_groups_do_not():
    """B/C of AMS-02 and of Voyager share a group but not neighbouring columns."""
    datasets = default_datasets()
    likelihood = JointLikelihood(SCENARIO, datasets)
    values = batch(likelihood)
    terms = likelihood.log_likelihood(values)
    assert terms.shape == (6, 4)
    turned = {n: datasets[n] for n in reversed(list(datasets))}
    other = JointLikelihood(SCENARIO, turned).log_likelihood(values)
    np.testing.assert_allclose(other.sum(axis=1), terms.sum(axis=1), rtol=1e-10)
    single = JointLikelihood(SCENARIO, {"voyager1_proton": datasets["voyager1_proton"]})
    np.testing.assert_allclose(terms[:, 2], single.log_likelihood(values)[:, 0], rtol=1e-6)


def test_plain_terms_are_independent_of_each_other():
    likelihood = joint(discrepancy=PLAIN)
    values = batch(likelihood)
    terms = likelihood.log_likelihood(values)
    for i, (name, measurement) in enumerate(default_datasets().items()):
        alone = JointLikelihood(SCENARIO, {name: measurement}, discrepancy=PLAIN)
        # Another range of the same grid: rounding alone may differ.
        np.testing.assert_allclose(terms[:, i], alone.log_likelihood(values)[:, 0], rtol=1e-6)


def test_impossible_walkers_do_not_touch_the_others():
    class Broken(CurvedPowerLaw):
        def spectra(self, values, rigidity):
            spectra = super().spectra(values, rigidity)
            proton, boron = spectra.proton.copy(), spectra.boron.copy()
            proton[1], boron[2, 30], proton[3, 20] = np.nan, 0.0, np.inf
            return Spectra(rigidity, proton, spectra.carbon, boron)

    for options in (DiscrepancyOptions(), PLAIN):
        likelihood = JointLikelihood(Broken(), default_datasets(), discrepancy=options)
        values = batch(likelihood)
        values["phi_ams02_2011_2016"][4] = -1.0
        total = likelihood.log_likelihood(values).sum(axis=1)
        assert not np.any(np.isnan(total))
        np.testing.assert_array_equal(np.isneginf(total), [False, True, True, True, True, False])
        worst = likelihood.max_abs_log_ratio(values)
        assert np.isinf(worst["ams02_proton_2015"][1])
        good = joint(discrepancy=options).log_likelihood(values).sum(axis=1)
        np.testing.assert_allclose(total[[0, 5]], good[[0, 5]], rtol=1e-12)


def test_max_abs_log_ratio():
    likelihood = joint()
    values = likelihood.fiducial()
    predicted = likelihood.predict(values)
    for name, worst in likelihood.max_abs_log_ratio(values).items():
        expected = max(abs(np.log(predicted[name][0] / likelihood.datasets[name].value)))
        assert worst == pytest.approx(expected)


@pytest.mark.parametrize("options", [DiscrepancyOptions(), PLAIN], ids=["process", "plain"])
def test_mock_data_give_chi2_at_the_truth(options):
    """At the true parameters -2 ln L minus its constant is chi2 with n_bins degrees of freedom."""
    likelihood = joint(discrepancy=options)
    values = (
        likelihood.fiducial(discrepancy_proton_earth=0.2)
        if options.enabled
        else (likelihood.fiducial())
    )
    n_bins = sum(m.n_bins for m in likelihood.datasets.values())
    rng = np.random.default_rng(5)
    chi2 = []
    for _ in range(60):
        mock = likelihood.simulate(values, rng)
        # The constant is the log-likelihood of mock data without any noise.
        silent = _without_noise(mock, values)
        chi2.append(-2 * (mock.log_likelihood(values).sum() - silent))
    assert stats.kstest(chi2, stats.chi2(n_bins).cdf).pvalue > 0.01


def _without_noise(mock, values):
    """ln L where prediction equals data: only determinants and Jacobians are left."""
    data = {n: m.value[None] for n, m in mock.datasets.items()}
    return mock.log_likelihood_of(data, values).sum()


def test_mock_data_are_reproducible_and_keep_relative_errors():
    likelihood = joint()
    values = likelihood.fiducial()
    first = likelihood.simulate(values, np.random.default_rng(7))
    second = likelihood.simulate(values, np.random.default_rng(7))
    for name, measurement in first.datasets.items():
        np.testing.assert_array_equal(measurement.value, second.datasets[name].value)
        original = likelihood.datasets[name]
        np.testing.assert_allclose(
            measurement.error_plus / measurement.value, original.error_plus / original.value
        )
        assert not np.allclose(measurement.value, original.value, rtol=0.1)
    assert first.nuisances == likelihood.nuisances


def test_mock_data_find_their_own_parameters():
    """The slope that fits a mock best scatters about the truth by the error the fit claims."""
    datasets = {"ams02_proton_2015": default_datasets()["ams02_proton_2015"]}
    likelihood = JointLikelihood(SCENARIO, datasets, discrepancy=PLAIN)
    truth = likelihood.fiducial()
    rng = np.random.default_rng(11)
    slopes = np.linspace(2.75, 2.85, 201)
    values = {k: np.repeat(v, slopes.size) for k, v in truth.items()} | {"slope": slopes}
    pulls = []
    for _ in range(40):
        curve = likelihood.simulate(truth, rng).log_likelihood(values)[:, 0]
        weight = np.exp(curve - curve.max())
        mean = np.average(slopes, weights=weight)
        pulls.append((mean - 2.8) / np.sqrt(np.average((slopes - mean) ** 2, weights=weight)))
    assert abs(np.mean(pulls)) < 3 / np.sqrt(40)
    assert 0.7 < np.std(pulls) < 1.35


def test_curve_is_the_modulated_flux():
    likelihood = joint()
    values = likelihood.fiducial()
    rigidity = np.geomspace(0.5, 1e5, 25)

    def flux(species):
        return lambda r: getattr(SCENARIO.spectra(values, r), species.name)[0]

    expected = modulate(flux(PROTON), rigidity, 0.65, PROTON)
    np.testing.assert_allclose(
        likelihood.curve("ams02_proton_2015", values, rigidity)[0], expected, rtol=5e-4
    )
    expected = modulate(flux(BORON), rigidity, 0.65, BORON) / modulate(
        flux(CARBON), rigidity, 0.65, CARBON
    )
    np.testing.assert_allclose(
        likelihood.curve("ams02_bc_2016", values, rigidity)[0], expected, rtol=5e-4
    )
    interstellar = likelihood.curve("voyager1_bc", values, rigidity)[0]
    np.testing.assert_allclose(
        interstellar, SCENARIO.spectra(values, rigidity).boron_to_carbon[0], rtol=5e-4
    )
    with pytest.raises(CrtuneError, match="no data set 'pamela'"):
        likelihood.curve("pamela", values, rigidity)


def test_widths_of_bins_add_up_to_the_range():
    datasets = default_datasets()
    alone = JointLikelihood(SCENARIO, {"ams02_proton_2015": datasets["ams02_proton_2015"]})
    m = alone.datasets["ams02_proton_2015"]
    total = np.log(m.rigidity_high[-1] / m.rigidity_low[0])
    assert alone.log_rigidity_widths.sum() == pytest.approx(total, rel=1e-12)


def test_log_ratios_of_all_points():
    likelihood = joint()
    values = batch(likelihood)
    ratios = likelihood.log_ratios(values)
    assert ratios.shape == (6, sum(m.n_bins for m in likelihood.datasets.values()))
    worst = np.max(list(likelihood.max_abs_log_ratio(values).values()), axis=0)
    np.testing.assert_allclose(np.abs(ratios).max(axis=1), worst, rtol=1e-14)
    values["phi_ams02_2011_2013"][2] = -1.0
    finite = np.isfinite(likelihood.log_ratios(values)).all(axis=1)
    np.testing.assert_array_equal(finite, [True, True, False, True, True, True])


def test_points_without_edges_get_the_spacing_as_width():
    def at(*rigidity):
        errors = np.full(len(rigidity), 0.1)
        points = default_datasets()["ams02_proton_2015"].at_rigidities(np.array(rigidity))
        points = replace(
            points, components=(ErrorComponent("stat", "statistical", errors, errors),)
        )
        return JointLikelihood(SCENARIO, {"p": points}, discrepancy=PLAIN)

    widths = at(1.0, 2.0, 8.0, 16.0).log_rigidity_widths
    np.testing.assert_allclose(widths / np.log(2), [1.0, 1.5, 1.5, 1.0])
    with pytest.raises(CrtuneError, match="has no width"):
        _ = at(5.0).log_rigidity_widths


def test_points_to_draw():
    likelihood = joint()
    points = likelihood.data_points()
    ams, measurement = points["ams02_proton_2015"], likelihood.datasets["ams02_proton_2015"]
    np.testing.assert_array_equal(ams.value, measurement.value)
    np.testing.assert_array_equal(ams.plus, measurement.error_plus)
    np.testing.assert_array_equal(ams.converted, 1.0)
    voyager, measurement = points["voyager1_proton"], likelihood.datasets["voyager1_proton"]
    jacobian = energy_per_rigidity(voyager.rigidity)
    np.testing.assert_allclose(voyager.value, measurement.value * jacobian, rtol=0.01)


def test_drawn_ratios_compare_with_the_curve_as_bins_with_predictions():
    """model/data is the same in the table's own axis and as drawn at equal rigidity."""
    likelihood = joint()
    values = likelihood.fiducial(delta=0.5)
    points = likelihood.data_points(values)["voyager1_bc"]
    curve = likelihood.curve("voyager1_bc", values, points.rigidity)[0]
    own = likelihood.predict(values)["voyager1_bc"][0] / likelihood.datasets["voyager1_bc"].value
    np.testing.assert_allclose(curve / points.value, own, rtol=5e-4)
    # Boron's 8% larger rigidity at equal energy matters.
    assert np.all(np.abs(points.converted - 1) > 0.02)


def test_options_must_fit_the_data():
    with pytest.raises(CrtuneError, match="no data set"):
        JointLikelihood(SCENARIO, {})
    with pytest.raises(CrtuneError, match="did you mean 'unfolding'"):
        joint(covariance=CovarianceOptions(correlation_length={"unfoldng": 1.0, "default": 0.3}))
    with pytest.raises(CrtuneError, match="did you mean"):
        joint(discrepancy=DiscrepancyOptions(groups={"g": ["voyager1_protons"]}))


def test_absolute_nuclei_share_one_normalisation():
    datasets = {n: read_measurement(n) for n in ("ams02_boron_2021", "ams02_carbon_2021")}
    likelihood = JointLikelihood(SCENARIO, datasets)
    assert "nuclei_normalisation" in [p.name for p in likelihood.nuisances]
    assert np.all(np.isfinite(likelihood.log_likelihood(likelihood.fiducial())))
    assert likelihood.groups == {"nuclei_earth": list(datasets)}


def test_a_likelihood_survives_pickling_bit_for_bit():
    """Worker processes get theirs by pickle."""
    likelihood = joint()
    values = batch(likelihood)
    copy = pickle.loads(pickle.dumps(likelihood))
    np.testing.assert_array_equal(copy.log_likelihood(values), likelihood.log_likelihood(values))
