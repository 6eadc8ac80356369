"""Exports of CRDB: rows typed by hand from published tables, in the layouts of CRDB.

Figures: AMS-02 protons (Aguilar et al. 2015, PRL 114, 171103), Voyager 1 protons (Cummings et al.
2016, ApJ 831, 18), CALET B/C (Adriani et al. 2022, PRL 129, 251103).
"""

import runpy
import sys

import numpy as np
import pytest

from likelihoods.crdb import choose, read_export
from likelihoods.crdb_table import table_of, write_table
from likelihoods.reading import read_measurement
from transport.checkout import ROOT
from transport.errors import CrtuneError
from transport.kinematics import BORON, CARBON, PROTON

AMS = """# Format: USINE
# Col.1 quantity, Col.2 sub-experiment, Col.3 axis, Col.4 <E>, ...
H AMS02(2011/05-2013/11) R 1.08 1.0 1.16 626.9 -0.8 0.8 -26.8 26.8 2015PhRvL.114q1103A 718 1 \
2011/05/19-000000:2013/11/26-000000 0
H AMS02(2011/05-2013/11) R 1.42 1.33 1.51 643.2 -0.4 0.4 -17.7 17.7 2015PhRvL.114q1103A 718 1 \
2011/05/19-000000:2013/11/26-000000 0
H AMS02(2011/05-2013/11) R 1.25 1.16 1.33 662.5 0.4 0.4 22.6 22.6 2015PhRvL.114q1103A 718 1 \
2011/05/19-000000:2013/11/26-000000 0
"""
VOYAGER = """#quantity,sub-exp,axis,...
H,Voyager1-HET(2012/12-2015/06),EKN,0.0102,0.0077,0.0128,26650,-1345,1345,0,0,2016ApJ...831...18C,\
0,127.5,2012/12/01-000000:2015/06/30-000000,0
H,Voyager1-HET(2012/12-2015/06),EKN,0.0154,0.0128,0.0179,29680,-1496,1496,0,0,2016ApJ...831...18C,\
0,127.5,2012/12/01-000000:2015/06/30-000000,0
"""
CALET = """B/C,CALET(2015/10-2022/02),EKN,9.2,9.2,9.2,0.208,-0.001,0.001,-0.004,0.011,ads,700,1,\
2015/10/13-000000:2022/02/28-000000,0
B/C,CALET(2015/10-2022/02),EKN,11.2,11.2,11.2,0.197,-0.001,0.001,-0.004,0.009,ads,700,1,\
2015/10/13-000000:2022/02/28-000000,0
B/C,CALET(2015/10-2022/02),EKN,2239,2239,2239,0.05,0,0,0,0,ads,700,1,\
2015/10/13-000000:2022/02/28-000000,1
"""


@pytest.fixture
def converted(tmp_path):
    def convert(text, **choice):
        path = tmp_path / "export.txt"
        path.write_text(text)
        names = ("quantity", "experiment", "axis")
        rows = choose(read_export(path), str(path), **{k: choice.pop(k, None) for k in names})
        table, remarks = table_of(rows, str(path), "mine", **choice)
        return write_table(table, tmp_path / "mine.ecsv"), " | ".join(remarks)

    return convert


def test_protons_in_rigidity_are_the_table_that_comes_with_the_project(converted):
    """Negative lower errors, an unsorted row, blanks as separators."""
    found, remarks = converted(AMS, label="AMS-02 p", doi="10.1103/PhysRevLett.114.171103")
    shipped = read_measurement("ams02_proton_2015", rigidity_max=1.51)
    assert (found.observable, found.axis, found.period) == ("proton", "rigidity", shipped.period)
    for key in ("low", "high", "value"):
        np.testing.assert_array_equal(getattr(found, key), getattr(shipped, key))
    # the published total of the systematics is up to 1.4% above the sum of its parts
    np.testing.assert_allclose(found.error_plus, shipped.error_plus, rtol=0.015)
    assert [(c.name, c.role) for c in found.components] == [
        ("stat", "statistical"), ("systematic", "correlated")
    ]  # fmt: skip
    assert found.label == "AMS-02 p"
    assert found.doi == shipped.doi
    assert "718 MV" in remarks
    assert "718 MV" in found.derived


def test_beyond_the_heliopause_is_interstellar_and_a_single_error_is_the_total(converted):
    found, remarks = converted(VOYAGER)
    shipped = read_measurement("voyager1_proton")
    assert (found.axis, found.period) == ("kinetic_energy", "interstellar")
    np.testing.assert_array_equal(found.value, shipped.value[3:5])
    np.testing.assert_array_equal(found.low, shipped.low[3:5])
    np.testing.assert_allclose(found.error_plus, shipped.error_plus[3:5], rtol=2e-3)
    assert [(c.name, c.role) for c in found.components] == [("total", "total")]
    assert "interstellar" in remarks
    assert "taken as the total" in remarks


def test_asymmetric_errors_means_without_edges_and_upper_limits(converted):
    found, remarks = converted(CALET)
    shipped = read_measurement("calet_bc_2022", rigidity_max=27.0)
    assert found.n_bins == shipped.n_bins == 2
    assert not found.has_edges
    np.testing.assert_array_equal(found.mean, shipped.mean)
    for mine, theirs in zip(found.components, shipped.components, strict=True):
        np.testing.assert_array_equal(mine.minus, theirs.minus)
        np.testing.assert_array_equal(mine.plus, theirs.plus)
    assert "1 upper limits are left out" in remarks
    assert "no bin edges" in remarks
    assert found.period == "calet_2015_2022"


def _row(quantity, axis, mean, low, high, value, error):
    return (
        f"{quantity},X(2000/01-2001/12),{axis},{mean!r},{low!r},{high!r},{value!r},"
        f"{error!r},{error!r},0,0,ads,500,1,2000/01/01-000000:2001/12/31-000000,0\n"
    )


