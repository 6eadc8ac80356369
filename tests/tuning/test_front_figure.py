"""The front figure: all runs, both transports, what is open or nothing."""

import numpy as np
import pytest
from matplotlib.text import Text

from pipeline.figures.tuning.front import front_figure
from pipeline.figures.tuning.looks import RANGE_TITLES
from tests.pipeline.page.rows_of_a_study import BITS, bits_rows, row, whole_study
from transport.errors import CrtuneError


def points(ax, marker):
    return [
        float(np.ravel(line.get_xdata())[0]) for line in ax.lines if line.get_marker() == marker
    ]


def test_bits_of_both_transports():
    paper = {run: (a + 1.0, b + 1.0) for run, (a, b) in BITS.items()}
    figure = front_figure(whole_study(BITS, paper))
    figure.canvas.draw()
    for ax, which in zip(figure.axes, (0, 1), strict=True):
        assert sorted(points(ax, "o")) == sorted(pair[which] for pair in BITS.values())
        assert sorted(points(ax, "s")) == sorted(pair[which] for pair in paper.values())
    shown = {t.get_text() for t in figure.findobj(Text)}
    assert {*RANGE_TITLES.values(), "two-phase", "stratified halo", "full transport"} <= shown


def test_bounds_have_arrows_and_nothing_is_crossed():
    rows = bits_rows({"kolmogorov": (6.0, None), "my_theory": (31.0, 40.0)})
    rows.append(row("my_theory", "acceptable_max_1", 31.0, note="lower bound"))
    figure = front_figure(rows)
    figure.canvas.draw()
    earth, voyager = figure.axes
    assert len(points(voyager, "x")) == 1
    assert points(earth, "x") == []
    assert [t for t in earth.texts if getattr(t, "arrow_patch", None)]
    assert not [t for t in voyager.texts if getattr(t, "arrow_patch", None)]
    assert "my theory" in {t.get_text() for t in figure.findobj(Text)}


def test_variants_and_other_priors_are_not_drawn():
    plain = bits_rows({"kolmogorov": (6.0, 11.0)})
    others = [
        row("kolmogorov", "acceptable_max_1", 9.0, variant="no_peak"),
        row("kolmogorov", "acceptable_max_1", 9.0, priors="wide"),
        row("kolmogorov", "acceptable_max_1", 9.0, transport="ionisation"),
    ]
    assert points(front_figure([*plain, *others]).axes[0], "o") == [6.0]
    with pytest.raises(CrtuneError, match="acceptable_max_1"):
        front_figure(others)


def test_a_run_under_priors_of_its_own_is_drawn_and_told():
    own = [row("my_theory", "acceptable_max_1", 8.0, priors="mine.toml")]
    figure = front_figure([*bits_rows({"kolmogorov": (6.0, 11.0)}), *own])
    assert points(figure.axes[0], "o") == [6.0, 8.0]
    assert any("(my theory: mine.toml)" in t.get_text() for t in figure.findobj(Text))
