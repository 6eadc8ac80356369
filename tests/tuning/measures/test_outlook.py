"""Where theories part, on power laws and Gaussians."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.tuning.measures.measure import measures
from pipeline.tuning.measures.outlook import (
    OBSERVABLES,
    Outlook,
    is_slope,
    outlook,
    predicted,
    separation,
)
from tests.tuning.fake_results import case, results
from tests.tuning.linear_toy import LinearScenario


def values(n=3, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "A": np.exp(rng.normal(0.0, 0.2, n)),
        "B": np.ones(n),
        "idle": np.ones(n),
        "delta": rng.normal(0.4, 0.05, n),
    }


def test_predictions_of_a_power_law():
    drawn = values()
    found = dict(zip(OBSERVABLES, predicted(LinearScenario(), drawn).T, strict=True))
    for name in ("proton_slope_1TV", "proton_slope_10TV"):
        np.testing.assert_allclose(found[name], -drawn["delta"])
    np.testing.assert_allclose(found["boron_slope_1TV"], -2 * drawn["delta"])
    np.testing.assert_allclose(found["bc_3TV"], np.log(drawn["A"]) - drawn["delta"] * np.log(300.0))
    np.testing.assert_allclose(
        found["proton_interstellar_0.3GV"],
        2 * np.log(drawn["A"]) - drawn["delta"] * np.log(0.03),
    )


def gaussians(medians, sds, draws=400):
    """An outlook with these medians and sds."""
    middle, width = np.array(medians), np.array(sds)
    names = ("bc_1TV", "bc_3TV")
    return Outlook(names, np.stack([middle - width, middle, middle + width]), draws)


def test_separation_and_the_precision_that_it_takes():
    one, other = gaussians([0.0, 0.0], [0.03, 0.1]), gaussians([0.3, 0.3], [0.04, 0.1])
    first, second = separation(one, other)
    assert first.name == "bc_1TV"
    assert first.sigma == pytest.approx(0.3 / 0.05)
    # with that error in addition they are 3 sigma apart
    assert 0.3 / np.hypot(0.05, first.precision) == pytest.approx(3.0)
    assert second.sigma == pytest.approx(0.3 / np.hypot(0.1, 0.1))
    assert np.isnan(second.precision)


def test_errors_are_those_of_repeated_draws():
    def drawn(mean, seed):
        sample = np.random.default_rng(seed).normal(mean, 0.1, (200, 1))
        return Outlook(("bc_1TV",), np.quantile(sample, [0.16, 0.5, 0.84], axis=0), 200)

    found = [separation(drawn(0.0, 2 * i), drawn(0.4, 2 * i + 1))[0] for i in range(200)]
    scatter = np.std([s.sigma for s in found], ddof=1)
    assert np.mean([s.sigma_error for s in found]) == pytest.approx(scatter, rel=0.2)


def test_the_nearest_theory_of_the_same_data_is_named():
    made = outlook(LinearScenario(), values(50))
    shifted = Outlook(made.names, made.quantiles + 3.0, made.draws)
    far = Outlook(made.names, made.quantiles + 50.0, made.draws)
    found = [
        results(case("kolmogorov"), outlook=made),
        results(case("two_phase"), outlook=far),
        results(case("weak_shocks"), outlook=shifted),
        results(case("stratified_halo", range="voyager"), outlook=made),
    ]
    measure = measures()["separation"]
    separations = measure.make(found[0], found)
    assert set(separations.of) == {"two_phase", "weak_shocks"}
    rows = {m.measure: m for m in measure.rows(separations, found[0])}
    assert rows["nearest_theory"].note.startswith("weak_shocks")
    assert rows["separation_two_phase"].value > rows["separation_weak_shocks"].value
    assert measure.make(results(case()), found) is None


def test_rows_are_slopes_and_positive_quantities():
    made = outlook(LinearScenario(), values(50))
    rows = {m.measure: m.value for m in measures()["outlook"].rows(made, SimpleNamespace())}
    assert is_slope("boron_slope_1TV")
    assert rows["outlook_proton_slope_1TV_50"] == pytest.approx(-0.4, abs=0.05)
    low, middle, high = (rows[f"outlook_bc_1TV_{q}"] for q in ("16", "50", "84"))
    assert 0 < low < middle < high < 1
