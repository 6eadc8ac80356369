"""Merged posteriors, their table, and what ArviZ makes of them."""

import csv
import json
import tomllib

import numpy as np
import pytest
import xarray

from pipeline.chains.ensembles import ensemble_files
from pipeline.chains.reader import read_chain
from pipeline.posterior import judge
from pipeline.posterior.judge import current_verdict
from pipeline.posterior.load import load_run
from pipeline.posterior.summary import format_table, summarize, write_csv
from pipeline.sampling.ensemble import EnsembleRun, ensemble_path
from pipeline.sampling.rounds import make_folder
from tests.pipeline.toy_run import toy_run
from tests.toy_problems import GaussianProblem
from transport.errors import CrtuneError
from transport.parameters import Parameter

SD = (0.3, 2.0)


def logarithmic():
    """Two parameters, the second sampled as its log10."""
    problem = GaussianProblem(covariance=np.diag(np.square(SD)), mean=[1.0, 2.0])
    parameters = (
        Parameter("slope", "", "s", "a slope", 1.0),
        Parameter("size", "pc", "L", "a size", 100.0, scale="log10"),
    )
    problem.parameters = parameters
    problem.names = tuple(p.coordinate_name for p in parameters)
    problem.labels = tuple(p.coordinate_latex for p in parameters)
    return problem


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A converged run of 2 ensembles."""
    folder = tmp_path_factory.mktemp("posterior") / "run"
    run = toy_run(
        folder, logarithmic, min_n_tau=30, max_rhat=1.02, min_steps=600, max_steps=3000, thin=2
    )
    assert run.execute(progress=False).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def posterior(folder):
    return load_run(folder)


def test_shapes_and_names(posterior):
    n_ensembles, n_steps, walkers, ndim = posterior.chain.shape
    assert (n_ensembles, walkers, ndim) == (2, 16, 2)
    assert posterior.samples.shape == (2, n_steps * 16, 2)
    assert posterior.flat.shape == (2 * n_steps * 16, 2)
    assert posterior.log_prob.shape == (2, n_steps, 16)
    assert posterior.names == ("slope", "log10_size")
    assert posterior.physical_names == ("slope", "size")
    assert posterior.units == ("", "pc")
    assert set(posterior.blobs) == {
        "log_prior",
        "log_likelihood_first",
        "log_likelihood_second",
    }


def test_burn_in_is_gone_and_the_rest_thinned(folder, posterior):
    verdict = posterior.verdict
    first = read_chain(ensemble_path(folder, 0))
    start = -(-verdict.burn_in // 2)
    step = max(1, int(verdict.worst()[0] / 2) // 2)
    np.testing.assert_array_equal(posterior.chain[0], first.chain[start::step])
    everything = load_run(folder, burn_in=0, thin=2)
    np.testing.assert_array_equal(everything.chain[0], first.chain)


def test_rows_belong_together(folder, posterior):
    again = logarithmic().log_prob(posterior.flat)
    np.testing.assert_allclose(posterior.flat_log_prob, again[:, 0])
    np.testing.assert_allclose(posterior.flat_blob("log_prior"), again[:, 1])
    np.testing.assert_allclose(posterior.log_likelihood, again[:, 2:].sum(axis=1))


def test_the_best_is_that_of_all_steps_whatever_the_thinning(folder):
    best = max(read_chain(path).log_prob.max() for path in ensemble_files(folder))
    thin = load_run(folder, thin=300)
    assert thin.flat_log_prob.max() < best
    assert best == logarithmic().log_prob(thin.best())[0, 0]


def test_physical_values(posterior):
    values = posterior.values()
    np.testing.assert_array_equal(values["slope"], posterior.flat[:, 0])
    np.testing.assert_allclose(np.log10(values["size"]), posterior.flat[:, 1])


def test_provenance_comes_along(posterior):
    assert posterior.provenance["seed"] == 7
    assert tomllib.loads(posterior.provenance["config"])["sampling"]["ensembles"] == 2
    assert posterior.provenance["sessions"][0]["versions"]["numpy"] == np.__version__


def test_arviz_reads_the_export(posterior, tmp_path):
    path = posterior.save_netcdf(tmp_path / "posterior.nc")
    tree = xarray.open_datatree(path, engine="h5netcdf")
    assert tree["posterior"]["slope"].dims == ("chain", "draw")
    assert tree["posterior"].sizes["chain"] == 32
    np.testing.assert_array_equal(
        tree["posterior"]["log10_size"].values[17], posterior.chain[1, :, 1, 1]
    )
    np.testing.assert_array_equal(tree["sample_stats"]["lp"].values[3], posterior.log_prob[0, :, 3])
    assert tree["posterior"]["log10_size"].attrs["unit"] == "pc"
    assert tree.attrs["converged"] == 1
    assert json.loads(tree.attrs["provenance"])["seed"] == 7
    assert [p.name for p in tmp_path.iterdir()] == ["posterior.nc"]


def test_summary_agrees_with_the_truth(posterior, tmp_path):
    slope, size, log_prob = summarize(posterior)
    assert slope["name"] == "slope"
    assert slope["mean"] == pytest.approx(1.0, abs=5 * slope["mcse_mean"])
    assert slope["sd"] == pytest.approx(SD[0], abs=5 * slope["mcse_sd"])
    assert slope["hdi_upper"] - slope["hdi_lower"] == pytest.approx(2 * 1.88 * SD[0], rel=0.1)
    assert slope["ess_bulk"] == pytest.approx(
        min(posterior.verdict.ess["slope"], posterior.flat_log_prob.size), rel=0.5
    )
    assert slope["r_hat"] == posterior.verdict.rhat["slope"]
    assert size["median_value"] == pytest.approx(100.0, rel=0.5)
    assert size["unit"] == "pc"
    assert size["value_16"] == pytest.approx(10 ** (2 - SD[1]), rel=0.6)
    assert log_prob["name"] == "log_prob"
    table = format_table([slope, size, log_prob])
    assert "log10_size" in table
    assert len(table.splitlines()) == 4
    path = write_csv([slope, size, log_prob], posterior, tmp_path / "summary.csv")
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["slope", "log10_size", "log_prob"]
    assert {row["verdict"] for row in rows} == {"converged"}
    assert float(rows[0]["mean"]) == pytest.approx(slope["mean"])


@pytest.mark.parametrize("steps", [1, 2, 5, 30])
def test_chains_too_short_for_anything_still_load_and_say_so(tmp_path, steps):
    folder = tmp_path / "run"
    toy_run(folder, logarithmic, min_steps=steps, max_steps=steps).execute(progress=False)
    posterior = load_run(folder)
    assert "NOT CONVERGED" in posterior.verdict.banner()
    rows = summarize(posterior)
    assert "slope" in format_table(rows)
    write_csv(rows, posterior, folder / "summary.csv")
    assert (folder / "summary.csv").read_text().count("NOT CONVERGED") == 3
    posterior.save_netcdf(folder / "posterior.nc")


def test_run_that_has_gone_on_since_its_verdict(tmp_path):
    folder = tmp_path / "run"
    run = toy_run(folder, logarithmic, min_steps=60, max_steps=60)
    run.execute(progress=False)
    assert current_verdict(folder).steps == 60
    for index in range(2):
        EnsembleRun(logarithmic(), folder, index, run.sampling).extend(90)
    assert current_verdict(folder).steps == 90
    assert current_verdict(folder).min_n_tau == 1e9  # the rules of the run, not defaults


@pytest.mark.parametrize("most", [7, 10, 60, 100])
def test_a_thinned_verdict_is_of_the_last_step_too(tmp_path, monkeypatch, most):
    """Whatever the chain's length is a multiple of."""
    run = toy_run(tmp_path, logarithmic)
    for index in range(2):
        EnsembleRun(logarithmic(), tmp_path, index, run.sampling).extend(60)
    seen = []

    def reading(path, start, stop, step):
        part = read_chain(path, start, stop, step)
        seen.append(part.chain[-1])
        return part

    monkeypatch.setattr(judge, "read_chain", reading)
    judge.assess_run(tmp_path, most=most)
    for index in range(2):
        whole = read_chain(ensemble_path(tmp_path, index)).chain
        np.testing.assert_array_equal(seen[index], whole[-1])


