"""Hold-outs scored with the draws of a case's posterior."""

from types import SimpleNamespace

import numpy as np

from pipeline.checks.heldout import check_holdouts
from pipeline.config.load import load_config
from pipeline.tuning.measures.holdouts import holdouts
from pipeline.tuning.measures.measure import measures
from pipeline.tuning.study.cases import Case
from transport.checkout import ROOT

MEASURE = measures()["holdouts"]


def study(range="voyager"):
    case = Case(load_config(ROOT / "runs" / "kolmogorov.toml"), "both", range)
    problem = case.problem()
    draws = problem.sample_prior(60, np.random.default_rng(0))
    return SimpleNamespace(
        case=case, problem=problem, draws=lambda name, n: draws,
        rng=lambda name: np.random.default_rng(1),
    )  # fmt: skip


def test_scores_are_those_of_check_holdouts():
    of = study()
    found = MEASURE.make(of)
    known = check_holdouts(of.case.run, of.problem, of.draws("", 0), np.random.default_rng(1))
    assert found.names == tuple(known)
    assert "dampe_bc_2022" in found.names
    for i, result in enumerate(known.values()):
        assert found.p_value[i] == result.score.log_density_p
    rows = {m.measure: m for m in MEASURE.rows(found, None)}
    assert rows["holdout_dampe_bc_2022_p"].value == known["dampe_bc_2022"].score.log_density_p


def test_a_fit_to_data_at_earth_has_the_same_hold_outs():
    assert MEASURE.make(study("earth")).names == MEASURE.make(study()).names


def test_what_shares_events_is_no_hold_out():
    found = holdouts(study().case.run, study().problem, study().draws("", 0), study().rng(""))
    shared = found.__class__(**{**vars(found), "shares": ("shares events with x",) * 4})
    assert all(m.note.startswith("no hold-out") for m in MEASURE.rows(shared, None))


def test_runs_without_hold_outs_have_none():
    run = SimpleNamespace(holdouts=[])
    assert not MEASURE.applies(SimpleNamespace(case=SimpleNamespace(run=run)))
