"""The measurement of the kernel's accuracy: its draws, and one small run from end to end."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from transport import plasma

SCRIPT = Path(__file__).parents[2] / "scripts" / "kernel_accuracy.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("kernel_accuracy", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("group", ["warm", "halo", "wide"])
def test_states_fill_their_range_and_keep_beta(script, group):
    states = script.draw_states(group, 4000, np.random.default_rng(3))
    low, high = np.array(script.GROUPS[group]).T * script.UNITS
    assert states.shape == (4000, 5)
    assert np.all((states >= low) & (states <= high))
    outer_scale = np.log(states[:, 4] / low[4]) / np.log(high[4] / low[4])
    assert outer_scale.mean() == pytest.approx(0.5, abs=0.02)  # not touched by beta < 1
    beta = plasma.plasma_beta(*states.T[:3])
    assert (beta < 1).all() == (group in script.BETA_BELOW_ONE)


def test_rigidities_hold_the_lowest_and_the_meeting_of_regimes(script):
    rng = np.random.default_rng(4)
    for state in script.draw_states("warm", 200, rng):
        rigidities = script.draw_rigidities(state, rng)
        assert rigidities[0] == 0.3
        assert np.all(np.diff(rigidities) > 0)
        ratio = plasma.gyroradius(rigidities, state[0]) / plasma.ion_mean_free_path(*state[1:3])
        assert ((ratio > 0.5) & (ratio < 10)).any()


def test_climbing_finds_a_larger_error_inside_the_range(script, monkeypatch):
    """With a kernel whose error grows towards a corner, the climb gets there and not beyond."""
    state = script.draw_states("warm", 1, np.random.default_rng(6))[0]

    def kernel(task):
        states, rigidities = task
        return np.array([1.0 + 1e-3 * (1.0 - states[3]) * np.log10(rigidities[0] + 1.0)])

    monkeypatch.setattr(script, "kernel", kernel)
    monkeypatch.setattr(script, "kappa_with_error", lambda *arguments: (1.0, 0.0))
    before = kernel((state, [10.0]))[0] - 1.0
    error, top, rigidity = script.climb(("warm", state, 10.0, 400))
    assert error > 1.5 * before
    assert error == pytest.approx(kernel((top, [rigidity]))[0] - 1.0)
    assert top[3] == pytest.approx(0.2, abs=0.01)
    assert rigidity == pytest.approx(5000.0, rel=0.05)
    low, high = np.array(script.GROUPS["warm"]).T * script.UNITS
    assert np.all((top >= low * (1 - 1e-12)) & (top <= high * (1 + 1e-12)))


@pytest.mark.slow
def test_a_small_measurement_is_written_and_within_the_limit(tmp_path):
    command = [
        sys.executable,
        SCRIPT,
        "--states",
        "1",
        "--workers",
        "1",
        "--climbs",
        "0",
        "--output",
        tmp_path,
    ]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "| warm | 1 | 4 |" in (tmp_path / "kernel_accuracy.md").read_text()
    assert (tmp_path / "kernel_accuracy.png").stat().st_size > 10_000


def test_an_error_beyond_the_limit_fails(script, tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(5)

    def measured(count, seed, workers, climbs):
        errors = np.full((count, 4), 2e-4)
        states = {group: script.draw_states(group, count, rng) for group in script.GROUPS}
        rigidities = np.geomspace(1, 10, 4 * count).reshape(count, 4)
        drawn = {group: (states[group], rigidities, errors, 0 * errors) for group in states}
        return drawn, {"warm": [(-3e-4, states["warm"][0], 1.5)]}

    monkeypatch.setattr(script, "measure", measured)
    assert script.main(["--output", str(tmp_path), "--states", "3"]) == 0
    assert script.main(["--output", str(tmp_path), "--states", "3", "--limit", "2.5e-4"]) == 1
    assert "exceeded** by warm, sought (3.0e-04)." in capsys.readouterr().out
