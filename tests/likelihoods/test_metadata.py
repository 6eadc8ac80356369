"""What a table says of itself is understood, or refused: nothing is passed over."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from likelihoods.events import check_events
from likelihoods.reading import read_measurement
from tests.likelihoods.test_measurement import GOOD
from transport.errors import CrtuneError, CrtuneWarning

ROWS = ("1.0,2.0,10.0,0.1,0.2", "2.0,3.0,5.0,0.1,0.2", "3.0,5.0,2.0,0.1,0.2")


def with_column(tmp_path, name, values, kind="int64") -> Path:
    text = GOOD.replace(
        "# delimiter:", f"# - {{name: {name}, datatype: {kind}}}\n# delimiter:"
    ).replace("err_stat,err_syst\n", f"err_stat,err_syst,{name}\n")
    for row, value in zip(ROWS, values, strict=True):
        text = text.replace(row, f"{row},{value}")
    path = tmp_path / "small.ecsv"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("name", "kind", "marks"),
    [
        ("is_upper_limit", "int64", "001"),
        ("is_ul", "bool", ("False", "False", "True")),
        ("upper_limit", "string", ("no", "no", "yes")),
        ("ul", "float64", ("0", "0", "1")),
        ("UpperLimit", "string", ("F", "F", "T")),
    ],
)
def test_upper_limits_are_left_out_and_told(tmp_path, name, kind, marks):
    path = with_column(tmp_path, name, marks, kind)
    with pytest.warns(CrtuneWarning, match=rf"{path}: 1 of 3 rows.*{name}.*rows 3"):
        measurement = read_measurement(path)
    np.testing.assert_array_equal(measurement.value, [10, 5])


def test_no_limits_no_words(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_measurement(with_column(tmp_path, "is_upper_limit", "000")).n_bins == 3


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("is_upper_limit", "002", ["row 3", "'2'", "0 nor 1"]),
        ("is_upper_limit", "111", ["every row"]),
        ("flux_ul", "123", ["'flux_ul'", "is_upper_limit"]),
        ("is_lower_limit", "001", ["'is_lower_limit'", "leave out lower limits"]),
        ("err_extra", "111", ["'err_extra'", "a name and a role"]),
        ("quality", "111", ["'quality'", "unused"]),
    ],
)
def test_columns_that_nobody_reads_are_refused(tmp_path, name, values, words):
    path = with_column(tmp_path, name, values)
    with pytest.raises(CrtuneError) as caught:
        read_measurement(path)
    for word in [str(path), *words]:
        assert word in str(caught.value)


def test_columns_named_as_unused(tmp_path):
    path = with_column(tmp_path, "remark", ("a", "b", "c"), "string")
    text = path.read_text()
    path.write_text(text.replace("# - errors:", "# - {unused: [remark]}\n# - errors:"))
    assert read_measurement(path).n_bins == 3
    for wrong, why in (("flux", "is used"), ("remarks", "no such column")):
        path.write_text(text.replace("# - errors:", f"# - {{unused: [{wrong}]}}\n# - errors:"))
        with pytest.raises(CrtuneError, match=why):
            read_measurement(path)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ams02_bc_2016", "ams02_bc_2016"),
        ("ams02_bc_2016", "ams02_bc_2016_ekn"),
        ("voyager1_bc", "voyager1_boron"),
    ],
)
def test_the_same_events_are_fitted_once(first, second):
    pair = {"one": read_measurement(first), "other": read_measurement(second)}
    with pytest.raises(CrtuneError, match=r"data\.one and data\.other.*count twice.*keep one"):
        check_events(pair)


def test_a_copy_with_another_header_is_known(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.ecsv").write_text(
            GOOD.replace("10.1/1", f"10.1/{name}").replace("small", name)
        )
    pair = {name: read_measurement(tmp_path / f"{name}.ecsv") for name in "ab"}
    with pytest.raises(CrtuneError, match=r"3 values of a\.ecsv"):
        check_events(pair)


def test_one_table_cut_in_two_is_no_copy():
    check_events(
        {
            "low": read_measurement("ams02_bc_2016", rigidity_max=10.1),
            "high": read_measurement("ams02_bc_2016", rigidity_min=10.1),
        }
    )


def test_overlapping_periods_are_told():
    pair = {name: read_measurement(name) for name in ("ams02_proton_2015", "ams02_proton_2021")}
    with pytest.warns(CrtuneWarning, match="ams02_2011_2013 and ams02_2011_2018"):
        check_events(pair)
