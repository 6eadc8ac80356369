"""Predictions of scripts/predict.py: the fiducials, modulation, and one clear error each."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline import predict as p
from pipeline import predict_input
from transport.errors import CrtuneError
from transport.kinematics import PROTON
from transport.modulation import modulate

ROOT = Path(__file__).resolve().parents[2]


def predict(name, *assignments, rigidity="10,100", phi=0.0, options=(), transport="paper"):
    scenario = predict_input.make_scenario(name, options, transport=transport)
    values = predict_input.parse_values(scenario, assignments)
    return p.predict(scenario, values, predict_input.parse_rigidities(rigidity), phi)


def diagnostics(name, *assignments):
    scenario = predict_input.make_scenario(name)
    return p.diagnostics(scenario, predict_input.parse_values(scenario, assignments))


def test_fiducial_anchors_of_two_phase():
    result = predict("two_phase", rigidity="5,10,20,100,1000")
    np.testing.assert_allclose(result.proton[[1, 3, 4]], [22.16, 0.04511, 1.622e-4], rtol=1e-3)
    np.testing.assert_allclose(
        result.boron_to_carbon[[0, 2, 3, 4]], [0.3166, 0.2063, 0.1108, 0.0795], rtol=1e-3
    )


def test_rigidities_may_come_in_any_order_and_twice():
    shuffled = predict("two_phase", rigidity="100,10,100")
    plain = predict("two_phase")
    np.testing.assert_allclose(shuffled.proton, plain.proton[[1, 0, 1]], rtol=1e-3)
    np.testing.assert_allclose(shuffled.kappa_turb, plain.kappa_turb[[1, 0, 1]], rtol=1e-3)


def test_phi_is_the_force_field():
    at_earth = predict("two_phase", phi=0.6)

    def interstellar(rigidity):
        order = np.argsort(rigidity)
        text = ",".join(repr(float(r)) for r in rigidity[order])
        flux = np.empty(len(rigidity))
        flux[order] = predict("two_phase", rigidity=text).proton
        return flux

    expected = modulate(interstellar, np.array([10.0, 100.0]), 0.6, PROTON)
    np.testing.assert_allclose(at_earth.proton, expected, rtol=1e-6)
    assert at_earth.proton[0] < 0.8 * predict("two_phase").proton[0]


def test_values_change_the_prediction_in_their_own_unit():
    # protons scale with the energy per supernova exactly, B/C does not see it
    two, one = predict("kolmogorov", "E_CR=2"), predict("kolmogorov")
    np.testing.assert_allclose(two.proton, 2 * one.proton, rtol=1e-12)
    np.testing.assert_allclose(two.boron_to_carbon, one.boron_to_carbon, rtol=1e-12)


def test_json_is_what_was_computed():
    result = predict("two_phase", "Ma=0.5", phi=0.4)
    content = json.loads(p.as_json(result))
    assert content["parameters"]["Ma"] == 0.5
    assert content["proton_per_m2_sr_s_GV"] == result.proton.tolist()
    assert content["phi_GV"] == 0.4


def test_table_marks_extensions():
    result = predict("stratified_halo")
    lines = p.as_table(result).splitlines()
    assert lines[0].endswith("*")
    assert any(line.startswith("* ") and "extension" in line for line in lines)


def test_diagnostics_are_those_of_the_scenario():
    scenario = predict_input.make_scenario("two_phase")
    text = p.diagnostics_table(
        scenario, p.diagnostics(scenario, predict_input.parse_values(scenario, []))
    )
    shown = dict(line.split() for line in text.splitlines()[1:])
    found = scenario.diagnostics(scenario.fiducial())
    assert shown.keys() == found.keys()
    assert float(shown["R_warm"]) == pytest.approx(found["R_warm"][0], rel=1e-3)
    with pytest.raises(CrtuneError, match="Ma must lie in"):
        p.diagnostics(scenario, predict_input.parse_values(scenario, ["Ma=9"]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: predict("two_phas"), "did you mean 'two_phase'"),
        (lambda: predict("two_phase", "Maa=1"), "did you mean 'Ma'"),
        (lambda: predict("two_phase", "Ma"), "name=value"),
        (lambda: predict("two_phase", "Ma=x"), "should be a number"),
        (lambda: predict("two_phase", "Ma=nan"), "finite"),
        (lambda: predict("two_phase", "n_hot=-1"), "positive"),
        (lambda: predict("two_phase", "log10_n_hot=-2"), "the value itself"),
        (lambda: predict("two_phase", "Ma=9"), "Ma must lie in"),
        (lambda: predict("two_phase", rigidity="1e9"), "gyroradius"),
        (lambda: predict("two_phase", rigidity="1;2"), "commas"),
        (lambda: predict("two_phase", rigidity="-1"), "positive"),
        (lambda: predict("two_phase", rigidity=","), "positive"),
        (lambda: predict("two_phase", phi=-0.1), "--phi"),
        (lambda: predict("two_phase", phi=float("nan")), "--phi"),
        (lambda: predict("two_phase", "gamma_inj=6"), "no finite, positive prediction"),
        (
            lambda: predict("power_law_diffusion", "delta=500", transport="full"),
            "no finite, positive prediction",  # of the coefficient: losses keep fluxes finite
        ),
        (lambda: predict("kolmogorov", "H=-3"), r"no finite, positive .* column = 250$"),
        (
            lambda: diagnostics("kolmogorov", "H=-3"),
            "kolmogorov has no diagnostics at these values$",
        ),
        (lambda: predict("two_phase", options=["warm_cascad=1"]), "did you mean 'warm_cascade'"),
        (lambda: predict("two_phase", options=["warm_cascade=x"]), "should be one of"),
        (lambda: predict("two_phase", options=["warm_cascade"]), "name=value"),
    ],
)
def test_bad_input_gives_one_clear_error(call, message):
    with pytest.raises(CrtuneError, match=message):
        call()


def run(*arguments):
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "predict.py"), *arguments],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip


def test_script_lists_and_fails_cleanly():
    listed = run("kolmogorov", "--list")
    assert listed.returncode == 0
    assert "kappa_0" in listed.stdout
    assert "1e28 cm^2/s" in listed.stdout
    assert "kolmogorov" in json.loads(run("--list", "--json").stdout)
    described = json.loads(run("kolmogorov", "--list", "--json").stdout)
    assert described["parameters"][-1]["name"] == "column"
    assert described["options"]["low_energy"]["chosen"] == "none"
    assert json.loads(run("two_phase", "--diagnostics", "--json").stdout)["beta_hot"] > 1
    failed = run("kolmogorov")
    assert failed.returncode == 2
    assert failed.stderr.startswith("crtune: error: --rigidity is missing")
    assert "Traceback" not in failed.stderr
