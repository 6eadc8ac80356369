"""The whole ArviZ tree: its groups agree, and what arviz_stats does with them works."""

import arviz_stats
import numpy as np
import pytest
import xarray

from pipeline.config.load import config_from_toml
from pipeline.from_config import build_problem
from pipeline.posterior.arviz_tree import arviz_tree
from tests.pipeline.figures.fake_posterior import fake_posterior

CONFIG = """
scenario = "kolmogorov"
[data.ams02_bc_2016]
[data.voyager1_bc]
rigidity_min = 0.3
"""


@pytest.fixture(scope="module")
def problem():
    return build_problem(config_from_toml(CONFIG))


@pytest.fixture(scope="module")
def posterior(problem):
    posterior = fake_posterior(problem, steps=30)
    flat = posterior.chain.reshape(-1, problem.ndim)
    for name, column in zip(problem.dataset_names, problem.log_likelihood(flat).T, strict=True):
        posterior.blobs[f"log_likelihood_{name}"] = column.reshape(posterior.log_prob.shape)
    return posterior


@pytest.fixture(scope="module")
def tree(posterior, problem):
    return arviz_tree(posterior, problem)


def test_groups_and_shapes(tree, problem):
    assert set(tree.children) == {
        "posterior", "sample_stats", "log_likelihood", "log_prior", "posterior_predictive",
        "observed_data", "constant_data", "prior", "prior_predictive",
    }  # fmt: skip
    for group in ("posterior", "log_likelihood", "log_prior", "posterior_predictive"):
        assert (tree[group].sizes["chain"], tree[group].sizes["draw"]) == (32, 30)
    for name, measurement in problem.likelihood.datasets.items():
        np.testing.assert_array_equal(tree["observed_data"][name], measurement.value)
        for group in ("log_likelihood", "posterior_predictive", "prior_predictive"):
            assert np.isfinite(tree[group][name]).all()
            rigidity = tree[group][name].coords[f"{name}_rigidity"]
            np.testing.assert_array_equal(rigidity, measurement.rigidity_centre)
    assert tree["prior"].sizes["draw"] == tree["prior_predictive"].sizes["draw"]


def test_physical_values_are_beside_coordinates(tree):
    for group in ("posterior", "prior"):
        np.testing.assert_allclose(np.log10(tree[group]["kappa_0"]), tree[group]["log10_kappa_0"])
        assert "H" in tree[group]
    assert tree["posterior"]["kappa_0"].attrs["unit"] == "1e28 cm^2/s"


def test_joint_likelihood_and_prior_are_those_of_the_chain(tree):
    stats = tree["sample_stats"]
    total = stats["log_likelihood_ams02_bc_2016"] + stats["log_likelihood_voyager1_bc"]
    np.testing.assert_allclose(tree["log_likelihood"]["joint"], total)
    prior = sum(tree["log_prior"][name] for name in tree["log_prior"].data_vars)
    np.testing.assert_allclose(prior, stats["log_prior"])


def test_arviz_stats_works_on_it(tree, posterior, problem, tmp_path):
    path = posterior.save_netcdf(tmp_path / "posterior.nc", problem)
    again = xarray.open_datatree(path, engine="h5netcdf")
    for name in problem.dataset_names:
        with np.errstate(all="ignore"):
            found = arviz_stats.loo(again, var_name=name)
        assert found.n_data_points == problem.likelihood.datasets[name].n_bins
        assert np.isfinite(found.elpd)
    table = arviz_stats.psense_summary(
        again, var_names=list(problem.names), likelihood_var_names=["joint"]
    )
    assert set(table.index) == set(problem.names)
    assert set(arviz_stats.summary(again, var_names=["kappa_0"]).index) == {"kappa_0"}


def test_long_chains_are_thinned(posterior, problem, monkeypatch):
    monkeypatch.setattr("pipeline.posterior.arviz_tree.PREDICTED_DRAWS", 200)
    short = arviz_tree(posterior, problem)
    assert short["posterior"].sizes["draw"] == 6
    np.testing.assert_array_equal(
        short["posterior"]["H"][:, 1], arviz_tree(posterior)["posterior"]["H"][:, 5]
    )
