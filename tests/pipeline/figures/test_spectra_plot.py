"""Posterior spectra: bands, terms and misfits are what they say."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import numpy as np
import pytest

from likelihoods.discrepancy_groups import DiscrepancyOptions
from likelihoods.joint import JointLikelihood
from likelihoods.reading import DATA_DIRECTORY, read_measurement
from pipeline.figures.measured import colour, colours, data_label
from pipeline.figures.posterior_spectra import format_misfits, posterior_spectra
from pipeline.figures.spectra_plot import spectra_figure
from pipeline.figures.style import save_figure
from tests.pipeline.figures.fake_posterior import fake_posterior, make_problem, texts, with_gid


@pytest.fixture(scope="module")
def two_phase_spectra(two_phase):
    posterior = fake_posterior(two_phase, steps=10)
    return posterior, posterior_spectra(posterior, two_phase, n_draws=60)


def test_bands_are_quantiles_of_the_curves(two_phase, two_phase_spectra):
    posterior, spectra = two_phase_spectra
    assert set(spectra.bands) == {"proton", "boron_to_carbon"}
    assert set(spectra.bands["proton"]) == {"interstellar", "ams02_2011_2013"}
    every = max(1, len(posterior.flat) // 60)
    values = two_phase.values(posterior.flat[::every])
    likelihood = two_phase.likelihood
    for name, period in (
        ("ams02_proton_2015", "ams02_2011_2013"),
        ("voyager1_proton", "interstellar"),
    ):
        curves = likelihood.curve(name, values, spectra.rigidity)
        median = np.median(curves, axis=0)
        assert spectra.bands["proton"][period][2] == pytest.approx(median, rel=2e-3)
    # Modulation: gone at high rigidity, strong at low.
    ratio = (
        spectra.bands["proton"]["ams02_2011_2013"][2] / spectra.bands["proton"]["interstellar"][2]
    )
    assert ratio[-1] == pytest.approx(1.0, abs=0.01)
    assert ratio[0] < 0.3


def test_terms_add_up_at_one_draw(two_phase):
    posterior = fake_posterior(two_phase, steps=1, walkers=1)
    one = replace(posterior, chain=posterior.chain[:1], log_prob=posterior.log_prob[:1])
    spectra = posterior_spectra(one, two_phase)
    for observable in ("proton", "boron_to_carbon"):
        total = sum(spectra.terms[observable].values())
        interstellar = spectra.bands[observable]["interstellar"][2]
        assert total == pytest.approx(interstellar, rel=5e-3)


def test_misfits_are_those_of_the_likelihood(two_phase, two_phase_spectra):
    posterior, spectra = two_phase_spectra
    worst = two_phase.likelihood.max_abs_log_ratio(two_phase.values(posterior.best()))
    for name, misfit in spectra.misfits.items():
        assert misfit.best == pytest.approx(worst[name][0])
        assert misfit.low <= misfit.median <= misfit.high
    table = format_misfits(spectra)
    assert all(name in table for name in two_phase.dataset_names)


def test_spectra_figure_says_what_it_shows(two_phase, two_phase_spectra, tmp_path):
    posterior, spectra = two_phase_spectra
    figure = spectra_figure(spectra, two_phase.likelihood, posterior.verdict, "Two-phase model")
    proton, ratio, residual, _ = figure.axes
    assert "R^{2.7}" in proton.get_ylabel()
    assert "GV" in proton.get_ylabel()
    assert ratio.get_ylabel() == "B/C at equal rigidity"
    assert residual.get_xlabel() == "rigidity $R$ [GV]"
    assert residual.get_ylabel() == "ln(data / model)"
    written = texts(figure)
    for expected in (
        "model, interstellar",
        "model, at Earth, AMS-02 2011-2013",
        "warm layer (median)",
        "hot halo (median)",
    ):
        assert expected in written
    # the number in the legend is the largest residual that is drawn
    drawn = np.log(
        two_phase.likelihood.datasets["voyager1_bc"].value / spectra.predictions["voyager1_bc"][2]
    )
    misfit = f"{np.abs(drawn).max():.2f}"
    assert f"Voyager 1 B/C 2016: max |ln(data/model)| = {misfit}" in written
    assert not with_gid(figure, "verdict")
    save_figure(figure, tmp_path / "spectra")


def test_spectra_figure_says_not_converged_and_extension():
    problem = make_problem("stratified_halo")
    posterior = fake_posterior(problem, steps=2, walkers=4, converged=False)
    spectra = posterior_spectra(posterior, problem)
    figure = spectra_figure(spectra, problem.likelihood, posterior.verdict, "t")
    (banner,) = with_gid(figure, "verdict")
    assert banner.startswith("NOT CONVERGED")
    (footnote,) = with_gid(figure, "footnote")
    assert "extension" in footnote


def test_without_discrepancy_and_with_nuclei(kolmogorov, tmp_path):
    likelihood = JointLikelihood(
        kolmogorov.scenario,
        {
            "ams02_carbon_2021": read_measurement("ams02_carbon_2021", rigidity_min=5.0),
            "voyager1_bc": read_measurement("voyager1_bc", rigidity_min=0.3),
        },
        discrepancy=DiscrepancyOptions(enabled=False),
    )
    posterior = fake_posterior(kolmogorov, steps=2)

    class Problem:
        """Draws of the scenario's parameters with fiducial nuisances."""

        def values(self, theta):
            known = kolmogorov.values(theta)
            count = np.ones(len(np.atleast_2d(theta)))
            return {k: known.get(k, v * count) for k, v in likelihood.fiducial().items()}

    problem = Problem()
    problem.likelihood = likelihood
    spectra = posterior_spectra(posterior, problem)
    assert spectra.amplitudes == {}
    figure = spectra_figure(spectra, likelihood, posterior.verdict)
    assert [ax.get_ylabel().split()[0] for ax in figure.axes[:2]] == ["B/C", "carbon"]
    assert "none" in format_misfits(spectra)
    save_figure(figure, tmp_path / "nuclei")


