"""What of a run may change, what may not, and where its rounds end."""

from functools import partial

import pytest

from pipeline.sampling.ensemble import EnsembleRun
from pipeline.sampling.rounds import set_aside, steps_done, targets
from tests.pipeline.chain_tables import assert_same_chains
from tests.pipeline.toy_run import toy_run
from tests.toy_problems import BananaProblem, GaussianProblem
from transport.errors import CrtuneError


def test_targets_are_the_same_however_a_run_was_interrupted():
    sampling = toy_run("x", min_steps=1000, max_steps=5000, checkpoint_steps=100).sampling
    whole = list(targets(sampling, 0))
    assert whole == [1000, 1300, 1700, 2200, 2800, 3500, 4400, 5000]
    for done in (1, 999, 1000, 1001, 2200, 4999, 5000):
        rest = list(targets(sampling, done))
        assert rest == [t for t in whole if t >= done]
    assert list(targets(sampling, 9000)) == [9000]


def test_budget_and_blocks_may_change(uninterrupted, tmp_path):
    folder = tmp_path / "run"
    toy_run(folder, max_steps=100).execute(progress=False)
    toy_run(folder, checkpoint_steps=33).execute(progress=False)
    assert_same_chains(folder, uninterrupted, 200)


def test_stopping_rule_may_change(tmp_path):
    build = partial(GaussianProblem, ndim=2, half_width=3.0)  # hardly any burn-in
    run = toy_run(tmp_path / "run", build, max_steps=100)
    assert run.execute(progress=False).exit_code == 3
    run = toy_run(tmp_path / "run", build, min_n_tau=2, max_rhat=1.5)
    outcome = run.execute(progress=False)
    assert outcome.exit_code == 0, outcome.verdict.banner()
    assert steps_done(run.folder, 2, 1) == [100, 100]  # the looser rule is met by those there are


@pytest.mark.parametrize(
    ("build", "changes", "named"),
    [
        (partial(GaussianProblem, ndim=3, rho=0.6), {}, "data: "),
        (partial(GaussianProblem, ndim=3, rho=0.5, half_width=9.0), {}, "priors: "),
        (
            partial(GaussianProblem, ndim=2, rho=0.5),
            {},
            "names: x0, x1, x2 in the file",
        ),
        (partial(BananaProblem, ndim=3, rho=0.5), {}, "scenario: GaussianProblem in the file"),
        (None, {"walkers": 20}, "nwalkers: 16 in the file, 20 now"),
        (None, {"seed": 8}, "seed: 7 in the file, 8 now"),
        (None, {"thin": 2}, "thin: 1 in the file, 2 now"),
    ],
)
def test_changed_problem_is_refused_by_name(uninterrupted, build, changes, named):
    before = [path.read_bytes() for path in sorted(uninterrupted.glob("*.h5"))]
    with pytest.raises(CrtuneError, match="made for another problem") as error:
        toy_run(uninterrupted, build, **changes).execute(progress=False)
    assert named in str(error.value)
    assert [path.read_bytes() for path in sorted(uninterrupted.glob("*.h5"))] == before


class Drifted(GaussianProblem):
    """The same fingerprint, other numbers: code that changed under a run."""

    def log_likelihood(self, theta):
        return super().log_likelihood(theta) * 1.001


def test_changed_model_with_the_same_fingerprint_is_refused(tmp_path):
    problem = GaussianProblem(ndim=3)
    settings = toy_run(tmp_path).sampling
    EnsembleRun(problem, tmp_path, 0, settings).extend(20)
    changed = Drifted(ndim=3)
    changed.fingerprint = problem.fingerprint
    with pytest.raises(CrtuneError, match=r"the model has changed.*walker 0.*--fresh"):
        EnsembleRun(changed, tmp_path, 0, settings).extend(40)


def test_fewer_ensembles_than_files(uninterrupted):
    with pytest.raises(CrtuneError, match=r"ensemble_01.h5.*raise it to at least 2"):
        toy_run(uninterrupted, ensembles=1).execute(progress=False)


def test_fresh_sets_results_aside(tmp_path):
    folder = tmp_path / "run"
    toy_run(folder, max_steps=20, min_steps=20).execute(progress=False)
    aside = set_aside(folder, 2)
    assert sorted(p.name for p in aside.iterdir()) == [
        "convergence.json",
        "ensemble_00.h5",
        "ensemble_01.h5",
    ]
    assert set_aside(folder, 2) is None