def test_ensemble_that_lags_behind_is_left_out_and_said(tmp_path):
    run = toy_run(tmp_path, logarithmic)
    EnsembleRun(logarithmic(), tmp_path, 0, run.sampling).extend(80)
    EnsembleRun(logarithmic(), tmp_path, 1, run.sampling).extend(20)
    posterior = load_run(tmp_path)
    assert len(posterior.chain) == 1
    assert any("ensemble_01.h5 has only 20 of 80" in r for r in posterior.verdict.reasons)


def test_only_one_ensemble_has_begun(tmp_path):
    run = toy_run(tmp_path, logarithmic)
    EnsembleRun(logarithmic(), tmp_path, 0, run.sampling, run.config_text).extend(40)
    assert any("only 1 of 2 ensembles" in r for r in load_run(tmp_path).verdict.reasons)


@pytest.mark.parametrize("wrong", [{"burn_in": -5}, {"burn_in": 40}, {"thin": 0}])
def test_steps_to_discard_that_cannot_be(tmp_path, wrong):
    run = toy_run(tmp_path, logarithmic)
    EnsembleRun(logarithmic(), tmp_path, 0, run.sampling, run.config_text).extend(40)
    (name,) = wrong
    with pytest.raises(CrtuneError, match=f"{name} = {wrong[name]}: should be"):
        load_run(tmp_path, **wrong)


def test_nothing_there(tmp_path):
    with pytest.raises(CrtuneError, match="holds no chains; is it the folder of a run"):
        load_run(tmp_path)
    (tmp_path / "new").mkdir()
    (tmp_path / "new.toml").touch()
    with pytest.raises(CrtuneError, match=r"holds no chains; run scripts/run_mcmc\.py .*new\.toml"):
        load_run(tmp_path / "new")
    run = toy_run(tmp_path, logarithmic)
    EnsembleRun(logarithmic(), tmp_path, 0, run.sampling).extend(40, stop=lambda: True)
    with pytest.raises(CrtuneError, match="the warm-up is not over"):
        load_run(tmp_path)
    EnsembleRun(logarithmic(), tmp_path, 0, run.sampling).extend(0)
    with pytest.raises(CrtuneError, match="not a single checkpoint"):
        load_run(tmp_path)


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CrtuneError, match="cannot be made"):
        make_folder(tmp_path / "file" / "run")
