"""The files of a study: nothing is lost on the way."""

import csv
import json
import math

import pytest

from pipeline.tuning.tables.entries import entries
from pipeline.tuning.tables.report import COLUMNS, write_report
from tests.tuning.fake_results import (
    case,
    everything,
)


def test_csv_and_json_hold_the_same_and_everything(tmp_path):
    made = [everything(case("two_phase", place), floor=0.45) for place in ("earth", "voyager")]
    paths = write_report(made, tmp_path)
    assert [p.name for p in paths] == ["tuning.csv", "tuning.json", "tuning.md"]
    with open(paths[0], newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    content = json.loads(paths[1].read_text(), parse_constant=pytest.fail)
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(content["entries"]) == len(entries(made))
    for row, other in zip(rows, content["entries"], strict=True):
        assert all(row[name] == other[name] for name in COLUMNS if name not in ("value", "error"))
        for name in ("value", "error"):
            number = float(row[name])
            assert number == other[name] if math.isfinite(number) else other[name] is None
    keys = [(r["run"], r["range"], r["selection"], r["priors"], r["measure"]) for r in rows]
    assert len(set(keys)) == len(keys)
    by_measure = {r["measure"]: r for r in rows if r["range"] == "earth"}
    assert float(by_measure["log_z"]["value"]) == -100.0
    assert float(by_measure["log_z"]["error"]) == 0.15
    # D_KL is told in bits: (-92 - -100) / ln 2
    assert float(by_measure["cost"]["value"]) == pytest.approx(8.0 / math.log(2.0), rel=1e-12)
    assert by_measure["acceptable_max_0.2"]["value"] == "inf"
    assert by_measure["acceptable_max_0.2"]["note"] == "none: floor 45%"
    assert by_measure["stiffest_tolerance"]["note"] == "a b^-1 must hold to 7%"
    # the larger one, 40, is defined at a fifth of the draws only
    assert float(by_measure["largest_sensitivity_of_a_slope"]["value"]) == 2.0
    assert content["made_by"]["git"]["commit"]
