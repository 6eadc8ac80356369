"""Reading tables: cuts keep whole bins, and every bad table is one clear error."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likelihoods.reading import DATA_DIRECTORY, find_table, read_measurement
from transport.errors import CrtuneError
from transport.kinematics import CARBON, rigidity_from_energy

GOOD = """\
# %ECSV 1.0
# ---
# datatype:
# - {name: rigidity_low, unit: GV, datatype: float64}
# - {name: rigidity_high, unit: GV, datatype: float64}
# - {name: flux, unit: 1 / (GV m2 s sr), datatype: float64}
# - {name: err_stat, unit: 1 / (GV m2 s sr), datatype: float64}
# - {name: err_syst, unit: 1 / (GV m2 s sr), datatype: float64}
# delimiter: ','
# meta: !!omap
# - {name: small}
# - {observable: proton}
# - {axis: rigidity}
# - {period: here_2020}
# - {doi: 10.1/1}
# - {reference: nobody}
# - {derived: everything}
# - errors:
#   - {name: stat, role: statistical, column: err_stat}
#   - {name: syst, role: correlated, column: err_syst}
# schema: astropy-2.0
rigidity_low,rigidity_high,flux,err_stat,err_syst
1.0,2.0,10.0,0.1,0.2
2.0,3.0,5.0,0.1,0.2
3.0,5.0,2.0,0.1,0.2
"""


def write(tmp_path, old="", new=""):
    assert old in GOOD
    path = tmp_path / "small.ecsv"
    path.write_text(GOOD.replace(old, new, 1))
    return path


def test_a_good_table(tmp_path):
    path = write(tmp_path)
    measurement = read_measurement(path, name="mine")
    assert measurement.name == "mine"
    assert measurement.period == "here_2020"
    np.testing.assert_array_equal(measurement.value, [10, 5, 2])
    np.testing.assert_allclose(measurement.error_plus, np.hypot(0.1, 0.2))
    assert measurement.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_units_are_converted(tmp_path):
    text = GOOD.replace("unit: GV, ", "unit: MV, ").replace("1 / (GV m2", "1 / (GV cm2")
    path = tmp_path / "small.ecsv"
    path.write_text(text)
    measurement = read_measurement(path)
    np.testing.assert_allclose(measurement.low, [1e-3, 2e-3, 3e-3])
    np.testing.assert_allclose(measurement.value, [1e5, 5e4, 2e4])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("5.0,0.1", "nan,0.1", ["row 2", "'flux'", "finite"]),
        ("5.0,0.1", "inf,0.1", ["row 2", "'flux'", "finite"]),
        ("5.0,0.1", ",0.1", ["row 2", "'flux'", "finite"]),
        ("5.0,0.1", "-5.0,0.1", ["row 2", "'flux'", "-5", "positive"]),
        ("5.0,0.1", "0,0.1", ["row 2", "'flux'", "positive"]),
        ("5.0,0.1,", "5.0,-0.1,", ["row 2", "'err_stat'", "negative"]),
        ("5.0,0.1,", "5.0,1e-300,", ["row 2", "1e-06 of the value"]),
        ("5.0,0.1,", "5.0,0,", ["row 2", "no statistical", "resolution"]),
        ("2.0,3.0,5.0", "0.5,0.9,5.0", ["row 2", "'rigidity_low'", "sort"]),
        ("2.0,3.0,5.0", "1.5,3.0,5.0", ["row 2", "'rigidity_low'", "overlap"]),
        ("2.0,3.0,5.0", "2.0,2.0,5.0", ["row 2", "'rigidity_high'", "rigidity_low"]),
        ("1.0,2.0,10.0", "-1.0,2.0,10.0", ["row 1", "'rigidity_low'", "positive"]),
        ("name: flux, unit: 1 / (GV m2 s sr)", "name: flux, unit: GV", ["'flux'", "'GV'"]),
        ("name: flux, unit: 1 / (GV m2 s sr)", "name: flux, unit: furlong", ["'flux'", "unit"]),
        ("name: rigidity_low, unit: GV", "name: rigidity_low", ["'rigidity_low'", "'GV'"]),
        ("column: err_stat", "column: err_sta", ["'err_sta'", "did you mean 'err_stat'"]),
        ("role: correlated", "role: corelated", ["corelated", "correlated"]),
        ("role: correlated, column", "role: correlated, minus", ["'syst'", "plus"]),
        (
            "role: correlated, column: err_syst",
            "role: correlated, column: err_syst, plus: err_stat",
            ["'syst'", "`column` and `plus`"],
        ),
        ("5.0,0.1,", "1e-300,1e300,", ["row 2", "too many times", "exponents"]),
        ("name: syst, role", "name: stat, role", ["'stat'", "twice"]),
        ("# - {observable: proton}\n", "# - {observables: proton}\n", ["observable"]),
        ("observable: proton", "observable: protons", ["protons", "did you mean 'proton'"]),
        ("axis: rigidity", "axis: energy", ["'energy'", "kinetic_energy"]),
        ("axis: rigidity", "axis: kinetic_energy", ["missing column", "'kinetic_energy_mean'"]),
        ("period: here_2020", "period: here 2020", ["period", "here 2020"]),
        ("period: here_2020", "period: Interstellar", ["'Interstellar'", "or 'interstellar'"]),
        ("axis: rigidity", "axis: {a: 1}", ["'axis'", "rigidity, kinetic_energy"]),
        ("name: syst, role", "name: [syst], role", ["['syst']", "no text"]),
        ("# - {derived: everything}\n", "", ["missing meta key", "'derived'"]),
        ("# delimiter: ','", "# delimiter: '", ["ECSV"]),
        ("5.0,0.1,0.2", "five,0.1,0.2", ["ECSV"]),
        ("3.0,5.0,2.0,0.1,0.2", "3.0,5.0", ["ECSV"]),
    ],
)
def test_bad_tables_name_file_place_and_remedy(tmp_path, old, new, words):
    path = write(tmp_path, old, new)
    with pytest.raises(CrtuneError) as caught:
        read_measurement(path)
    for word in [str(path), *words]:
        assert word in str(caught.value)


def test_missing_column(tmp_path):
    text = GOOD.replace("rigidity_high", "rigidity_upper")
    path = tmp_path / "small.ecsv"
    path.write_text(text)
    with pytest.raises(CrtuneError, match=r"small\.ecsv: missing column 'rigidity_high'"):
        read_measurement(path)


def test_empty_truncated_and_binary_files(tmp_path):
    path = tmp_path / "small.ecsv"
    for content in (b"", GOOD[:300].encode(), GOOD.rsplit("1.0,2.0", 1)[0].encode(), b"\x00\xff"):
        path.write_bytes(content)
        with pytest.raises(CrtuneError, match=r"small\.ecsv"):
            read_measurement(path)


def test_missing_file_and_nearest_name(tmp_path):
    with pytest.raises(CrtuneError, match="did you mean 'ams02_proton_2015'"):
        read_measurement("ams02_protons_2015")
    with pytest.raises(CrtuneError, match=r"nowhere\.ecsv: no such table"):
        read_measurement(tmp_path / "nowhere.ecsv")
    # A table of another kind is not a measurement.
    with pytest.raises(CrtuneError, match="no measurement is called"):
        read_measurement("modulation_potentials")


def test_a_table_that_cannot_be_read_is_not_called_unknown(tmp_path):
    (tmp_path / "mine.ecsv").write_bytes(b"# %ECSV 1.0\n\xff\xfe\n")
    with pytest.raises(CrtuneError, match=r"mine\.ecsv: not a readable ECSV table"):
        read_measurement(find_table("mine", tmp_path))


@given(low=st.floats(0.0, 100.0), width=st.floats(1.0, 1000.0))
def test_cuts_keep_whole_bins_and_all_of_them(low, width):
    whole = read_measurement("ams02_bc_2016")
    kept = whole.cut(low, low + width) if _any_inside(whole, low, low + width) else None
    if kept is None:
        with pytest.raises(CrtuneError, match="cut away"):
            whole.cut(low, low + width)
        return
    assert kept.rigidity_low[0] >= low * (1 - 1e-8)
    assert kept.rigidity_high[-1] <= (low + width) * (1 + 1e-8)
    inside = (whole.low >= low) & (whole.high <= low + width)
    assert kept.n_bins >= inside.sum()
    assert all(c.plus.size == kept.n_bins for c in kept.components)


def _any_inside(measurement, low, high):
    slack = 1e-9
    return np.any((measurement.low >= low * (1 - slack)) & (measurement.high <= high * (1 + slack)))


def test_default_cuts():
    assert read_measurement("ams02_proton_2015", rigidity_min=10.0).low[0] == 10.1
    protons = read_measurement("voyager1_proton", rigidity_min=0.3)
    assert (protons.n_bins, protons.low[0]) == (8, 0.048)
    assert read_measurement("ams02_proton_2015", rigidity_min=10.1).low[0] == 10.1


def test_cut_of_an_energy_axis_uses_the_rigidity_of_carbon():
    measurement = read_measurement("voyager1_bc", rigidity_min=0.3)
    assert measurement.n_bins == 8
    np.testing.assert_allclose(
        measurement.rigidity_centre, rigidity_from_energy(measurement.mean, CARBON)
    )


@pytest.mark.parametrize("cuts", [(1e5, None), (None, 0.1), (20.0, 10.0), (-1.0, None)])
def test_cuts_that_keep_nothing(cuts):
    with pytest.raises(CrtuneError, match="rigidity_min"):
        read_measurement("ams02_bc_2016", rigidity_min=cuts[0], rigidity_max=cuts[1])


def test_asymmetric_errors_are_read_by_side():
    measurement = read_measurement("calet_bc_2022")
    systematic = measurement.components[1]
    assert systematic.minus[0] == 0.004
    assert systematic.plus[0] == 0.011
    assert systematic.mean[0] == pytest.approx(0.0075)


def test_a_new_measurement_is_a_file_in_a_directory(tmp_path):
    (tmp_path / "mine.ecsv").write_text(
        (DATA_DIRECTORY / "voyager1_bc.ecsv").read_text().replace("voyager1_bc", "mine")
    )
    assert read_measurement("mine", directory=tmp_path).name == "mine"


@pytest.mark.parametrize(("of_value", "refused"), [("", True), (', unit: "%"', False)])
def test_errors_in_per_cent_beside_a_plain_ratio_are_refused(tmp_path, of_value, refused):
    """They are absolute, and whoever gives per cent may mean of the value."""
    text = GOOD.replace("observable: proton", "observable: boron_to_carbon")
    text = text.replace("flux, unit: 1 / (GV m2 s sr)", f"ratio{of_value}").replace("flux", "ratio")
    for name in ("err_stat", "err_syst"):
        text = text.replace(f"{name}, unit: 1 / (GV m2 s sr)", f'{name}, unit: "%"')
    path = tmp_path / "ratio.ecsv"
    path.write_text(text)
    if refused:
        with pytest.raises(CrtuneError, match=r"'err_stat' has unit '%' .* multiply them"):
            read_measurement(path)
    else:
        assert read_measurement(path).value[0] == pytest.approx(0.1)
        assert read_measurement(path).components[0].minus[0] == pytest.approx(1e-3)
