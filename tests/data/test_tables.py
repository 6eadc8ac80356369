"""The committed tables: sanity values, provenance, and what was derived from what."""

import numpy as np
import pytest

from likelihoods.reading import DATA_DIRECTORY, measurement_names, read_measurement

EXPECTED_BINS = {
    "ams02_proton_2015": 72,
    "ams02_bc_2016": 67,
    "ams02_bc_2016_ekn": 67,
    "voyager1_proton": 15,
    "voyager1_bc": 9,
    "voyager1_boron": 9,
    "voyager1_carbon": 12,
    "voyager1_proton_2013": 19,
    "ams02_proton_2021": 72,
    "ams02_bc_2021": 67,
    "ams02_boron_2021": 67,
    "ams02_carbon_2021": 68,
    "ams02_boron_2023": 66,
    "ams02_carbon_2023": 66,
    "dampe_proton_2019": 17,
    "dampe_bc_2022": 13,
    "calet_proton_2022": 29,
    "calet_bc_2022": 20,
}


def at(measurement, rigidity):
    """Log-log interpolation of a table between bin centres."""
    x, y = np.log(measurement.rigidity_centre), np.log(measurement.value)
    return np.exp(np.interp(np.log(rigidity), x, y))


def test_all_tables_are_there():
    assert measurement_names() == sorted(EXPECTED_BINS)


@pytest.mark.parametrize("name", sorted(EXPECTED_BINS))
def test_bins_and_provenance(name):
    measurement = read_measurement(name)
    assert measurement.n_bins == EXPECTED_BINS[name]
    assert measurement.name == name
    assert measurement.doi.startswith("10.")
    assert measurement.is_modulated is not name.startswith("voyager")
    assert len(measurement.derived) > 20
    assert len(measurement.sha256) == 64
    relative = measurement.error_plus / measurement.value
    assert np.all((relative > 0.003) & (relative < 0.5))


def test_sanity_values():
    assert at(read_measurement("ams02_proton_2015"), 100.0) == pytest.approx(0.0454, rel=5e-3)
    ratio = read_measurement("ams02_bc_2016")
    assert at(ratio, 4.0) == pytest.approx(0.325, abs=1.5e-3)
    assert at(ratio, 100.0) == pytest.approx(0.131, abs=2e-3)


@pytest.mark.parametrize("pair", [("proton_2015", "proton_2021"), ("bc_2016", "bc_2021")])
def test_ams_agrees_with_itself(pair):
    first, second = (read_measurement(f"ams02_{name}", rigidity_min=30.0) for name in pair)
    np.testing.assert_array_equal(first.low[:30], second.low[:30])
    error = np.hypot(first.error_plus, second.error_plus)
    deviation = (first.value - second.value) / error
    assert np.sqrt(np.mean(deviation[:-1] ** 2)) < 1.0


def test_boron_over_carbon_against_the_published_ratio():
    ratio, boron, carbon = (read_measurement(f"ams02_{n}_2021") for n in ("bc", "boron", "carbon"))
    same_bins = ratio.high == carbon.high[: ratio.n_bins]
    assert ratio.high[same_bins][-1] == 525
    excess = (boron.value / carbon.value[: ratio.n_bins] / ratio.value - 1)[same_bins]
    assert excess.min() == pytest.approx(-0.003, abs=5e-4)
    assert excess.max() == pytest.approx(0.041, abs=5e-4)
    assert np.argmax(excess) == 0


@pytest.mark.parametrize("name", ["ams02_proton_2015", "ams02_proton_2021", "dampe_proton_2019"])
def test_printed_zero_is_half_a_last_digit(name):
    from astropy.table import Table

    table = Table.read(DATA_DIRECTORY / f"{name}.ecsv", format="ascii.ecsv")
    zero = np.flatnonzero(np.asarray(table["err_stat"]) == 0)
    assert zero.size > 0
    stat = next(c for c in read_measurement(name).components if c.name == "stat")
    np.testing.assert_allclose(stat.plus[zero], 0.5 * np.asarray(table["resolution"])[zero])
    assert np.all(stat.plus[zero] < 0.01 * np.asarray(table["flux"])[zero])


def test_voyager_five_per_cent_is_common_and_not_counted_twice():
    measurement = read_measurement("voyager1_proton")
    _, common = measurement.components
    assert common.role == "scale"
    np.testing.assert_allclose(common.plus / measurement.value, 0.05, rtol=2e-3)
    published_total = np.array([1345, 1496, 1460, 1419, 1468, 1263, 972.3, 919.7, 841, 751.9])
    np.testing.assert_allclose(measurement.error_plus[3:13], published_total, rtol=1e-3)


def test_energy_table_of_the_same_bc_lies_on_the_same_bins():
    by_rigidity, by_energy = (
        read_measurement("ams02_bc_2016"),
        read_measurement("ams02_bc_2016_ekn"),
    )
    assert by_rigidity.n_bins == by_energy.n_bins
    # Converted with A/Z = 2: carbon's rigidity.
    np.testing.assert_allclose(
        by_energy.rigidity_centre[5:-5], by_rigidity.rigidity_centre[5:-5], rtol=0.02
    )


def test_modulation_potentials_name_the_periods_of_the_measurements():
    from astropy.table import Table

    table = Table.read(DATA_DIRECTORY / "modulation_potentials.ecsv", format="ascii.ecsv")
    periods = {read_measurement(name).period for name in measurement_names()}
    assert {"ams02_2011_2013", "ams02_2011_2016", "ams02_2011_2018"} <= set(table["period"])
    assert {"ams02_2011_2013", "ams02_2011_2016", "ams02_2011_2018"} <= periods
    gap = table["phi_ghelfi_2017"] - table["phi_usoskin_2017"]
    np.testing.assert_allclose(gap, 0.12, atol=0.015)
