"""Corner plots: every parameter, readable, and never a bad chain hidden."""

from __future__ import annotations

import itertools
from copy import copy
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.text import Text

from pipeline.figures.corner_axes import axis_label, select_columns
from pipeline.figures.corner_plot import corner_figure
from pipeline.figures.style import save_figure
from tests.pipeline.figures.fake_posterior import (
    fake_posterior,
    make_problem,
    overlaps,
    texts,
    with_gid,
)
from transport.errors import CrtuneError


@pytest.fixture(scope="module")
def full_corner(two_phase):
    """The corner plot of all 18 parameters of the two-phase problem."""
    return corner_figure(fake_posterior(two_phase), two_phase, title="demo")


def panels(figure, n):
    """Panels by (row, column): those of a row follow each other."""
    return dict(zip(zip(*np.tril_indices(n), strict=True), figure.axes, strict=True))


def test_corner_shows_every_parameter_with_its_unit(two_phase, full_corner, tmp_path):
    figure, n = full_corner, two_phase.ndim
    assert n == 18
    axes = panels(figure, n)
    labels = [axes[n - 1, j].get_xlabel() for j in range(n)]
    assert labels == [axis_label(p) for p in two_phase.parameters]
    bottom = {p.name: label for p, label in zip(two_phase.parameters, labels, strict=True)}
    assert bottom["n_hot"].startswith("$\\log_{10}")
    assert bottom["n_hot"].endswith("cm}^{-3}]$")
    assert bottom["z_W"].endswith("pc}]$")
    assert "log" not in bottom["z_W"]
    written = " ".join(texts(figure))
    assert "39% and 86%" in written
    assert "prior density" in written
    assert "fiducial of the paper" in written
    assert not with_gid(figure, "verdict")
    png, pdf = save_figure(figure, tmp_path / "corner")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert pdf.read_bytes().startswith(b"%PDF")


def test_labels_of_many_parameters_do_not_overlap(two_phase, full_corner):
    figure, n = full_corner, two_phase.ndim
    axes = panels(figure, n)
    bottom = [axes[n - 1, j].xaxis for j in range(n)]
    left = [axes[i, 0].yaxis for i in range(1, n)]
    figure.draw_without_rendering()
    for axis in (bottom, left):
        for first, second in itertools.pairwise(a.label for a in axis):
            assert not overlaps(figure, first, second), (first.get_text(), second.get_text())
    for axis in bottom + left:
        assert not any(overlaps(figure, axis.label, tick) for tick in axis.get_ticklabels())
    for title in figure.findobj(lambda a: isinstance(a, Text) and "^{+" in a.get_text()):
        assert title.get_window_extent(figure.canvas.get_renderer()).x1 < figure.bbox.x1


def test_corner_estimates_are_medians_in_physical_units(kolmogorov):
    posterior = fake_posterior(kolmogorov)
    figure = corner_figure(posterior, kolmogorov, ["H"])
    median = np.median(posterior.values()["H"])
    title = figure.axes[0].get_title(loc="left")
    assert float(title.split("=")[1].split("^")[0]) == pytest.approx(median, abs=0.06)
    assert "kpc" in title


def test_prior_curve_is_the_prior_density(kolmogorov):
    """It integrates to one and has the mean of the prior, wherever the posterior is."""
    posterior = fake_posterior(kolmogorov, steps=200)
    draws = kolmogorov.sample_prior(20_000, np.random.default_rng(3))
    column = kolmogorov.names.index("gamma_inj")
    figure = corner_figure(posterior, kolmogorov, ["gamma_inj"])
    _, _, prior = (patch.get_data() for patch in figure.axes[0].patches)
    centre = 0.5 * (prior.edges[1:] + prior.edges[:-1])
    mean = np.average(centre, weights=prior.values)
    assert mean == pytest.approx(draws[:, column].mean(), abs=0.01)
    assert np.sum(prior.values * np.diff(prior.edges)) == pytest.approx(1.0, abs=0.02)


def test_legend_and_titles_tell_a_transport_that_is_not_the_papers(kolmogorov):
    full = make_problem("kolmogorov", 'transport = "full"')
    figure = corner_figure(fake_posterior(full), full, title="demo")
    assert "demo, transport full" in " ".join(texts(figure))
    assert full.scenario.full_title == f"{kolmogorov.scenario.full_title}, transport full"


def test_corner_says_not_converged(kolmogorov):
    posterior = fake_posterior(kolmogorov, steps=20, converged=False)
    figure = corner_figure(posterior, kolmogorov, ["H", "kappa_0"])
    (banner,) = with_gid(figure, "verdict")
    assert banner.startswith("NOT CONVERGED\nN/tau")
    assert "more reasons" in banner


def test_corner_of_fewer_draws_than_parameters(kolmogorov):
    posterior = fake_posterior(kolmogorov, steps=1, walkers=4, converged=False)
    assert len(posterior.flat) < kolmogorov.ndim
    figure = corner_figure(posterior, kolmogorov)
    assert with_gid(figure, "verdict")
    assert "posterior draws" in texts(figure)
    figure.draw_without_rendering()


@pytest.mark.filterwarnings("error")
def test_corner_of_constant_columns(kolmogorov, tmp_path):
    posterior = fake_posterior(kolmogorov)
    chain = posterior.chain.copy()
    chain[..., :2] = chain[0, 0, 0, :2]
    names = kolmogorov.names[:3]
    figure = corner_figure(replace(posterior, chain=chain), kolmogorov, names)
    for index in (0, 1):
        low, high = panels(figure, len(names))[index, index].get_xlim()
        assert low < chain[0, 0, 0, index] < high
    save_figure(figure, tmp_path / "constant")


def test_corner_of_some_parameters(kolmogorov):
    posterior = fake_posterior(kolmogorov)
    assert select_columns(posterior, ["H", "log10_kappa_0"]) == [
        kolmogorov.names.index("H"),
        kolmogorov.names.index("log10_kappa_0"),
    ]
    assert len(corner_figure(posterior, kolmogorov, ["H", "kappa_0"]).axes) == 3


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["gama_inj"], "did you mean 'gamma_inj'"),
        (["H", "H"], "given twice"),
        ([], "name at least one"),
    ],
)
def test_corner_refuses_a_bad_choice(kolmogorov, names, message):
    with pytest.raises(CrtuneError, match=message):
        select_columns(fake_posterior(kolmogorov), names)


def test_an_extension_of_the_paper_is_said_where_no_label_is(tmp_path):
    problem = make_problem("stratified_halo")
    figure = corner_figure(fake_posterior(problem), problem, ["z_0", "lambda1"])
    written = " ".join(texts(figure)).replace("\n", " ")
    assert problem.scenario.extension in written
    save_figure(figure, tmp_path / "corner")


def test_only_the_values_of_the_paper_are_called_so(kolmogorov):
    posterior = fake_posterior(kolmogorov)
    assert "fiducial of the paper" in texts(corner_figure(posterior, kolmogorov, ["H"]))
    mine = copy(kolmogorov)
    mine.scenario = copy(kolmogorov.scenario)
    mine.scenario.name = "mine"
    shown = texts(corner_figure(posterior, mine, ["H"]))
    assert "fiducial" in shown
    assert "fiducial of the paper" not in shown


def test_fixed_values_are_named(kolmogorov):
    posterior = replace(
        fake_posterior(kolmogorov), provenance={"fingerprint": {"prior.H": "fixed(4.0)"}}
    )
    shown = " ".join(texts(corner_figure(posterior, kolmogorov, ["gamma_inj"])))
    assert "fixed: H = 4" in shown
