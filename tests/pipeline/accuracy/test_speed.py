"""The steps that are timed are those of a log-probability."""

import numpy as np
import pytest

from pipeline.accuracy.kernel.cost import _Steps, least_time
from pipeline.accuracy.speed import log_probability_parts
from pipeline.config.load import load_config
from pipeline.from_config import build_problem
from transport.checkout import ROOT
from transport.constants import LIGHT_SPEED, PC
from transport.fast_modes.kernel import kappa_turb
from transport.kinematics import beta
from transport.plasma import gyroradius

STATE = (6e-6, 0.2, 1e4, 0.6, 50 * PC)


def test_the_steps_of_the_kernel_give_its_coefficient():
    rigidity = np.geomspace(0.3, 3000.0, 20)
    steps = _Steps(np.log(rigidity), *STATE)
    steps.pitch_angles()
    scale = LIGHT_SPEED * beta(rigidity) * np.sqrt(STATE[4] * gyroradius(rigidity, STATE[0]))
    expected = kappa_turb(rigidity, *STATE)[0]
    assert steps.out * scale / (2 * np.sqrt(np.pi) * 0.6**1.5) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("run", "has_kernel"), [("two_phase", True), ("kolmogorov", False)])
def test_parts_are_named(run, has_kernel):
    problem = build_problem(load_config(ROOT / "runs" / f"{run}.toml"))
    parts = log_probability_parts(problem, batch=4, repeat=1)
    assert all(seconds >= 0 for seconds in parts.values())
    assert next(iter(parts)) == "log-probability"
    assert ("kernel: pitch angles" in parts) == has_kernel


def test_the_first_call_is_not_counted():
    calls = []
    assert least_time(lambda: calls.append(1), 3) < 1e-3
    assert len(calls) == 4
