"""Which route a posterior is from, and that it is made once."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.config.load import load_config
from pipeline.tuning.estimators.nested import NestedRun
from pipeline.tuning.estimators.weighted import WeightedRun
from pipeline.tuning.study import posterior_runs
from pipeline.tuning.study.cases import Case
from pipeline.tuning.study.posterior_runs import posterior_run, stored_seeds
from tests.cheap_run import write_config

ONE = dict(
    theta=np.zeros((2, 3)), log_likelihood=np.zeros(2), log_volume=np.log([0.5, 0.5]),
    log_weight=np.log([0.5, 0.5]), log_z=-1.0, log_z_error=0.1, n_eff=2.0, calls=10, seed=1,
    converged=True, method="first", names=("a", "b", "c"), labels=("a", "b", "c"),
)  # fmt: skip


@pytest.fixture
def case(tmp_path):
    return Case(load_config(write_config(tmp_path / "mine.toml")), "bc", "earth")


@pytest.mark.parametrize(
    ("first", "second", "method"),
    [(True, True, "first"), (False, True, "second"), (False, False, "first")],
)
def test_the_second_route_is_taken_where_the_first_fails(case, monkeypatch, first, second, method):
    made = []

    def bridged(*_):
        made.append("first")
        return WeightedRun(**ONE | {"converged": first})

    def nested(*_, **__):
        made.append("second")
        return NestedRun(**ONE | {"converged": second, "method": "second", "n_live": 5})

    monkeypatch.setattr(posterior_runs, "run_bridged", bridged)
    monkeypatch.setattr(posterior_runs, "nested_run", nested)
    found = posterior_run(case, 1)
    assert found.method == method
    assert found.converged == (first or second)
    assert made == (["first"] if first else ["first", "second"])
    assert found.calls == (20 if method == "second" else 10)
    # from disk, under the same key
    again = posterior_run(case, 1)
    assert len(made) == (1 if first else 2)
    assert again.method == method
    assert stored_seeds(case) == (1,)
    assert stored_seeds(replace(case, transport="ionisation")) == ()
