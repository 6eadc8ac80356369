"""Which tables count the same particles."""

from dataclasses import replace

import pytest

from likelihoods.events import same_table, shared_events
from likelihoods.reading import read_measurement


def table(name, **cuts):
    return read_measurement(name, **cuts)


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ("ams02_bc_2016", "ams02_bc_2016", "the table ams02_bc_2016.ecsv"),
        ("ams02_bc_2016", "ams02_bc_2016_ekn", "doi 10.1103/PhysRevLett.117.231102"),
        ("ams02_bc_2021", "ams02_boron_2021", "doi"),
        ("voyager1_bc", "voyager1_carbon", "doi"),
    ],
)
def test_one_table_under_two_names_or_units(first, second, why):
    assert why in same_table(table(first), table(second))
    assert why in same_table(table(second), table(first))


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ("ams02_proton_2015", "ams02_proton_2021", "ams02_2011_2013 and ams02_2011_2018"),
        ("ams02_bc_2016", "ams02_carbon_2023", "overlap"),
        ("voyager1_proton", "voyager1_proton_2013", "voyager1 outside the heliosphere"),
    ],
)
def test_periods_of_one_instrument_that_overlap(first, second, why):
    assert same_table(table(first), table(second)) is None
    assert why in shared_events(table(first), table(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ams02_proton_2015", "ams02_bc_2016"),  # other particles
        ("ams02_proton_2015", "dampe_proton_2019"),  # other instrument
        ("calet_bc_2022", "dampe_bc_2022"),
        ("voyager1_proton", "ams02_proton_2015"),
        ("voyager1_proton", "voyager1_bc"),
    ],
)
def test_other_events(first, second):
    assert shared_events(table(first), table(second)) is None


def test_rigidities_apart_are_other_events():
    low = table("ams02_bc_2016", rigidity_max=48.5)
    high = table("ams02_bc_2016", rigidity_min=45.1)
    assert shared_events(low, high)  # one bin in common
    high = table("ams02_bc_2016", rigidity_min=48.5)
    assert shared_events(low, high) is None


@pytest.mark.parametrize("doi", ["none", "in preparation", "-", ""])
def test_what_is_no_doi_names_no_table(doi):
    first = replace(table("dampe_bc_2022"), doi=doi)
    assert same_table(first, replace(table("calet_bc_2022"), doi=doi)) is None


@pytest.mark.parametrize(
    "doi", ["10.1103/physrevlett.117.231102", "https://doi.org/10.1103/PhysRevLett.117.231102"]
)
def test_a_doi_is_known_in_any_spelling(doi):
    twin = replace(table("ams02_bc_2016_ekn"), doi=doi)
    assert "doi" in same_table(table("ams02_bc_2016"), twin)


def test_a_twin_under_another_reference_and_period_is_known_by_its_bins():
    bibcode = "2016PhRvL.117w1102A"
    twin = replace(table("ams02_bc_2016_ekn"), doi=bibcode, period="my_period")
    assert same_table(table("ams02_bc_2016"), twin) is None
    assert "the same rigidities" in shared_events(table("ams02_bc_2016"), twin)
    assert "doi" in same_table(twin, replace(table("ams02_bc_2016"), doi=bibcode))
