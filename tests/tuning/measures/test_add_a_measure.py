"""docs/add_a_measure.md, followed to the letter."""

import re
import sys
import types

import numpy as np
import pytest

from pipeline.tuning.measures import measure
from pipeline.tuning.measures.measure import groups, measures
from pipeline.tuning.study.comparison import collect
from pipeline.tuning.study.study import Study
from pipeline.tuning.study.workers import select_cases
from pipeline.tuning.tables.entries import entries
from pipeline.tuning.tables.markdown import markdown
from transport.checkout import ROOT

PAGE = (ROOT / "docs" / "add_a_measure.md").read_text()
(CODE,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
NAME = re.search(r"`pipeline/tuning/measures/(\w+)\.py`:", PAGE)[1]
CONFIG = 'scenario = "kolmogorov"\n[data.ams02_proton_2015]\nrigidity_min = 10.0\n'


@pytest.fixture
def added(monkeypatch):
    """The page's module, as if it were a file of the package."""
    measures()
    monkeypatch.setattr(measure, "_REGISTRY", dict(measure._REGISTRY))
    module = types.ModuleType(f"pipeline.tuning.measures.{NAME}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(CODE, NAME, "exec"), module.__dict__)
    return module


@pytest.mark.usefixtures("added")
def test_the_measure_is_made_and_in_the_tables(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(CONFIG)
    (name,) = re.findall(r"fine_tuning\.py \S+ --measures (\w+)", PAGE)
    assert name in groups()
    (case,) = [c for c in select_cases([path], measures=[name]) if c.selection == "both"]
    Study(case).make([name])
    found, _ = collect([str(path)])
    rows = {e.measured.measure: e.measured.value for e in entries(found)}
    # Kolmogorov's slope, whatever the other parameters are
    quantiles = [rows[f"expected_delta_{q}"] for q in ("16", "50", "84")]
    np.testing.assert_allclose(quantiles, 1.0 / 3.0, atol=0.02)
    assert "### Expected slope\n\ndelta from B/C" in markdown(entries(found))