def test_legends_of_long_labels_do_not_run_into_each_other(two_phase, two_phase_spectra):
    posterior, spectra = two_phase_spectra
    likelihood = copy(two_phase.likelihood)
    long = "a detector with a long name, all of 2030"
    likelihood.datasets = {k: replace(m, label=long) for k, m in likelihood.datasets.items()}
    figure = spectra_figure(spectra, likelihood, posterior.verdict)
    figure.draw_without_rendering()
    first, second = (
        ax.get_legend().get_window_extent() for ax in figure.axes if ax.get_legend()
    )  # fmt: skip
    assert first.x0 >= 0
    assert first.x1 <= second.x0


def test_data_sets_of_one_kind_have_colours_of_their_own():
    names = ("ams02_proton_2015", "voyager1_proton", "ams02_proton_2021", "dampe_proton_2019",
             "voyager1_proton_2013")  # fmt: skip
    found = colours({name: read_measurement(name) for name in names})
    assert len(set(found.values())) == len(names)
    assert found["ams02_proton_2015"] == colour(read_measurement("ams02_bc_2016"))
    assert found["voyager1_proton"] == colour(read_measurement("voyager1_bc"))


def test_a_table_can_say_how_figures_call_it(tmp_path):
    text = (DATA_DIRECTORY / "voyager1_bc.ecsv").read_text()
    path = tmp_path / "mine.ecsv"
    name = "# - {name: voyager1_bc}\n"
    assert name in text
    path.write_text(text.replace(name, f"{name}# - {{label: My B/C 2030}}\n"))
    assert data_label(read_measurement(path)) == "My B/C 2030"
    assert data_label(read_measurement(path, name="x")) == "My B/C 2030"


def test_labels_of_data():
    assert data_label(read_measurement("ams02_proton_2015")) == "AMS-02 p 2015"
    assert data_label(read_measurement("voyager1_bc")) == "Voyager 1 B/C 2016"
