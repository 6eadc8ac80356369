"""Figures of runs and of the paper: they exist, say what they show, and never hide a bad chain."""

from __future__ import annotations

import itertools
import subprocess
import sys
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.text import Text

from likelihoods.discrepancy import DiscrepancyOptions
from likelihoods.joint import JointLikelihood
from likelihoods.measurement import read_measurement
from pipeline.cli import repo_root
from pipeline.config import config_from_toml
from pipeline.convergence import assess
from pipeline.figures.corner_plot import axis_label, corner_figure, select_columns
from pipeline.figures.measured import data_label
from pipeline.figures.paper import fig1, fig2, fig3, fig4, fig5, fig6
from pipeline.figures.posterior_spectra import format_misfits, posterior_spectra
from pipeline.figures.run_inputs import load_posterior_and_problem
from pipeline.figures.spectra_plot import spectra_figure
from pipeline.figures.style import save_figure
from pipeline.posterior import Posterior
from pipeline.problem import build_problem
from pipeline.rounds import Run
from transport.errors import CrtuneError
from transport.scenario import scenario_names

CONFIG = """
scenario = "{scenario}"
[data.ams02_proton_2015]
rigidity_min = 10.0
[data.ams02_bc_2016]
rigidity_min = 3.0
[data.voyager1_proton]
rigidity_min = 0.3
[data.voyager1_bc]
rigidity_min = 0.3
[sampling]
ensembles = 2
walkers = 36
min_steps = 20
max_steps = 20
checkpoint_steps = 20
workers = 1
"""


def make_problem(scenario):
    return build_problem(config_from_toml(CONFIG.format(scenario=scenario)))


@pytest.fixture(scope="module")
def kolmogorov():
    return make_problem("kolmogorov")


@pytest.fixture(scope="module")
def two_phase():
    return make_problem("two_phase")


def fake_posterior(problem, steps=40, walkers=16, converged=True, seed=0):
    """Two ensembles of prior draws, with the verdict asked for."""
    rng = np.random.default_rng(seed)
    chain = problem.sample_prior(2 * steps * walkers, rng).reshape(2, steps, walkers, -1)
    log_prob = problem.log_prior(chain.reshape(-1, problem.ndim)).reshape(chain.shape[:-1])
    verdict = assess(chain, log_prob, problem.names)
    if converged:
        verdict = replace(verdict, converged=True, reasons=())
    return Posterior(
        chain=chain,
        log_prob=log_prob,
        blobs={"log_prior": log_prob},
        names=problem.names,
        labels=problem.labels,
        physical_names=tuple(p.name for p in problem.parameters),
        units=tuple(p.unit for p in problem.parameters),
        verdict=verdict,
        provenance={},
    )


def texts(figure):
    """All text of a figure, legends and suptitle with it."""
    return [text.get_text() for text in figure.findobj(Text)]


def with_gid(figure, gid):
    return [t.get_text() for t in figure.findobj(lambda a: a.get_gid() == gid)]


def overlaps(figure, a, b):
    renderer = figure.canvas.get_renderer()
    return a.get_window_extent(renderer).overlaps(b.get_window_extent(renderer))


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
    misfit = f"{spectra.misfits['voyager1_bc'].best:.2f}"
    assert f"Voyager 1 B/C 2016: max |ln(model/data)| = {misfit}" in written
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


def test_labels_of_data():
    assert data_label(read_measurement("ams02_proton_2015")) == "AMS-02 p 2015"
    assert data_label(read_measurement("voyager1_bc")) == "Voyager 1 B/C 2016"


def test_a_short_run_from_the_command_line(tmp_path, monkeypatch):
    path = tmp_path / "short.toml"
    path.write_text(CONFIG.format(scenario="kolmogorov"))
    config = config_from_toml(path.read_text(), path)
    run = Run(
        build=partial(build_problem, config),
        folder=config.run_dir,
        sampling=config.sampling,
        convergence=config.convergence,
        config_text=config.to_toml(),
    )
    run.execute(progress=False)
    posterior, problem = load_posterior_and_problem(config.run_dir)
    assert posterior.names == problem.names
    for script, stem in (("plot_corner", "corner"), ("plot_spectra", "spectra")):
        command = [sys.executable, repo_root() / "scripts" / f"{script}.py", config.run_dir]
        command += ["--params", "kappa_0,H"] if stem == "corner" else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "NOT CONVERGED" in done.stdout
        assert (config.run_dir / f"{stem}.png").stat().st_size > 10_000
        assert (config.run_dir / f"{stem}.pdf").stat().st_size > 10_000
    assert "max |ln(model/data)|" in done.stdout
    # a chain that the model no longer gives is not drawn
    changed = SimpleNamespace(
        names=problem.names,
        fingerprint=problem.fingerprint,
        log_prob=lambda coords: problem.log_prob(coords) + 0.1,
    )
    monkeypatch.setattr("pipeline.figures.run_inputs.build_problem", lambda config: changed)
    with pytest.raises(CrtuneError, match="the model has changed"):
        load_posterior_and_problem(config.run_dir)


def test_a_chain_of_another_problem_is_refused(tmp_path, monkeypatch, kolmogorov):
    posterior = replace(
        fake_posterior(kolmogorov), provenance={"config": CONFIG.format(scenario="weak_shocks")}
    )
    monkeypatch.setattr("pipeline.figures.run_inputs.load_run", lambda folder: posterior)
    with pytest.raises(CrtuneError, match="l_shock"):
        load_posterior_and_problem(tmp_path)


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


def test_paper_figures_script_refuses_what_there_is_not():
    script = repo_root() / "scripts" / "paper_figures.py"
    command = [sys.executable, script, "4", "--scenario", "kolmogorof"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "did you mean 'kolmogorov'" in done.stderr
