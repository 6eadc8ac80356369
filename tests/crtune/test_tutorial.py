"""docs/tutorial.py runs from its first to its last cell, in a folder of its own."""

import runpy

from tests.cheap_run import ROOT

TUTORIAL = ROOT / "docs" / "tutorial.py"


def test_the_tutorial_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    made = runpy.run_path(str(TUTORIAL))
    assert {p.name for p in (tmp_path / "my_study").iterdir()} == {
        "kolmogorov", "kolmogorov.toml", "leaky_box", "leaky_box.py", "leaky_box.toml",
        "priors.toml", "comparison.png",
    }  # fmt: skip
    assert made["box_posterior"].problem.scenario.name == "leaky_box"
    assert "ams02_bc_2016: 62 of 62 points" in capsys.readouterr().out
