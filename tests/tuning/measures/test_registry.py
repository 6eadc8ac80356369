"""A new measure is one file: the study, its tables and the command line find it there."""

import subprocess
import sys
from dataclasses import dataclass, replace

import numpy as np
import pytest

from pipeline.tuning.measures import measure
from pipeline.tuning.measures.columns import Theme, number
from pipeline.tuning.measures.measure import (
    EVERY_SELECTION,
    Group,
    Measure,
    Measured,
    groups,
    groups_for_parts,
    measures,
    register,
)
from pipeline.tuning.study.cases import Case
from pipeline.tuning.study.comparison import collect
from pipeline.tuning.study.results import load_results
from pipeline.tuning.study.study import Study
from pipeline.tuning.study.workers import select_cases
from pipeline.tuning.tables.entries import entries
from pipeline.tuning.tables.markdown import markdown
from tests.tuning.fake_results import case, evidence, results
from transport.checkout import ROOT
from transport.errors import CrtuneError


@dataclass(frozen=True)
class Median:
    """Median of a parameter under the prior."""

    names: tuple[str, ...]
    median: np.ndarray


def make(study):
    draws = study.bare_problem.sample_prior(500, study.rng("median"))
    return Median(study.bare_problem.names, np.median(draws, axis=0))


THEME = Theme("Medians", "Of the prior.")
NEW = Measure(
    "median",
    Median,
    Group("medians", "medians of the prior"),
    make,
    source="draws",
    selections=EVERY_SELECTION,
    rows=lambda found, results: [Measured("median_first", found.median[0], 0.01, "", "", ())],
    columns=(number(THEME, "the first", "median_first"),),
)


@pytest.fixture
def declared(monkeypatch):
    measures()
    monkeypatch.setattr(measure, "_REGISTRY", dict(measure._REGISTRY))
    return register(NEW)


def config_file(folder):
    path = folder / "mine.toml"
    path.write_text('scenario = "kolmogorov"\n[data.ams02_proton_2015]\nrigidity_min = 10.0\n')
    return path


def test_the_order_is_that_of_the_names():
    """And not of imports, which tests and scripts begin anywhere."""
    assert list(measures()) == sorted(measures())


@pytest.mark.usefixtures("declared")
def test_it_is_made_once_stored_and_shown(tmp_path):
    path = config_file(tmp_path)
    (chosen,) = [c for c in select_cases([path], measures=["medians"]) if c.selection == "both"]
    told = []
    Study(chosen, tell=told.append).make(["medians"])
    Study(chosen, tell=told.append).make(["medians"])
    assert told == ["median"]
    found, _ = collect([str(path)])
    assert found[0].median.names == chosen.problem(discrepancy=False).names
    (shown,) = [e.measured for e in entries(found) if e.measured.measure == "median_first"]
    assert shown.value == found[0].median.median[0]
    assert shown.flags == ()  # it does not rest on the nested runs
    text = markdown(entries(found))
    assert "### Medians\n\nOf the prior.\n" in text
    assert "| the first, Earth |" in text


@pytest.mark.usefixtures("declared")
def test_another_version_of_it_is_stale(tmp_path, monkeypatch):
    path = config_file(tmp_path)
    (chosen,) = [c for c in select_cases([path], measures=["medians"]) if c.selection == "both"]
    Study(chosen).make(["medians"])
    monkeypatch.setitem(measure._REGISTRY, "median", replace(NEW, version=2))
    (found,) = load_results([chosen])
    assert found.median is None
    assert found.stale == ("median",)


def test_what_rests_on_nested_runs_carries_their_flags(monkeypatch):
    measures()
    monkeypatch.setattr(measure, "_REGISTRY", dict(measure._REGISTRY))
    register(replace(NEW, source="posterior"))
    made = results(case(), evidence=evidence(converged=False), median=Median(("a",), np.ones(1)))
    (shown,) = [e.measured for e in entries([made]) if e.measured.measure == "median_first"]
    assert shown.flags == ("NOT CONVERGED",)


@pytest.mark.usefixtures("declared")
def test_the_command_line_knows_it():
    assert groups()["medians"] == "medians of the prior"
    assert "medians" in groups_for_parts()
    with pytest.raises(CrtuneError, match="did you mean 'medians'"):
        select_cases(measures=["median"])


def test_the_help_lists_every_group():
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "fine_tuning.py", "--help"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name, description in groups().items():
        assert f"  {name} " in done.stdout
        assert description in done.stdout


def test_two_measures_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two measures are called 'evidence'"):
        register(replace(measures()["evidence"], version=3))


def test_a_result_that_no_measure_has_is_an_error_not_none():
    with pytest.raises(AttributeError, match="'evidenc' is no measure"):
        results(case()).evidenc  # noqa: B018


def test_parts_of_the_data_get_what_is_for_them(tmp_path):
    path = config_file(tmp_path)
    part = Case(select_cases([path])[0].run, "proton", "earth")
    assert Study(part).result("stiffness") is None
