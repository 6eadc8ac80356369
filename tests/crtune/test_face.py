"""What a notebook gets: the numbers of the scripts, in values with units."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from astropy import units

import crtune
from pipeline.chains.ensembles import ensemble_files
from pipeline.chains.reader import read_chain
from pipeline.from_config import build_problem
from pipeline.posterior.load import load_run as read_run
from tests.cheap_run import ROOT, assert_same_run, environment, script, write_config
from transport.scenario import get_scenario


@pytest.fixture(scope="module")
def posterior(study):
    return crtune.load_run(study / "runs" / "kolmogorov")


def python(code, cwd, **more):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=cwd, capture_output=True, text=True,
        env=environment(PYTHONPATH=str(ROOT), **more), check=False,
    )  # fmt: skip


def test_import_is_quick_and_limits_threads_before_numpy_loads(tmp_path):
    done = python(
        """
        import os, sys
        os.environ.pop("OMP_NUM_THREADS")
        import crtune
        print(*{"numpy", "scipy", "astropy", "matplotlib", "emcee", "numba"} & set(sys.modules))
        print(os.environ["OMP_NUM_THREADS"], "load_run" in dir(crtune))
        import numpy, threadpoolctl
        print({pool["num_threads"] for pool in threadpoolctl.threadpool_info()})
        """,
        tmp_path,
    )
    assert done.stdout.splitlines() == ["", "1 True", "{1}"], done.stderr


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'loadrun'"):
        _ = crtune.loadrun


def test_draws_are_values_in_their_units(posterior):
    coordinates = read_run(posterior.folder)
    column = coordinates.names.index("log10_column")
    draws = posterior.draws
    np.testing.assert_allclose(
        draws["column"].to_value("cm^-2"), 10 ** coordinates.flat[:, column] * 3.0857e18, rtol=1e-4
    )
    assert draws["kappa_0"].to("kpc2/Myr").unit == units.Unit("kpc2/Myr")
    np.testing.assert_array_equal(draws["log_prob"], coordinates.flat_log_prob)
    assert len(draws) == len(posterior)
    assert draws.meta["verdict"] == "NOT CONVERGED"
    assert "NOT CONVERGED" in repr(posterior)
    assert "1e28 cm^2/s" in repr(posterior)


def test_best_is_the_best_of_all_steps(posterior):
    chains = [read_chain(path) for path in ensemble_files(posterior.folder)]
    highest = max(chain.log_prob.max() for chain in chains)
    problem = posterior.problem
    best = posterior.best()
    theta = [
        np.log10(best[p.name].value) if p.scale == "log10" else best[p.name].value
        for p in problem.parameters
    ]
    assert problem.log_prob(np.array(theta))[0, 0] == pytest.approx(highest, abs=1e-6)
    assert [best[p.name].unit for p in problem.parameters] == [
        units.Unit(p.unit) for p in problem.parameters
    ]


def test_fixed_parameters_belong_to_the_best_point(tmp_path):
    (tmp_path / "priors.toml").write_text(
        'extends = "plausible"\n[parameters]\nH = { fixed = 4.5 }\n'
    )
    run = crtune.Run(
        "kolmogorov",
        folder=tmp_path / "fixed",
        priors=str(tmp_path / "priors.toml"),
        sampling={"ensembles": 1, "walkers": 24, "min_steps": 4, "max_steps": 4, "workers": 1},
    )
    posterior = run.sample(progress=False)
    assert "H" not in posterior.draws.colnames
    best = posterior.best()
    assert best["H"] == 4.5 * units.kpc
    assert crtune.predict(run.config, 10.0, **best).values["H"] == 4.5
    assert crtune.predict(run.config, 10.0).values["H"] == 4.5
    assert crtune.predict(run.config, 10.0, H=6.0).values["H"] == 6.0
    assert crtune.predict("kolmogorov", 10.0).values["H"] != 4.5


def test_spectra_are_in_the_unit_of_the_data(posterior):
    likelihood = posterior.problem.likelihood
    tables = posterior.spectra(n_draws=50)
    assert tuple(tables) == likelihood.dataset_names
    proton = tables["voyager1_proton"]  # published per kinetic energy
    assert proton["flux"].unit == units.Unit("1/(GeV m2 s sr)")
    measured = likelihood.datasets["voyager1_proton"]
    np.testing.assert_array_equal(proton["kinetic_energy_low"].value, measured.low)
    np.testing.assert_array_equal(proton["flux"].value, measured.value)
    every = max(1, len(posterior) // 50)
    values = posterior.problem.values(posterior.posterior.flat[::every])
    predicted = np.median(likelihood.predict(values)["voyager1_proton"], axis=0)
    np.testing.assert_allclose(proton["model_median"].value, predicted, rtol=1e-12)
    between = posterior.spectra("ams02_proton_2015", rigidity=[20.0, 1e5] * units.GV, n_draws=50)
    assert between["model_low68"].unit == units.Unit("1/(GV m2 s sr)")
    assert np.all(between["model_low95"] < between["model_high95"])
    with pytest.raises(crtune.CrtuneError, match="did you mean 'voyager1_bc'"):
        posterior.spectra("voyager_bc")
    with pytest.raises(crtune.CrtuneError, match="positive number of GV"):
        posterior.spectra("ams02_proton_2015", rigidity=-1)
    with pytest.raises(crtune.CrtuneError, match="n_draws = 0"):
        posterior.spectra(n_draws=0)


def test_a_run_has_the_chains_of_the_scripts_and_goes_on(tmp_path):
    config = write_config(tmp_path / "script.toml")
    assert script("run_mcmc.py", config, "--quiet").returncode == 3
    short = crtune.Run(config, folder=tmp_path / "notebook", sampling={"max_steps": 40})
    assert short.sample(progress=False).verdict.steps == 40
    longer = crtune.Run(config, folder=tmp_path / "notebook")
    assert longer.sample(progress=False).verdict.steps == 60
    assert longer.steps == 60
    assert crtune.load_config(tmp_path / "notebook.toml").sampling.max_steps == 60
    assert_same_run(tmp_path / "script", tmp_path / "notebook")
    with pytest.raises(crtune.CrtuneError, match="describes another problem"):
        crtune.Run(config, folder=tmp_path / "notebook", priors="wide")


def test_a_config_without_a_file_needs_a_folder():
    content = {"scenario": "kolmogorov", "data": {"ams02_bc_2016": {}}}
    with pytest.raises(crtune.CrtuneError, match="folder="):
        crtune.Run(content)
    with pytest.raises(crtune.CrtuneError, match="unknown scenario"):
        crtune.load_config(content, scenario="kolmogorow")


def test_what_is_no_config_and_no_number_of_workers():
    with pytest.raises(crtune.CrtuneError, match="None is no config"):
        crtune.Run(None)
    run = crtune.Run("kolmogorov")
    for workers in (0, "two"):
        with pytest.raises(crtune.CrtuneError, match="should be a whole number of at least 1"):
            run.sample(workers=workers)


def test_a_bare_name_is_a_config_of_crtune():
    with pytest.raises(crtune.CrtuneError, match="did you mean 'two_phase'"):
        crtune.load_config("two_fase")


def test_changes_are_merged_and_taken_away():
    plain = crtune.load_config("kolmogorov")
    changed = crtune.load_config(
        plain,
        data={"voyager1_proton": None, "ams02_bc_2016": {"rigidity_max": 100.0}},
        discrepancy={"groups": {"proton_interstellar": None}},
    )
    assert set(plain.data) - set(changed.data) == {"voyager1_proton"}
    assert changed.data["ams02_bc_2016"].rigidity_max == 100.0
    assert changed.data["ams02_proton_2015"] == plain.data["ams02_proton_2015"]
    assert crtune.load_config(plain) is plain


def test_workers_do_not_run_the_callers_script_again(tmp_path):
    (tmp_path / "script.py").write_text(
        "import crtune\n"
        "print('once')\n"
        "run = crtune.Run({'scenario': 'kolmogorov', 'data': {'ams02_bc_2016': {}}},\n"
        "    folder='mine', sampling={'ensembles': 2, 'walkers': 24, 'min_steps': 4,\n"
        "    'max_steps': 4, 'workers': 2})\n"
        "print(run.sample(progress=False).verdict.steps, __file__)\n"
    )
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True,
        env=environment(PYTHONPATH=str(ROOT)), timeout=300, check=False,
    )  # fmt: skip
    path = tmp_path / "script.py"
    assert done.stdout.split() == ["once", "4", str(path)], done.stderr


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Mach": 3}, "has no parameter 'Mach'"),
        ({"kappa": 3}, "did you mean 'kappa_0'"),
        ({"kappa_0": -1}, "should be positive"),
        ({"H": float("nan")}, "should be finite"),
        ({"H": "high"}, "H = 'high': should be a number or a quantity in kpc"),
        ({"H": [1, 2]}, "should be one number"),
        ({"H": 4 * units.GV}, "not convertible"),
        ({"phi": "x"}, "phi = 'x': should be a number or a quantity in GV"),
        ({"phix": 0.5}, "has no parameter 'phix'"),
        ({"options": "free"}, "should be a dictionary"),
        ({"transport": 3}, "list of effects"),
    ],
)
def test_bad_values_are_refused(given, message):
    with pytest.raises(crtune.CrtuneError, match=message):
        crtune.predict("kolmogorov", 10, **given)
    with pytest.raises(crtune.CrtuneError, match="positive number of GV"):
        crtune.predict("kolmogorov", [10, -1])
    with pytest.raises(crtune.CrtuneError, match="rigidity = 'ten': should be a number"):
        crtune.predict("kolmogorov", "ten")
    with pytest.raises(crtune.CrtuneError, match="give its name instead, 'kolmogorov'"):
        crtune.predict(get_scenario("kolmogorov"), 10, options={"injection": "free"})


def test_predictions_take_units_configs_and_best_values(posterior):
    plain = crtune.predict("kolmogorov", [10.0, 100.0], H=5.0)
    with_units = crtune.predict("kolmogorov", [0.01, 0.1] * units.TV, H=5000 * units.pc)
    np.testing.assert_allclose(with_units.proton, plain.proton, rtol=1e-12)
    direct = get_scenario("kolmogorov")
    expected = direct.spectra(direct.fiducial(H=5.0), np.array([10.0, 100.0]))
    np.testing.assert_allclose(plain.proton, expected.proton[0], rtol=1e-12)
    config = crtune.load_config("kolmogorov")
    at_best = crtune.predict(config, 30.0, phi=0.5, **posterior.best())
    assert at_best.values["H"] == posterior.best()["H"].value
    damped = crtune.predict(
        "two_phase", 10.0, options={"halo_damping": "nonlinear_and_linear"}, Gamma_1GV=1e-10
    )
    assert "Gamma_1GV" in damped.values


def test_representations_say_what_is_there(posterior):
    assert repr(posterior.posterior).startswith(f"Posterior: {len(posterior)} draws of log10_E_CR")
    text = repr(build_problem(crtune.load_config("two_phase")))
    assert "Problem of two_phase (" in text
    assert "ams02_bc_2016: boron_to_carbon, 67 bins, 1.92 to 2600 GV" in text
    assert "plausible.toml" in text
    assert "beta_warm" in text
    assert repr(crtune.predict("kolmogorov", 10)).startswith("Kolmogorov diffusion\n")


def test_it_is_found_from_a_folder_that_holds_a_clone_of_that_name(tmp_path):
    """Which Python would otherwise take for a package without code."""
    (tmp_path / "crtune").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", "import crtune; print(crtune.scenarios)"],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
