"""The figures of the paper, redrawn."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from pipeline.figures.paper import fig1, fig2, fig3, fig4, fig5, fig6
from tests.pipeline.figures.fake_posterior import (
    texts,
)
from transport.checkout import ROOT
from transport.scenario import scenario_names


@pytest.mark.parametrize(
    ("module", "units"),
    [
        (fig1, [r"GV}^{1.7}]$", "[cm s$^{-1}$]", "[GV]"]),
        (fig2, [r"\mathrm{s}^{-1}]$", "[GV]"]),
        (fig3, [r"GV}^{1.7}]$", "[GV]"]),
        (fig5, ["B/C", "[GV]"]),
        (fig6, ["B/C", r"GV}^{1.7}]$", "[GV]"]),
    ],
)
def test_figures_of_the_paper(module, units):
    figure = module.draw()
    labels = " ".join(f"{ax.get_xlabel()} {ax.get_ylabel()}" for ax in figure.axes)
    for unit in units:
        assert unit in labels
    for ax in figure.axes:
        for line in ax.get_lines():
            assert np.isfinite(np.asarray(line.get_ydata(), dtype=float)).all()
        assert ax.get_xscale() == ax.get_yscale() == "log"
    figure.draw_without_rendering()


def test_fig1_cuts_off_between_streaming_and_the_speed_of_light():
    curves = fig1.solution(np.geomspace(1.0, 1e4, 2001))
    assert curves["confined"][0] == pytest.approx(curves["streaming"][0], rel=0.02)
    assert curves["confined"][-1] == pytest.approx(curves["free"][-1])
    assert np.all(np.diff(curves["speed"]) > -1e-9 * curves["speed"][1:])


@pytest.mark.parametrize("name", scenario_names())
def test_fig4_sketches_every_scenario(name):
    figure = fig4.draw(name)
    written = " ".join(texts(figure))
    layers, disk = fig4.layers_of(fig4.get_scenario(name))
    shown = [p for layer in layers for p in layer.parameters] + list(disk)
    assert sorted(p.name for p in shown) == sorted(
        p.name for p in fig4.get_scenario(name).parameters
    )
    assert all(f"${p.latex} = " in written for p in shown)


def test_fig4_streams_and_diffuses_where_the_scenario_does():
    def kinds(name):
        return [layer.streaming for layer in fig4.layers_of(fig4.get_scenario(name))[0]]

    assert kinds("two_phase") == [False, True]
    assert kinds("fast_modes") == [False, False]
    assert kinds("stratified_halo") == [True]
    assert kinds("undamped_cascade") == [False]


def test_fig4_claims_no_transport_that_it_does_not_know():
    class Mine(fig4.Scenario):
        name, title, parameters = "mine", "mine", fig4.get_scenario("kolmogorov").parameters[:3]

        def spectra(self, values, rigidity):
            raise NotImplementedError

    (layer,), _ = fig4.layers_of(Mine())
    assert (layer.motion, layer.streaming) == ("", None)


def test_a_figure_of_another_transport_says_so_and_differs():
    paper, full = fig5.draw(), fig5.draw("full")
    assert paper.get_suptitle() == ""
    assert full.get_suptitle() == "full transport"
    curves = [figure.axes[0].lines[0].get_ydata() for figure in (paper, full)]
    assert np.all(curves[1][:20] < 0.5 * curves[0][:20])  # ionisation below 0.5 GV


def test_paper_figures_script_gives_another_transport_another_name(tmp_path):
    script = ROOT / "scripts" / "paper_figures.py"
    command = [sys.executable, script, "3", "--transport", "ionisation", "--output", tmp_path]
    subprocess.run(command, check=True, capture_output=True)
    assert {p.name for p in tmp_path.iterdir()} == {"fig3_ionisation.png", "fig3_ionisation.pdf"}
    done = subprocess.run(
        [sys.executable, script, "2", "--transport", "full"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "figure 2 shows no transport" in done.stderr


def test_paper_figures_script_refuses_what_there_is_not():
    script = ROOT / "scripts" / "paper_figures.py"
    command = [sys.executable, script, "4", "--scenario", "kolmogorof"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "did you mean 'kolmogorov'" in done.stderr
