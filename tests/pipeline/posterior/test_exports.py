"""What a posterior is written as for others: best point, LaTeX table, GetDist's text format."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.config.load import config_from_toml
from pipeline.from_config import build_problem
from pipeline.posterior.best import best_values, read_best, write_best
from pipeline.posterior.getdist import write_getdist
from pipeline.posterior.latex import latex_table, number_with_errors, write_latex
from pipeline.posterior.summary import fixed_values
from pipeline.predict import predict
from pipeline.predict_input import parse_values
from tests.pipeline.figures.fake_posterior import CONFIG, fake_posterior
from transport.errors import CrtuneError


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A problem with a fixed parameter, an option, and draws of its prior."""
    path = tmp_path_factory.mktemp("exports") / "mine.toml"
    path.write_text('extends = "plausible"\n[parameters]\nr = { fixed = 8.0 }\n')
    text = CONFIG.format(scenario="two_phase").replace(
        "[data.ams02_proton_2015]",
        f'priors = "{path}"\nscenario_options = {{ halo_damping = "nonlinear_and_linear" }}\n'
        "[data.ams02_proton_2015]",
    )
    config = config_from_toml(text)
    problem = build_problem(config)
    provenance = {
        "config": config.to_toml(),
        "fingerprint": problem.fingerprint(),
        "files": [str(path.with_suffix("") / "ensemble_00.h5")],
    }
    return replace(fake_posterior(problem), provenance=provenance), problem


def test_predict_at_the_best_point_is_what_the_likelihood_saw(run, tmp_path):
    posterior, problem = run
    best = read_best(write_best(posterior, problem, tmp_path / "best.toml", "two_phase"))
    assert best.scenario.chosen["halo_damping"] == "nonlinear_and_linear"
    assert best.values | best.nuisances == best_values(posterior, problem)
    assert best.values["r"] == 8.0
    values = parse_values(best.scenario, [*best.assignments])
    assert values == best.values
    again = predict(best.scenario, values, np.array([20.0, 200.0]))
    at = {name: np.array([value]) for name, value in best_values(posterior, problem).items()}
    curve = problem.likelihood.curve("voyager1_proton", at, np.array([20.0, 200.0]))
    # the likelihood interpolates between points of a grid
    np.testing.assert_allclose(again.proton, curve[0], rtol=1e-3)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Ma = ", "Mu = ", "values.Ma is missing"),
        ("[nuisances]", "[nuisance]", "did you mean 'nuisances'"),
        ('"two_phase"\n', '"two_fase"\n', "did you mean 'two_phase'"),
        ("r = 8.0", 'r = "8"', "values.r = '8' should be a finite number"),
        ("r = 8.0", "r = nan", "values.r = nan should be a finite number"),
        ("r = 8.0", "r = ", "not valid TOML"),
        ("r = 8.0", "r = 8.0\nq = 1.0", "no parameter 'q'"),
        ('halo_damping = "nonlinear_and_linear"', 'halo_damping = "nonlinea"', "halo_damping"),
    ],
)
def test_a_best_point_that_makes_no_sense(run, tmp_path, old, new, words):
    path = write_best(*run, tmp_path / "best.toml")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(CrtuneError) as caught:
        read_best(path)
    assert words in str(caught.value)
    assert "best.toml" in str(caught.value)
    with pytest.raises(CrtuneError, match=r"summarize\.py RUN --best"):
        read_best(tmp_path / "none.toml")


@pytest.mark.parametrize("write", [write_best, write_latex])
def test_a_file_of_somebody_else_is_kept(run, tmp_path, write):
    config = tmp_path / "run.toml"
    config.write_text('# My run\nscenario = "two_phase"\n')
    with pytest.raises(CrtuneError, match=r"run\.toml: is there and was not written by crtune"):
        write(*run, config)
    assert config.read_text() == '# My run\nscenario = "two_phase"\n'
    with pytest.raises(CrtuneError, match="is a folder; give the name of a file"):
        write(*run, tmp_path)
    own = write(*run, tmp_path / "own")
    first = own.read_text()
    assert write(*run, own).read_text() == first  # its own it replaces


def test_numbers_have_two_digits_of_error():
    assert number_with_errors(4.1, 4.2, 4.4) == "4.20^{+0.20}_{-0.10}"
    assert number_with_errors(1e28, 2e28, 4e28) == r"(2.0^{+2.0}_{-1.0})\times 10^{28}"
    assert number_with_errors(-1.0, 0.0, 1.0) == "0.0^{+1.0}_{-1.0}"


def test_latex_table(run, tmp_path):
    posterior, problem = run
    text = latex_table(posterior, problem)
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 1 + len(problem.parameters) + 1
    assert all(row.count(" & ") == 4 for row in rows)
    (fixed,) = (row for row in rows if row.endswith(r"fixed \\"))
    assert fixed.startswith("$r$ ")
    assert "$8$" in fixed
    low, mid, high = np.quantile(posterior.values()["Ma"], [0.16, 0.5, 0.84])
    (mach,) = (row for row in rows if row.startswith(r"$\mathrm{Ma}$"))
    assert f"${number_with_errors(low, mid, high)}$" in mach
    assert mach.endswith(r"uniform: low 0.2, high 1 \\")
    assert "NOT CONVERGED" not in text
    bad = replace(posterior, verdict=replace(posterior.verdict, converged=False, reasons=("x",)))
    assert r"\textbf{NOT CONVERGED" in latex_table(bad, problem)
    assert write_latex(bad, problem, tmp_path / "t.tex").read_text().startswith("% *** NOT")


def test_getdist_files_hold_the_draws_their_names_and_their_bounds(run, tmp_path):
    posterior, problem = run
    root = tmp_path / "deep" / "mine"
    root.parent.mkdir()
    root.with_name("mine_3.txt").write_text("an ensemble of before\n")
    written = write_getdist(posterior, problem, root)
    chains = [np.loadtxt(root.with_name(f"mine_{k}.txt")) for k in (1, 2)]
    assert not root.with_name("mine_3.txt").exists()
    assert {p.name for p in root.parent.iterdir()} == {p.name for p in written}
    logarithmic = [i for i, p in enumerate(problem.parameters) if p.scale == "log10"]
    for k, rows in enumerate(chains):
        n = problem.ndim
        assert rows.shape == (posterior.samples.shape[1], 2 + n + len(logarithmic))
        assert np.all(rows[:, 0] == 1)
        np.testing.assert_allclose(rows[:, 1], -posterior.log_prob[k].ravel(), rtol=1e-9)
        np.testing.assert_allclose(rows[:, 2 : 2 + n], posterior.samples[k], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(rows[:, 2 + n :], 10 ** rows[:, [2 + i for i in logarithmic]])
    names = [line.split("\t") for line in root.with_suffix(".paramnames").read_text().splitlines()]
    assert [name for name, _ in names[: problem.ndim]] == list(problem.names)
    assert all(name.endswith("*") for name, _ in names[problem.ndim :])
    assert not any("$" in label for _, label in names)
    bounds = dict(
        (line.split("\t")[0], line.split("\t")[1:])
        for line in root.with_suffix(".ranges").read_text().splitlines()
    )
    assert bounds["Ma"] == ["0.2", "1"]
    assert bounds["log10_E_CR"] == ["N", "N"]


def test_fixed_values_are_told_by_the_fingerprint(run):
    assert fixed_values(run[0]) == {"r": 8.0}
