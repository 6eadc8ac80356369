"""The scan of correlation lengths: its numbers are those of the library."""

import pytest

from likelihoods.covariance import CovarianceOptions
from likelihoods.reading import read_measurement
from likelihoods.widths import shapes, width
from tests.cheap_run import script

CHEAP = ("--scenario", "kolmogorov", "--lengths", "0.3", "--amplitudes", "0.1")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A document with the scan between its markers."""
    path = tmp_path_factory.mktemp("docs") / "page.md"
    path.write_text("# Before\n<!-- scan begins -->\nold\n<!-- scan ends -->\nafter\n")
    done = script("correlation_scan.py", *CHEAP, "--update", path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"updated {path}\n"
    return path.read_text()


def test_what_is_around_the_markers_stays(page):
    assert page.startswith("# Before\n<!-- scan begins -->\n\n")
    assert page.endswith("\n\n<!-- scan ends -->\nafter\n")
    assert "old" not in page


def test_three_tables_with_a_row_for_every_setting(page):
    titles = [line for line in page.splitlines() if line.endswith(":")]
    assert [title.split("`")[1] for title in titles] == [
        "ams02_proton_2015", "ams02_bc_2016", "kolmogorov",
    ]  # fmt: skip
    labels = [line.split(" | ")[0].strip("| ") for line in page.splitlines() if "| " in line]
    settings = ["exponential, 0.3", "squared exponential, 0.3", "diagonal", "statistical"]
    assert [label for label in labels if label in settings] == 3 * settings


def test_widths_are_per_cent(page):
    measurement = read_measurement("ams02_proton_2015", rigidity_min=10.0)
    row = next(line for line in page.splitlines() if line.startswith("| exponential, 0.3"))
    cells = row.strip("| ").split(" | ")[1:]
    options = CovarianceOptions(correlation_length=0.3)
    expected = [100 * width(measurement, s, options, 0.1) for s in shapes(measurement).values()]
    assert [float(cell) for cell in cells] == pytest.approx(expected, rel=5e-3)


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("no markers", (), "has no lines '<!-- scan begins -->'"),
        (None, (), "cannot be read: No such file"),
        ("", ("--scenario", "kolmogorof"), "did you mean 'kolmogorov'"),
    ],
)
def test_what_cannot_be_done_is_told(tmp_path, text, arguments, message):
    path = tmp_path / "page.md"
    if text is not None:
        path.write_text(text)
    done = script("correlation_scan.py", *CHEAP, "--update", path, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert text is None or path.read_text() == text


def test_another_transport_has_its_parameters_and_says_so():
    done = script("correlation_scan.py", *CHEAP, "--transport", "boron_production")
    assert done.returncode == 0, done.stderr
    assert "`kolmogorov`, transport boron_production at its fiducial values" in done.stdout
    assert "| log10_A_boron | s_boron | q_boron |" in done.stdout
    assert "Warning" not in done.stderr