@pytest.mark.parametrize(
    ("quantity", "species"), [("H", PROTON), ("C", CARBON), ("B", BORON)]
)  # fmt: skip
@pytest.mark.parametrize("axis", ["EK", "ETOT", "ETOTN"])
def test_total_energies_become_energies_per_nucleon_and_particles_are_conserved(
    converted, quantity, species, axis
):
    low, high, flux = 2.0, 3.0, 0.7  # GeV per nucleon, per (m2 sr s GeV/n)
    a, m = species.mass_number, species.mass_per_nucleon
    shift, scale = {"EK": (0.0, a), "ETOT": (a * m, a), "ETOTN": (m, 1.0)}[axis]
    ends = [scale * x + shift for x in (2.4, low, high)]
    found, remarks = converted(_row(quantity, axis, *ends, flux / scale, 0.1 * flux / scale))
    assert found.axis == ("kinetic_energy" if quantity == "H" else "kinetic_energy_per_nucleon")
    assert found.low[0] == pytest.approx(low)
    assert found.high[0] == pytest.approx(high)
    assert found.value[0] == pytest.approx(flux)
    assert found.error_plus[0] == pytest.approx(0.1 * flux)
    counted = (flux / scale) * (ends[2] - ends[1])
    assert found.value[0] * (found.high[0] - found.low[0]) == pytest.approx(counted)
    assert (f"A = {a:g}" in remarks) == ((quantity, axis) != ("H", "EK"))


@pytest.mark.parametrize("end", ["0", "0,700"])
def test_csv_asimport(converted, end):
    common = 'CALET,iss,<a>,2015,CALET(2015/10-2022/02),"a, b",0.01,info,1,'
    row = common + "2015/10/13-000000:2022/02/28-000000,ads,table,B/C,EKN,9.2,8,10,0.208,"
    found, _ = converted(f"{row}-0.001,0.001,-0.004,0.011,{end}\n")
    assert (found.value[0], found.low[0], found.components[1].plus[0]) == (0.208, 8.0, 0.011)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (",0.208,", ",nan,", ["line 1", "value = nan"]),
        (",0.208,", ",-0.2,", ["line 1", "not positive"]),
        (",0.208,", ",x,", ["line 1", "value = 'x' should be a number"]),
        (",EKN,9.2", ",EKM,9.2", ["line 1", "axis 'EKM'", "did you mean"]),
        ("-0.001,0.001,-0.004,0.011", "-0.001,-0.001,-0.004,0.011", ["line 1", "stat_plus"]),
        (",9.2,9.2,9.2,", ",9.2,9.9,9.2,", ["line 1", "below its begin"]),
        ("B/C,CALET", "B/O,CALET", ["several data sets", "--quantity", "B/C, B/O"]),
        (",EKN,9.2", ",R,9.2", ["several data sets", "--axis", "EKN, R"]),
        (",0.208,-0.001,0.001", ",0.208,0,0", ["1 points have no statistical error", "at 9.2"]),
        (",11.2,11.2,11.2", ",9.2,9.2,9.2", ["the converted table", "row 2", "above the row"]),
        (",ads,", ",ads,extra,", ["17 columns"]),
    ],
)
def test_an_export_that_makes_no_sense(converted, old, new, words):
    assert old in CALET
    with pytest.raises(CrtuneError) as caught:
        converted(CALET.replace(old, new, 1))
    for word in words:
        assert word in str(caught.value)


def test_what_no_table_can_be_made_of(converted, tmp_path):
    with pytest.raises(CrtuneError, match="upper limits only"):
        converted(CALET.splitlines()[-1])
    with pytest.raises(CrtuneError, match="cannot be turned into equal energy per nucleon"):
        converted(CALET.replace(",EKN,", ",EK,"))
    with pytest.raises(CrtuneError, match="B/O: no scenario predicts it"):
        converted(CALET.replace("B/C", "B/O"))
    with pytest.raises(CrtuneError, match="give --period"):
        converted(CALET.replace("/10/13-000000:2022/02/28-000000", ""))
    with pytest.raises(CrtuneError, match=r"--experiment CALAT: there is none.*CALET"):
        converted(CALET, experiment="CALAT")
    with pytest.raises(CrtuneError, match="no rows"):
        converted("# nothing\n")
    with pytest.raises(CrtuneError, match="cannot be read"):
        read_export(tmp_path / "none.csv")
    (tmp_path / "mine.ecsv").write_text("kept")
    with pytest.raises(CrtuneError, match="exists"):
        converted(CALET)
    assert (tmp_path / "mine.ecsv").read_text() == "kept"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["export.txt", "mine.ecsv"]


def test_from_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(ROOT / "scripts")
    for variable in ("MPLBACKEND", "MATPLOTLIBRC"):  # a script sets them for itself
        monkeypatch.setenv(variable, "")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["data.py", *arguments])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(ROOT / "scripts" / "data.py"), run_name="__main__")
        return ended.value.code, capsys.readouterr()

    (tmp_path / "e.csv").write_text(CALET)
    code, said = run("--import", "e.csv", "--output", "bc.ecsv")
    assert code == 0, said.err
    assert "note: 1 upper limits are left out" in said.out
    assert '[data.bc]\ntable = "bc.ecsv"' in said.out
    code, said = run()
    assert code == 0
    line = next(x for x in said.out.splitlines() if x.startswith("ams02_bc_2016 "))
    assert "ams02_2011_2016" in line
    assert "0.675" in line
    assert "error      systematic: correlated" in run("bc.ecsv")[1].out
    code, said = run("--output", "x.ecsv")
    assert code == 2
    assert "only with --import" in said.err
