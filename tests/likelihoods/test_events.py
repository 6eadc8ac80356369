"""Which tables count the same particles."""

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
